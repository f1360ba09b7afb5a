"""
From an answer that says no to an error that says what to do.

Every sentence here is ours; a server's words follow in quotes, redacted and cut at 300 characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbnebius import errors
from nbnebius.transport.about import About, request_id
from nbnebius.transport.answers import Said, is_html, read_error
from nbnebius.transport.redact import printable
from nbnebius.transport.retry import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping


_BODY_SHOWN = 2000
_CLASSES: dict[int, type[errors.ApiError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.PaymentRequiredError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    422: errors.UnprocessableEntityError,
    429: errors.RateLimitError,
}
_MOST_TOKENS = [
    re.compile(r"maximum context length (?:is |of |\()?(\d+)"),
    re.compile(r"context (?:window|length|size) (?:is |of |\()+(\d+)"),
    re.compile(r"n_ctx\W+(\d+)"),
    re.compile(r"exceeds? (?:the )?(?:model's )?max\w*[ _](?:model[ _])?len(?:gth)?\D{0,20}(\d+)"),
]  # fmt: skip
_ASKED_TOKENS = [
    re.compile(r"requested (?:about )?(\d+)"),
    re.compile(r"resulted in (\d+)"),
    re.compile(r"resolved to (\d+)"),
    re.compile(r"input token count \(?(\d+)"),
    re.compile(r"contains at least (\d+)"),
    re.compile(r"request(?:ed tokens)? \((\d+)"),
]
_CONTEXT = re.compile(
    r"(?i)context[ _](length|window|size)|input token count|max_model_len|input tokens"
)
_CANNOT = re.compile(
    r"(?i)not support|unsupported|not available|requires? --|not a (?:vision|multimodal)"
)
_TOOLS = re.compile(r"(?i)\btools?\b|tool[ _-]?(?:choice|call)|function[ _-]call")
_SEEING = re.compile(r"(?i)\bimages?\b|image_url|\bvision\b|multi-?modal")
_LOOK = "--dry-run shows the request as it is sent."
# What the server keeps under an id, and what lists it.
_KEPT_THERE = re.compile(r"/*(batches|files)/([^/]+)")
_LISTED = {"batches": ("batch", "%batches"), "files": ("file", "%nebius files")}
_SIGN_IN = "Is this a network's sign-in page? Else look at the address: an API's ends in /v1/."
_MODEL = re.compile(r"(?i)\bmodel\b")
_MISSING = re.compile(r"(?i)not exist|not found|unknown|no such|invalid model|not available")


def api_error(
    status: int, headers: Mapping[str, str], body: bytes, about: About, attempts: int = 1
) -> errors.NebiusError:
    """
    Return the error for an answer that is not 2xx.

    Parameters
    ----------
    status
        The HTTP status.
    headers
        The answer's headers, names in lower case.
    body
        The answer's body, or its beginning.
    about
        What the request was.
    attempts
        How often it was tried.
    """
    if 300 <= status < 400:  # noqa: PLR2004 - a redirect
        return redirected(status, headers.get("location", ""), about)
    what_it_says = read_error(body, headers.get("content-type", ""))
    words = about.clean(what_it_says.message)
    cls, what, hint = _explain(status, what_it_says, about)
    error = cls(
        what,
        why=f"The server says: {words}" if words and not _told(status, what_it_says) else "",
        hint=hint,
        status=status,
        code=about.clean(what_it_says.code or what_it_says.type or "", 100) or None,
        request_id=request_id(headers),
        attempts=attempts,
    )
    if isinstance(error, errors.RateLimitError):
        error.retry_after = retry_after(headers)
        if error.retry_after:
            error.what += f"; the server asks to wait {error.retry_after:,.0f} seconds"
    if isinstance(error, errors.NotFoundError):
        error.model_missing = "no model" in what
    return error


def _told(status: int, it_says: Said) -> bool:
    """Whether the sentence holds the server's words already."""
    return status == 422 and bool(it_says.fields)  # noqa: PLR2004 - its name


def _explain(status: int, it_says: Said, about: About) -> tuple[type[errors.ApiError], str, str]:
    """Choose the class, the sentence and the hint."""
    if status == 402 or it_says.out_of_money:  # noqa: PLR2004 - payment required
        return (
            errors.PaymentRequiredError,
            "the account has no funds left",
            "Add funds at https://tokenfactory.nebius.com, then run this again.",
        )
    cls = _CLASSES.get(status, errors.ServerError if status >= 500 else errors.ApiError)  # noqa: PLR2004
    if status == 401 and not about.secret:  # noqa: PLR2004
        return (
            cls,
            f"{about.address or 'the server'} wants a key, and none was sent",
            "Pass api_key to connect(); a key from the environment goes to Nebius only.",
        )
    if status == 401:  # noqa: PLR2004
        return (
            cls,
            f"{about.address or 'the server'} does not accept the key",
            "Set NEBIUS_API_KEY, or run %nebius login.",
        )
    if status in {400, 404, 422} and _about_model(it_says):
        named = repr(printable(about.model)) if about.model else "of that name"
        return errors.NotFoundError, f"no model {named} here", "%nebius models lists what there is."
    if status in {400, 413, 422} and (too_long := _context(it_says)):
        return cls, too_long, "Shorten the prompt, lower max_tokens, or choose a larger model."
    if status in {400, 404, 422} and (lacking := _lacks(it_says.message)):
        return cls, *lacking
    if status == 422:  # noqa: PLR2004
        names = "; ".join(about.clean(one, 120) for one in it_says.fields[:5])
        return cls, "the server refuses the request" + (f": {names}" if names else ""), _LOOK
    return cls, *_plain(status, it_says, about)


