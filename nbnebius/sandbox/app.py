"""The application: its routes, and the guard around all of them."""

from collections.abc import Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nbnebius.sandbox import completions, embeddings, images, models, requests
from nbnebius.sandbox.chat import route as chat
from nbnebius.sandbox.gate.guard import Guard
from nbnebius.sandbox.gate.signing import IMAGES
from nbnebius.sandbox.state import Sandbox
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROUTES = (
    Route("/v1/chat/completions", chat.create, methods=["POST"]),
    Route("/v1/completions", completions.create, methods=["POST"]),
    Route("/v1/embeddings", embeddings.create, methods=["POST"]),
    Route("/v1/images/generations", images.generate, methods=["POST"]),
    Route(IMAGES + "{name}", images.read, methods=["GET"]),
    Route("/v1/models", models.listing, methods=["GET"]),
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

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> "AsyncIterator[None]":
        yield
        sandbox.store.close()

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        exception_handlers={ApiError: _refuse, HTTPException: _refuse_path},
    )
    # A redirect would tell a client of a path that the real service does not have.
    app.router.redirect_slashes = False
    app.state.sandbox = sandbox
    return Guard(
        app,
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
