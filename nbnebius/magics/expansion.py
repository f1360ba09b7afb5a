"""
``{{name}}`` in a prompt: expanded once, from the user's namespace, never from text.

Names, dotted attributes, constant indexes, lists of them and slices, and a format after ``:`` are
allowed; calls are not. Text that comes from a value is never looked at again. Single braces are
plain text.
"""

from __future__ import annotations

import ast
import json
import os
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nbnebius.describe.forms import describe_as, takes_form
from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = re.compile(r"\\?\{\{([^{}]+)\}\}")
NAME = re.compile(r"\s*[^\W\d]\w*")
RAW_HINT = "define it first, or pass --raw to send the braces as they stand"
# What IPython puts into every notebook is never what a user misspelled.
IPYTHONS_OWN = frozenset({"In", "Out", "exit", "quit", "open", "get_ipython"})
WIDE = re.compile(r"\d{5,}")  # a width or a precision that would fill the memory
LONGEST = 1_000_000  # characters of one value


@dataclass(slots=True)
class Expanded:
    """
    A text with its places filled, the pictures that stood in some, and what was put in.

    `pieces` are the same text in order, each with whether it came from a value.
    """

    text: str
    pieces: list[tuple[str, bool]] = field(default_factory=list)
    pictures: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    as_json: bool = False


def expand(text: str, namespace: Mapping[str, Any], *, as_json: bool = False) -> Expanded:
    r"""
    Fill the ``{{…}}`` places of a text.

    Parameters
    ----------
    text
        A prompt, or an option's value. ``\\{{`` stands for two braces.
    namespace
        Where names are looked up.
    as_json
        Write what JSON can say as JSON: for values that are read as such.

    Raises
    ------
    OptionError
        An unknown name (the nearest is named), a call, or an attribute or index that is not there.
    """
    result = Expanded("", as_json=as_json)
    end = 0
    for place in PLACE.finditer(text):
        result.pieces.append((text[end : place.start()], False))
        end = place.end()
        if place[0].startswith("\\"):
            result.pieces.append((place[0][1:], False))
        elif not NAME.match(place[1]):
            result.pieces.append((place[0], False))  # {{"a": 1}} and the like is text
        else:
            result.pieces.append((_fill(place[1].strip(), place[0], namespace, result), True))
    result.pieces.append((text[end:], False))
    result.text = "".join(piece for piece, _ in result.pieces)
    return result


def lookup(expression: str, namespace: Mapping[str, Any], *, hint: str) -> Any:
    """
    Give the value that a name, with attributes and constant indexes, stands for.

    Raises
    ------
    OptionError
        It is more than a name, or there is no such variable.
    """
    tree = _parse(expression)
    if tree is None:
        raise OptionError(f"{expression[:60]!r} is no variable", hint=hint)
    return _value(tree, expression, namespace, hint)


def _fill(inside: str, whole: str, namespace: Mapping[str, Any], result: Expanded) -> str:
    expression, spec = _split(inside)
    tree = _parse(expression)
    if tree is None:
        return whole
    value = _value(tree, expression, namespace)
    if isinstance(value, type(os.environ)):
        raise OptionError(
            f"{{{{{expression}}}}} is the whole environment",
            why="keys and passwords stand in it",
            hint="put the one value that is meant into a variable",
        )
    if spec and takes_form(value):
        return _noted(describe_as(value, spec, expression), value, expression, result)
    if spec:
        if WIDE.search(spec):
            raise OptionError(f"{{{{{inside}}}}} would be wider than any text")
        try:
            return _short_enough(format(value, spec), expression)
        except (ValueError, TypeError) as error:
            raise OptionError(
                f"{{{{{inside}}}}} cannot be formatted", why=str(error)[:120]
            ) from None
    if isinstance(value, str):
        return _short_enough(value, expression)
    if result.as_json:
        try:
            return json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            pass
    return _described(value, expression, result)


def _split(inside: str) -> tuple[str, str]:
    """Part an expression from its format, at the first colon outside of brackets."""
    depth = 0
    for index, character in enumerate(inside):
        depth += (character in "[(") - (character in ")]")
        if character == ":" and depth == 0:
            return inside[:index].strip(), inside[index + 1 :].strip()
    return inside, ""