def _plain(status: int, it_says: Said, about: About) -> tuple[str, str]:
    if status == 413:  # noqa: PLR2004 - content too large
        return (
            "the request is too large for the server",
            "Send a shorter text, or fewer or smaller pictures.",
        )
    if it_says.html and status >= 500:  # noqa: PLR2004 - a gateway's page
        return (
            f"{about.address or 'the server'} answered {status} with a web page",
            "A gateway stands before it, and has no answer from it. Try again in a while.",
        )
    if it_says.html:
        return f"{about.address or 'the server'} answered {status} with a web page", _SIGN_IN
    sentences = {
        400: ("the server cannot work with this request", _LOOK),
        403: ("this key may not do that", "Ask the owner of the key's project."),
        404: _not_there(about),
        429: (
            "too many requests",
            "Wait, then run it again, or ask for a higher limit; %models shows the limits.",
        ),
    }
    if status in sentences:
        return sentences[status]
    if status >= 500:  # noqa: PLR2004
        return f"the server failed with status {status}", "Try again in a while."
    return f"the server refused with status {status}", _LOOK


def _not_there(about: About) -> tuple[str, str]:
    """Part an id that is not known from an address that is none."""
    if kept := _KEPT_THERE.match(about.path):
        kind, lists = _LISTED[kept[1]]
        return f"there is no {kind} {printable(kept[2])!r} here", f"{lists} lists what there is."
    what = f"{about.address or 'the server'} has no {about.path or 'such path'}"
    return what, "Is this the right address? An API's address ends in /v1/."


def _lacks(message: str) -> tuple[str, str] | None:
    """Say what a model cannot do, where that is why a request was refused."""
    if not _CANNOT.search(message):
        return None
    if _TOOLS.search(message):
        return (
            "this model is not served with tools",
            "Ask another model, or ask without --tools; %models has a column of features.",
        )
    if _SEEING.search(message):
        return "this model reads no pictures", "%models --type vision lists those that do."
    return None


def _about_model(it_says: Said) -> bool:
    if (it_says.code or it_says.type or "").lower() in {"model_not_found", "invalid_model"}:
        return True
    if it_says.fields:
        return False
    return bool(_MODEL.search(it_says.message) and _MISSING.search(it_says.message))


def _context(it_says: Said) -> str:
    """Say by how many tokens a request is too long; "" where that is not the matter."""
    text = it_says.message
    if it_says.code != "context_length_exceeded" and not _CONTEXT.search(text):
        return ""
    most, asked = _number(_MOST_TOKENS, text), _number(_ASKED_TOKENS, text)
    if most and asked and asked > most:
        more = asked - most
        return f"the request is {more:,} token{'s' * (more > 1)} too long: {asked:,} of {most:,}"
    if most:
        return f"the request is longer than the model's {most:,} tokens"
    return "the request is longer than the model's context"


def _number(patterns: list[re.Pattern[str]], text: str) -> int | None:
    for pattern in patterns:
        if found := pattern.search(text):
            return int(found[1][:12])
    return None


def redirected(status: int, location: str, about: About) -> errors.ApiError:
    """Return the error for a redirect: it names the target's host, and nothing was sent there."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(location)
        host = printable(parts.hostname or "") + (f":{parts.port}" if parts.port else "")
        scheme = parts.scheme or "same scheme"
    except ValueError:
        host = scheme = ""
    target = about.clean(f"{scheme}://{host}" if host else "another path of this host", 200)
    return errors.ApiError(
        f"{about.address or 'the server'} redirects to {target} ({status}); it was not followed",
        why="A redirect would carry the prompt to an address nobody chose.",
        hint="If that is where the API lives now, set NEBIUS_BASE_URL to it.",
        status=status,
    )


def unreadable(
    what: str, body: bytes, content_type: str, about: About, hint: str = ""
) -> errors.ResponseError:
    """Return the error for a 200 that is no answer."""
    it_says = read_error(body, content_type)
    if is_html(body, content_type):
        what = f"{about.address or 'the server'} answered with a web page"
        hint = _SIGN_IN
    words = about.clean(it_says.message) if body[:1] in {b"{", b"["} else ""
    return errors.ResponseError(
        what,
        why=f"The server says: {words}" if words else "",
        hint=hint or "Try again; error.body holds how the answer begins.",
        body=about.clean(body[: _BODY_SHOWN * 4].decode("utf-8", "replace"), _BODY_SHOWN),
    )
