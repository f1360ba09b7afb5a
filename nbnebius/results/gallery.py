"""`Gallery` and `Picture`: what an image request gives, with its views."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, overload

from nbnebius.rendering.answer import footer_html, footer_text
from nbnebius.rendering.images import Thumb, gallery_bundle, preview
from nbnebius.work.price import total

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from PIL.Image import Image

    from nbnebius.types.answers import PictureResult


@dataclass(frozen=True, slots=True)
class Picture:
    """
    One picture, its full size on disk.

    Attributes
    ----------
    path
        Where it is saved, or None where saving was turned off.
    """

    result: PictureResult
    path: Path | None

    @property
    def seed(self) -> int:
        """The seed it was drawn from: the same seed, prompt and model give the same picture."""
        return self.result.seed

    @property
    def prompt(self) -> str:
        """The prompt it was drawn from."""
        return self.result.prompt

    @property
    def model(self) -> str:
        """The id of the model that drew it."""
        return self.result.model

    @property
    def cost(self) -> float | None:
        """USD paid by this call: 0 for a kept picture, None where the price is unknown."""
        return self.result.cost

    @property
    def cached(self) -> bool:
        """Whether the picture was kept already."""
        return self.result.kept_at is not None

    @property
    def data(self) -> bytes:
        """The file's bytes as the server sent them."""
        return self.result.data

    @property
    def pil(self) -> Image:
        """The picture as a Pillow image."""
        import io

        from PIL import Image

        image = Image.open(io.BytesIO(self.result.data))
        image.load()
        return image

    def __repr__(self) -> str:
        where = f", path={_shown(self.path)!r}" if self.path else ""
        return f"Picture(seed={self.seed}{where})"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        return Gallery([self])._repr_mimebundle_()


class Gallery(Sequence[Picture]):
    """
    The pictures of one request, in the order of their seeds.

    ``gallery[0]`` is a `Picture`; `df` is the frame; a gallery of one has `pil` and `path` too.
    """

    def __init__(self, pictures: Sequence[Picture], missing: int = 0) -> None:
        self._pictures = list(pictures)
        self.missing = missing

    @overload
    def __getitem__(self, index: int) -> Picture: ...
    @overload
    def __getitem__(self, index: slice) -> Gallery: ...
    def __getitem__(self, index: int | slice) -> Picture | Gallery:
        if isinstance(index, slice):
            return Gallery(self._pictures[index])
        return self._pictures[index]

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[Picture]:
        return iter(self._pictures)

    @property
    def only(self) -> Picture:
        """The one picture of a gallery of one; else a ValueError."""
        if len(self._pictures) != 1:
            raise ValueError(f"this gallery holds {len(self)} pictures: say which, as gallery[0]")
        return self._pictures[0]

    @property
    def pil(self) -> Image:
        """The one picture as a Pillow image."""
        return self.only.pil

    @property
    def path(self) -> Path | None:
        """Where the one picture is saved."""
        return self.only.path

    @property
    def seed(self) -> int:
        """The seed of the one picture."""
        return self.only.seed

    @property
    def prompt(self) -> str:
        """The prompt all were drawn from."""
        return self._pictures[0].prompt if self._pictures else ""

    @property
    def cost(self) -> float | None:
        """USD paid by this call, or None where a price is unknown."""
        return total(p.result.cost for p in self._pictures)

    @property
    def cached(self) -> bool:
        """Whether every picture was kept already."""
        return bool(self._pictures) and all(p.cached for p in self._pictures)

    @property
    def kept_from(self) -> datetime | None:
        """When the oldest kept picture was bought (UTC); None where any is new."""
        if not self.cached:
            return None
        times = [p.result.kept_at for p in self._pictures if p.result.kept_at is not None]
        return datetime.fromtimestamp(min(times), tz=UTC)

    @property
    def df(self) -> pd.DataFrame:
        """A row per picture: seed, prompt, model, width, height, format, path, cost (USD)."""
        from nbnebius.frames.pictures import picture_frame

        return picture_frame([p.result for p in self._pictures], [p.path for p in self._pictures])

    @property
    def footer(self) -> str:
        """Model, number of pictures and USD, in one line."""
        cost = total(p.result.answer_cost for p in self._pictures)
        model = self._pictures[0].model if self._pictures else ""
        count = len(self)
        text = footer_text(model=model, tokens=None, cost=cost)
        return text.replace(" · ", f" · {count} picture{'' if count == 1 else 's'} · ", 1)

    def __repr__(self) -> str:
        return f"Gallery({self._pictures!r})"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        thumbs = []
        for picture in self._pictures:
            data, width, height = preview(picture.data)
            shown = _shown(picture.path) if picture.path else ""
            thumbs.append(
                Thumb(
                    data=data,
                    path=shown,
                    caption=f"seed {picture.seed}",
                    width=width,
                    height=height,
                )
            )
        bundle = gallery_bundle(thumbs)
        bundle["text/html"] += footer_html(self.footer)
        bundle["text/plain"] += f"\n{self.footer}"
        return bundle, {"nbnebius": {"cached": self.cached}}


def _shown(path: Path) -> str:
    """Show a path relative to where the user is: an absolute one names the machine."""
    try:
        return os.path.relpath(path)
    except ValueError:
        return path.name
