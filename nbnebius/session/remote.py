"""What a session keeps at the server: files, batches, custom models; and ranking."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError, ReplayError
from nbnebius.session import prepare
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.core import Core
from nbnebius.work.price import BATCH_RATE, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from nbnebius.results.batch_job import BatchJob
    from nbnebius.session.service import Service
    from nbnebius.types.batches import Batch
    from nbnebius.types.custom_models import CustomModel
    from nbnebius.types.files import File

ENDPOINTS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings")


class Remote(Core):
    """The part of a session that looks after what lies at the server."""

    def files(self, purpose: str | None = None, *, caller: Caller = FUNCTION) -> list[File]:
        """List files."""
        project = self.project
        return self.run(
            lambda s: s.client.files.list(purpose=purpose, ai_project_id=project), caller
        )

    def upload(self, content: Any, purpose: str = "batch", *, caller: Caller = FUNCTION) -> File:
        """Upload a path, bytes, or a frame of requests; see `nbnebius.upload`."""
        from nbnebius.types.batch_input import write_lines

        if hasattr(content, "columns"):
            content = write_lines(_requests(content))
        elif isinstance(content, str | Path):
            content = Path(content).expanduser()
            if not content.is_file():
                raise OptionError(f"There is no file {content.name}")
        project = self.project
        return self.run(
            lambda s: s.client.files.upload(content, purpose, ai_project_id=project), caller
        )

    def download(self, file_id: str, path: str | Path, *, caller: Caller = FUNCTION) -> Path:
        """Download a file in flat memory."""
        target, project = Path(path).expanduser(), self.project
        return self.run(
            lambda s: s.client.files.save(file_id, target, ai_project_id=project), caller
        )

    def delete_file(self, file_id: str, *, caller: Caller = FUNCTION) -> None:
        """Delete a file."""
        self.run(lambda s: s.client.files.delete(file_id, ai_project_id=self.project), caller)

    def batches(self, limit: int | None = None, *, caller: Caller = FUNCTION) -> list[Batch]:
        """List batches, the newest first."""
        project = self.project
        return self.run(lambda s: s.client.batches.list(limit=limit, ai_project_id=project), caller)

    def create_batch(
        self, input_file_id: str, endpoint: str, metadata: dict[str, Any] | None
    ) -> BatchJob:
        """Create a batch, or give the one of the same file and metadata that is there already."""
        if endpoint not in ENDPOINTS:
            raise OptionError(
                f"A batch cannot ask {endpoint}", why="it takes " + ", ".join(ENDPOINTS)
            )
        body = {
            "input_file_id": input_file_id,
            "endpoint": endpoint,
            "completion_window": "24h",
            "metadata": metadata,
        }
        project = self.project
        return self._job(
            self.run(
                lambda s: s.client.batches.create(body, look_first=True, ai_project_id=project)
            )
        )

    def get_batch(self, batch_id: str, *, caller: Caller = FUNCTION) -> BatchJob:
        """Find a batch; `caller` is who waits for it, and for all that is asked of it later."""
        return self._job(self._look(batch_id, caller), caller)

    def cancel_batch(self, batch_id: str, *, caller: Caller = FUNCTION) -> BatchJob:
        """Cancel a batch."""
        return self._job(self._cancel(batch_id, caller), caller)

    def custom_models(self) -> list[CustomModel]:
        """List one's own models."""
        return self.run(lambda s: s.client.custom_models.list(ai_project_id=self.project))

    def create_custom_model(
        self,
        name: str,
        base_model: str,
        source: str,
        description: str | None,
        *,
        wait: float = 0.0,
    ) -> CustomModel:
        """Create a custom model; `wait` is how many seconds it may take to be ready."""
        from nbnebius.session.custom_model_ready import wait_until_active

        project = self.project
        made = self.run(
            lambda s: s.client.custom_models.create(
                name, base_model, source, description, ai_project_id=project
            )
        )
        if not wait:
            return made
        return wait_until_active(
            made,
            lambda: self.run(
                lambda s: s.client.custom_models.retrieve(made.name, ai_project_id=project)
            ),
            wait,
            time.sleep if self.replays is None else lambda _: None,
        )

    def delete_custom_model(self, name: str) -> CustomModel:
        """Delete a custom model."""
        return self.run(lambda s: s.client.custom_models.delete(name, ai_project_id=self.project))

    def rerank(
        self, query: str, documents: Sequence[str], *, model: str | None, k: int | None
    ) -> pd.DataFrame:
        """Rank documents by a query; see `nbnebius.rerank`."""
        from nbnebius.frames.rerank import rerank_frame
        from nbnebius.work.rank import rank

        texts = [str(document) for document in documents]
        prepared = self.run(lambda s: prepare.rerank(s, query, texts, model))
        origin = self.origin_of(prepared, FUNCTION, cache=True, private=None)

        async def work(service: Service) -> Any:
            return await rank(
                prepared.body,
                client=service.client,
                journal=self.journal,
                origin=origin,
                price=prepared.price,
            )

        frame = rerank_frame(self.run(work), texts)
        return frame if k is None else frame.head(k)

    def _job(self, batch: Batch, caller: Caller = FUNCTION) -> BatchJob:
        from nbnebius.results.batch_job import BatchJob

        return BatchJob(
            batch,
            look=lambda batch_id: self._look(batch_id, caller),
            cancel=lambda batch_id: self._cancel(batch_id, caller),
            fetch=lambda batch: self._results(batch, caller),
            sleep=time.sleep if self.replays is None else self._replayed_pause,
        )

    def _replayed_pause(self, seconds: float) -> None:  # noqa: ARG002 - nothing is waited for
        """Go on to the next recorded look at a batch at once."""
        replaying = self._connection.replaying
        if replaying is not None and replaying.repeats:
            raise ReplayError(
                f"The recording {replaying.path.name} ends before the batch does",
                hint="record it again, with .wait(), or ask the service after %nebius replay off",
            )

    def _look(self, batch_id: str, caller: Caller) -> Batch:
        project = self.project
        return self.run(
            lambda s: s.client.batches.retrieve(batch_id, ai_project_id=project), caller
        )

    def _cancel(self, batch_id: str, caller: Caller) -> Batch:
        project = self.project
        return self.run(lambda s: s.client.batches.cancel(batch_id, ai_project_id=project), caller)

    def _results(self, batch: Batch, caller: Caller) -> pd.DataFrame:
        import tempfile

        from nbnebius.frames.batch_results import BatchResults
        from nbnebius.frames.batch_vectors import batch_vector_frame
        from nbnebius.types.batch_lines import read_file
        from nbnebius.types.usual_lines import read_file_runs

        with tempfile.TemporaryDirectory(prefix="nbnebius-") as folder:
            ids = [i for i in (batch.output_file_id, batch.error_file_id) if i]
            paths = [
                self.download(file_id, Path(folder) / f"{n}", caller=caller)
                for n, file_id in enumerate(ids)
            ]
            lines: Iterable[Any]
            if (batch.endpoint or "").endswith("embeddings"):
                # All requests of a batch ask one model; the batch itself may not say which.
                told = (line.model for line in read_file(paths[0]))
                model = batch.model or next(filter(None, told), None)
                price = self._batch_price(model, caller)
                lines = chain.from_iterable(map(read_file, paths))
                return batch_vector_frame(lines, price_in=price.tokens_in)
            gathered = BatchResults()
            gathered.read(chain.from_iterable(map(read_file_runs, paths)))
            price = self._batch_price(batch.model or gathered.model, caller)
            return gathered.frame(price.tokens_in, price.tokens_out)

    def _batch_price(self, model: str | None, caller: Caller) -> Price:
        async def find(service: Service) -> Price:
            catalog = await service.catalog()
            return Price.of(catalog.find(model) if model else None)

        return self.run(find, caller).at_rate(BATCH_RATE)


def _requests(frame: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a frame of requests: a column ``body``, and ``custom_id`` or the index."""
    if "body" not in frame.columns:
        raise OptionError(
            "A frame of requests needs a column 'body'",
            why="it holds each request's fields, as a dict",
            hint="and a column 'custom_id', or the index is taken",
        )
    column = frame["custom_id"] if "custom_id" in frame.columns else frame.index
    names = list(map(str, column.tolist()))
    if len(set(names)) != len(names):
        raise OptionError("The custom ids are not unique", hint="results are matched by them")
    for name, body in zip(names, frame["body"], strict=True):
        is_dict = type(body) is dict  # asked of a million rows: an abstract class takes longer
        if not (is_dict or isinstance(body, Mapping)):
            raise OptionError(
                f"The body of {name!r} is a {type(body).__name__}",
                why="each is a dict of the request's fields",
                hint='a frame that was read from a file holds text: frame["body"].map(json.loads)',
            )
        yield name, body if is_dict else dict(body)
