"""The client: one connection pool, one key, and a resource for each area of the API."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from nbnebius.transport import Secret, Transport

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from nbnebius.client.batches import Batches
    from nbnebius.client.chat import Chat
    from nbnebius.client.completions import Completions
    from nbnebius.client.custom_models import CustomModels
    from nbnebius.client.embeddings import EmbeddingsResource
    from nbnebius.client.files import Files
    from nbnebius.client.images import Images
    from nbnebius.client.models import Models
    from nbnebius.client.pages import Pages
    from nbnebius.client.rerank import RerankResource
    from nbnebius.events import Observer, Recorder
    from nbnebius.transport import RateLimits, Timeouts

BASE_URL = "https://api.tokenfactory.nebius.com/v1/"


class AsyncClient:
    """
    Talk to Nebius Token Factory, or to any server with the same API.

    Parameters
    ----------
    api_key
        The key; None for a server that wants none. The environment is not read.
    base_url
        Where the API is; paths hang off it.
    max_retries
        Most repetitions of one request; 0 for none.
    timeouts
        How long to wait.
    recorder
        Writes down every request that has an intent. Without one, nothing is written down.
    observer
        Is told of pauses.
    transport
        One that stands already; it replaces all of the above.

    Examples
    --------
    >>> async def ask(client):
    ...     answer = await client.chat.complete(
    ...         model="meta-llama/Llama-3.3-70B-Instruct",
    ...         messages=[{"role": "user", "content": "Say hello."}],
    ...     )
    ...     return answer.choices[0].message.content
    """

    def __init__(
        self,
        api_key: str | Secret | None = None,
        base_url: str = BASE_URL,
        *,
        max_retries: int = 8,
        timeouts: Timeouts | None = None,
        recorder: Recorder | None = None,
        observer: Observer | None = None,
        transport: Transport | None = None,
    ) -> None:
        secret = Secret(api_key) if isinstance(api_key, str) else api_key
        self.transport = transport or Transport(
            base_url,
            secret,
            timeouts=timeouts,
            max_retries=max_retries,
            recorder=recorder,
            observer=observer,
        )

    @cached_property
    def chat(self) -> Chat:
        """Chat completions."""
        from nbnebius.client.chat import Chat

        return Chat(self.transport)

    @cached_property
    def completions(self) -> Completions:
        """Text completions."""
        from nbnebius.client.completions import Completions

        return Completions(self.transport)

    @cached_property
    def embeddings(self) -> EmbeddingsResource:
        """Embeddings."""
        from nbnebius.client.embeddings import EmbeddingsResource

        return EmbeddingsResource(self.transport)

    @cached_property
    def images(self) -> Images:
        """Pictures."""
        from nbnebius.client.images import Images

        return Images(self.transport)

    @cached_property
    def models(self) -> Models:
        """The models that the service has."""
        from nbnebius.client.models import Models

        return Models(self.transport)

    @cached_property
    def pages(self) -> Pages:
        """Pages elsewhere, which never get the key."""
        from nbnebius.client.pages import Pages

        return Pages(self.transport)

    @cached_property
    def rerank(self) -> RerankResource:
        """Documents in the order in which they fit a query."""
        from nbnebius.client.rerank import RerankResource

        return RerankResource(self.transport)

    @cached_property
    def files(self) -> Files:
        """Files on the service."""
        from nbnebius.client.files import Files

        return Files(self.transport)

    @cached_property
    def batches(self) -> Batches:
        """Batches of requests."""
        from nbnebius.client.batches import Batches

        return Batches(self.transport)

    @cached_property
    def custom_models(self) -> CustomModels:
        """Models of one's own."""
        from nbnebius.client.custom_models import CustomModels

        return CustomModels(self.transport)

    @property
    def base_url(self) -> str:
        """Where the API is, with a slash at its end."""
        return self.transport.address.base

    @property
    def rate_limits(self) -> RateLimits | None:
        """What the last answer with such headers said about limits."""
        return self.transport.rate_limits

    async def close(self) -> None:
        """Close every connection."""
        await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.base_url!r})"
