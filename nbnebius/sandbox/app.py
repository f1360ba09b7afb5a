"""The application: its routes, and the guard around all of them."""

from collections.abc import Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nbnebius.sandbox import completions, embeddings, images, models, requests, rerank
from nbnebius.sandbox.batches import route as batches
from nbnebius.sandbox.batches.runner import Runner
from nbnebius.sandbox.chat import route as chat
from nbnebius.sandbox.custom import route as custom
from nbnebius.sandbox.faults.faulty import Faulty
from nbnebius.sandbox.faults.spec import read_faults
from nbnebius.sandbox.files import route as files
from nbnebius.sandbox.files import upload
from nbnebius.sandbox.gate.guard import Guard
from nbnebius.sandbox.gate.signing import IMAGES
from nbnebius.sandbox.neighbours import nebula_block, open_webui
from nbnebius.sandbox.state import Sandbox
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROUTES = (
    Route("/v1/chat/completions", chat.create, methods=["POST"]),
    Route("/v1/completions", completions.create, methods=["POST"]),
    Route("/v1/embeddings", embeddings.create, methods=["POST"]),
    Route("/v1/rerank", rerank.create, methods=["POST"]),
    Route("/v1/images/generations", images.generate, methods=["POST"]),
    Route(IMAGES + "{name}", images.read, methods=["GET"]),
    Route("/v1/files", upload.create, methods=["POST"]),
    Route("/v1/files", files.listing, methods=["GET"]),
    Route("/v1/files/{id}", files.read, methods=["GET"]),
    Route("/v1/files/{id}", files.delete, methods=["DELETE"]),
    Route("/v1/files/{id}/content", files.content, methods=["GET"]),
    Route("/v1/batches", batches.create, methods=["POST"]),
    Route("/v1/batches", batches.listing, methods=["GET"]),
    Route("/v1/batches/{id}", batches.read, methods=["GET"]),
    Route("/v1/batches/{id}/cancel", batches.cancel, methods=["POST"]),
    Route("/v0/models", custom.listing, methods=["GET"]),
    Route("/v0/models", custom.create, methods=["POST"]),
    Route("/v0/models/{name}", custom.read, methods=["GET"]),
    Route("/v0/models/{name}", custom.delete, methods=["DELETE"]),
    Route("/v0/models/{vendor}/{name}", custom.read, methods=["GET"]),
    Route("/v0/models/{vendor}/{name}", custom.delete, methods=["DELETE"]),
    Route("/v1/models", models.listing, methods=["GET"]),
    Route("/api/v1/models/list", open_webui.listing, methods=["GET"]),
    Route("/api/v1/models", open_webui.everything, methods=["GET"]),
    Route("/api/models", open_webui.everything, methods=["GET"]),
    Route("/api/v1/serverless/models", nebula_block.listing, methods=["GET"]),
    Route("/api/{path:path}", open_webui.page, methods=["GET"]),
    Route("/sandbox/requests", requests.listing, methods=["GET"]),
)


def make_app(sandbox: Sandbox, hosts: Iterable[str]) -> Guard:
    """
    Build the application of a sandbox.

    Parameters
    ----------
    sandbox
        What the routes share.
    hosts
        The values of ``Host`` that are let in.
    """
    runner = Runner(sandbox)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> "AsyncIterator[None]":
        runner.resume()
        yield
        await runner.stop()
        if sandbox.upstream is not None:
            await sandbox.upstream.close()
        sandbox.store.close()

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        exception_handlers={ApiError: _refuse, HTTPException: _refuse_path},
    )
    # A redirect would tell a client of a path that the real service does not have.
    app.router.redirect_slashes = False
    app.state.sandbox = sandbox
    app.state.runner = runner
    faults, seed = read_faults(sandbox.settings.fault)
    return Guard(
        Faulty(app, faults, seed) if faults else app,
        sandbox.settings,
        hosts,
        sandbox.store.sandbox_id,
        sandbox.ledger,
        sandbox.signer.opens,
    )


def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return json_answer(error.body, error.status, error.headers)


def _refuse_path(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return json_answer({"detail": error.detail}, error.status_code, error.headers)
