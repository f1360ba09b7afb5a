"""The routes of ``v0/models``."""

import re
import secrets
import string
import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.catalog import BY_ID
from nbnebius.sandbox.custom.shapes import created, listed
from nbnebius.sandbox.custom.source import read_source
from nbnebius.sandbox.keeping.customs import Custom
from nbnebius.sandbox.state import Sandbox, sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.failures import invalid, refused, unknown_model, unserved
from nbnebius.sandbox.wire.fields import Field, check_fields, problem

_FIELDS = {
    "name": Field("string", required=True),
    "base_model": Field("string", required=True),
    "source": Field("string", required=True),
    "description": Field("string"),
}
_NAME = re.compile(r"[\w.-]{1,64}")
_PROJECT = "ai_project_id"
_LETTERS = string.ascii_letters + string.digits
_ENDING = 4
_VARIANTS = ("", "-fast", "-cheap", "-LoRa")


async def listing(request: Request) -> Response:
    """List the custom models of a project, or all of them, as a bare array."""
    project, now = request.query_params.get(_PROJECT), time.time()
    customs = sandbox_of(request).customs.listing()
    rows = [
        listed(custom, custom.status(now))
        for custom in customs
        if project is None or custom.project == project
    ]
    return json_answer(rows)


async def create(request: Request) -> Response:
    """Make a custom model; it can be used when it has become active."""
    sandbox = sandbox_of(request)
    project = request.query_params.get(_PROJECT)
    custom = read_custom(await read_object(request), sandbox, project)
    sandbox.customs.add(custom)
    return json_answer(created(custom, "validating"))


async def read(request: Request) -> Response:
    """Tell about a custom model, by its short or its full name."""
    custom = _custom_of(request)
    return json_answer(listed(custom, custom.status(time.time())))


async def delete(request: Request) -> Response:
    """Delete a custom model."""
    custom = _custom_of(request)
    sandbox_of(request).customs.remove(custom)
    return json_answer(listed(custom, "deleted"))


def read_custom(body: Mapping[str, object], sandbox: Sandbox, project: str | None) -> Custom:
    """
    Check what is asked for.

    Raises
    ------
    ApiError
        422 with everything that is wrong in the body, 404 or 400 for a base model that is not
        there or does not talk.
    """
    clean, problems = check_fields(body, _FIELDS)
    name = clean.get("name")
    if isinstance(name, str) and not _NAME.fullmatch(name):
        msg = f"String should match pattern '{_NAME.pattern}'"
        problems.append(problem("string_pattern_mismatch", ("body", "name"), msg, name))
    if problems:
        raise invalid(problems)
    base_model, source = str(clean["base_model"]), str(clean["source"])
    base = _base(base_model)
    if base is None and sandbox.settings.upstream is None:
        raise unknown_model(base_model)
    if base is not None and not BY_ID[base].talks:
        raise unserved("The model does not support LoRA adapters", "base_model")
    ending = "".join(secrets.choice(_LETTERS) for _ in range(_ENDING))
    short = f"{name}-{ending}"
    description = clean.get("description")
    return Custom(
        name=f"{base or base_model}-LoRa:{short}",
        short=short,
        base_model=base_model,
        base=base or base_model,
        source=source,
        description=description if isinstance(description, str) else None,
        project=project,
        flaw=_flaw(source, sandbox),
        ready_at=time.time() + sandbox.settings.validation_seconds,
    )


def _base(model: str) -> str | None:
    """Give the catalog's id of a base model, which the documentation names with a variant."""
    ids = (model.removesuffix(variant) for variant in _VARIANTS)
    return next((id_ for id_ in ids if id_ in BY_ID), None)


def _flaw(source: str, sandbox: Sandbox) -> str | None:
    """Tell why a source cannot be used; checkpoints and repositories are taken on trust."""
    kind = read_source(source).kind
    if kind == "unknown":
        return "The source is no checkpoint, no file and no Hugging Face repository."
    if kind == "file" and sandbox.shelf.find(source) is None:
        return f"The file `{source}` does not exist."
    return None


def _custom_of(request: Request) -> Custom:
    name = "/".join(request.path_params.values())
    project = request.query_params.get(_PROJECT)
    custom = sandbox_of(request).customs.find(name)
    if custom is None or project not in {None, custom.project}:
        raise refused(404, f"The model `{name}` does not exist.")
    return custom
