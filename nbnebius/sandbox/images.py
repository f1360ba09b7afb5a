"""``POST /v1/images/generations``, and the pictures behind the signed addresses."""

import base64
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.engines.painting import Order, paint
from nbnebius.sandbox.gate.signing import IMAGES
from nbnebius.sandbox.state import Sandbox, sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.failures import Problem, invalid, refused
from nbnebius.sandbox.wire.fields import Field, check_fields, check_value

_FIELDS = {
    "model": Field("string", required=True),
    "prompt": Field("string", required=True, shortest=1, longest=2000),
    "width": Field("integer", ge=64, le=2048),
    "height": Field("integer", ge=64, le=2048),
    "num_inference_steps": Field("integer", ge=1, le=80),
    "seed": Field("integer", ge=-1),
    "guidance_scale": Field("number", ge=0, le=100),
    "negative_prompt": Field("string", longest=2000),
    "loras": Field("array", shortest=1, longest=10),
    "response_extension": Field("string", choices=("webp", "jpg", "png")),
    "response_format": Field("string", choices=("url", "b64_json")),
}
_LORA = {"url": Field("string", required=True), "scale": Field("number", required=True)}
_LORA_HOSTS = frozenset({"civitai.com", "civitai.green", "www.civitai.com", "www.civitai.green"})
_SIDE = 512
_SECONDS = 3600
_MEDIA_TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """An image request whose every field is known to be good."""

    model: str
    order: Order
    extension: str
    as_url: bool


async def generate(request: Request) -> Response:
    """Draw a picture and give its bytes, or an address to fetch it from."""
    sandbox = sandbox_of(request)
    wanted = read_image(await read_object(request))
    model = sandbox.model(request, wanted.model, "images")
    headers = sandbox.admit(model, 0) | {"x-inference-id": uuid.uuid4().hex}
    content = await run_in_threadpool(paint, wanted.order, wanted.extension)
    identity = f"text2img-{uuid.uuid4()}"
    if wanted.as_url:
        host = request.headers["host"]
        address = _keep(sandbox, f"{identity}.{wanted.extension}", content)
        result = {"url": f"http://{host}{address}"}
    else:
        result = {"b64_json": base64.b64encode(content).decode("ascii")}
    return json_answer({"data": [result], "id": identity}, headers=headers)


def _keep(sandbox: Sandbox, name: str, content: bytes) -> str:
    now = int(time.time())
    media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
    sandbox.store.execute("DELETE FROM images WHERE expires_at < ?", (now,))
    sandbox.store.execute(
        "INSERT INTO images VALUES (?, ?, ?, ?)", (name, media_type, content, now + _SECONDS)
    )
    return sandbox.signer.sign(f"{IMAGES}{name}", _SECONDS)


async def read(request: Request) -> Response:
    """Give a picture that was drawn before; the guard has checked the address."""
    rows = sandbox_of(request).store.query(
        "SELECT media_type, content FROM images WHERE name = ?", (request.path_params["name"],)
    )
    if not rows:
        raise refused(404, "Not Found")
    media_type, content = rows[0]
    headers = {"x-content-type-options": "nosniff", "cache-control": "private, max-age=3600"}
    return Response(content, media_type=media_type, headers=headers)


def read_image(body: Mapping[str, object]) -> ImageRequest:
    """
    Check an image request.

    Raises
    ------
    ApiError
        422 with everything that is wrong in the body, 400 for a LoRA from elsewhere.
    """
    clean, problems = check_fields(body, _FIELDS)
    problems.extend(_lora_problems(clean.get("loras")))
    if problems:
        raise invalid(problems)
    seed = clean.get("seed")
    guidance = clean.get("guidance_scale")
    order = Order(
        prompt=str(clean["prompt"]),
        width=_whole(clean.get("width"), _SIDE),
        height=_whole(clean.get("height"), _SIDE),
        seed=_whole(seed, -1),
        negative=str(clean.get("negative_prompt") or ""),
        guidance=guidance if isinstance(guidance, float) else None,
        steps=_whole(clean.get("num_inference_steps"), 0),
        loras=tuple((str(lora["url"]), float(lora["scale"])) for lora in _list(clean.get("loras"))),
    )
    return ImageRequest(
        model=str(clean["model"]),
        order=order,
        extension=str(clean.get("response_extension") or "webp"),
        as_url=clean.get("response_format") != "b64_json",
    )


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) else default


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _lora_problems(loras: object) -> list[Problem]:
    problems: list[Problem] = []
    for index, lora in enumerate(loras if isinstance(loras, list) else []):
        loc = ("body", "loras", index)
        _, found = check_value(lora, Field("object"), loc)
        if not found and isinstance(lora, dict):
            _, found = check_fields(lora, _LORA, loc)
        problems.extend(found)
        if not found and urlsplit(str(lora["url"])).hostname not in _LORA_HOSTS:
            raise refused(400, "LoRA validation error (URL): only civitai.com is allowed")
    return problems