def _parse(expression: str) -> ast.expr | None:
    """Read an expression of the allowed kind; None for what is no Python at all."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None
    node: ast.AST = tree
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            if node.attr.startswith("_"):
                raise OptionError(
                    f"{{{{{expression}}}}} reaches for a private attribute",
                    hint="put the value into a variable first",
                )
            node = node.value
        elif isinstance(node, ast.Subscript) and _is_constant(node.slice):
            node = node.value
        else:
            raise OptionError(
                f"{{{{{expression}}}}} is more than a name",
                why="names, attributes and constant indexes are allowed, calls and sums are not",
                hint="compute it in a cell first, or pass --raw to send braces as they stand",
            )
    if node.id.startswith("__"):
        raise OptionError(f"{{{{{expression}}}}} reaches for a private name")
    return tree


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Slice):
        return all(
            part is None or _is_constant(part) for part in (node.lower, node.upper, node.step)
        )
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Tuple | ast.List):
        return all(_is_constant(part) for part in node.elts)
    return isinstance(node, ast.Constant)


def _value(
    node: ast.expr, expression: str, namespace: Mapping[str, Any], hint: str = RAW_HINT
) -> Any:
    if isinstance(node, ast.Name):
        if node.id not in namespace:
            names = [n for n in namespace if not n.startswith("_") and n not in IPYTHONS_OWN]
            near = get_close_matches(node.id, names, n=1)
            raise OptionError(
                f"There is no variable {node.id!r}",
                why=f"did you mean {near[0]}?" if near else "",
                hint=hint,
            )
        return namespace[node.id]
    try:
        if isinstance(node, ast.Attribute):
            return getattr(_value(node.value, expression, namespace, hint), node.attr)
        assert isinstance(node, ast.Subscript)
        return _value(node.value, expression, namespace, hint)[_constant(node.slice)]
    except OptionError:
        raise
    except Exception as error:  # noqa: BLE001 - a user's object may raise anything
        raise _not_there(node, expression, namespace, error) from None


def _not_there(
    node: ast.expr, expression: str, namespace: Mapping[str, Any], error: Exception
) -> OptionError:
    """Say which attribute or index lacks, and the nearest of a frame's columns or a dict's keys."""
    # A KeyError's text is the repr of what it tells.
    told = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    near = _nearest_inside(node, expression, namespace)
    return OptionError(
        f"{{{{{expression}}}}} is not there",
        why=f"{type(error).__name__}: {told[:120]}",
        hint=f"did you mean {near}?" if near else "",
    )


def _nearest_inside(node: ast.expr, expression: str, namespace: Mapping[str, Any]) -> str | None:
    if isinstance(node, ast.Attribute):
        wanted: Any = node.attr
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        wanted = node.slice.value
    else:
        return None
    try:
        owner = _value(node.value, expression, namespace)
        inside = owner if isinstance(owner, dict) else getattr(owner, "columns", ())
        names = [name for name in inside if isinstance(name, str)]
    except Exception:  # noqa: BLE001 - a user's object may raise anything
        return None
    return next(iter(get_close_matches(str(wanted), names, n=1)), None)


def _constant(node: ast.expr) -> Any:
    if isinstance(node, ast.Slice):
        parts = (node.lower, node.upper, node.step)
        return slice(*(None if part is None else _constant(part) for part in parts))
    return ast.literal_eval(node)


def _short_enough(text: str, expression: str) -> str:
    if len(text) > LONGEST:
        raise OptionError(
            f"{{{{{expression}}}}} has {len(text):,} characters",
            hint=f"send a part, as {{{{{expression}[:10000]}}}}",
        )
    return text


def _described(value: Any, expression: str, result: Expanded) -> str:
    from nbnebius.describe import describe, is_picture

    if is_picture(value):
        result.pictures.append(value)
        return f"[picture {len(result.pictures)}]"
    return _noted(describe(value), value, expression, result)


def _noted(text: str, value: Any, expression: str, result: Expanded) -> str:
    """Note how large what was put in is, where it is not a plain number."""
    from nbnebius.work.estimate import estimate_tokens

    if not isinstance(value, int | float | bool | None):
        result.notes.append(
            f"{expression}: {type(value).__name__} sent as about {estimate_tokens(text):,} tokens"
        )
    return text
