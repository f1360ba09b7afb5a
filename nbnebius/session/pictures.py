"""Pictures of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session import prepare
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import tell
from nbnebius.session.core import Core

if TYPE_CHECKING:
    from pathlib import Path

    from nbnebius.results import Gallery
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.service import Service
    from nbnebius.types.answers import PictureResult


class Pictures(Core):
    """The part of a session that draws."""

    def prepare_image(self, prompt: str, **options: Any) -> Prepared:
        """Settle everything about an image request without sending it."""
        return self.run(lambda service: prepare.image(service, prompt, **options))

    def image(
        self,
        prompt: str,
        *,
        save: str | Path | bool | None = None,
        cache: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Gallery:
        """Draw pictures; see `nbnebius.image`."""
        from nbnebius.results import Gallery, Picture
        from nbnebius.session.saving import save_picture
        from nbnebius.work import images as image_work

        prepared = self.prepare_image(prompt, **options)
        origin = self.origin_of(prepared, caller, cache=cache, private=private)

        async def work(service: Service) -> list[PictureResult]:
            async with service.explaining("image", prepared.body["model"]):
                return await image_work.draw(
                    prepared.body,
                    prepared.count,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    observer=tell,
                )

        results = self.run(work, caller)
        if not all(r.kept_at for r in results):
            self.say_where_kept(origin, caller)
        saved = [save_picture(result, save, private=origin.private) for result in results]
        pictures = [Picture(*each) for each in zip(results, saved, strict=True)]
        return Gallery(pictures, missing=prepared.count - len(pictures))
