"""Files and pages that go out with a question, as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbnebius.errors import OptionError
from nbnebius.session.core import Core
from nbnebius.session.prompt import as_list
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.session.prompt import Prompt

LARGEST = 4_000_000  # bytes of a text; more than any model reads
LARGEST_PDF = 50_000_000  # bytes: most of a PDF is pictures and fonts


class Attachment(Record, frozen=True):
    """A file's or a page's text, under the name that the user gave."""

    name: str
    text: str

    @property
    def note(self) -> str:
        """How large it is, for people."""
        from nbnebius.work.estimate import estimate_tokens

        return f"{self.name}: sent as about {estimate_tokens(self.text):,} tokens"


class Attaching(Core):
    """The part of a session that reads what is sent along."""

    def attach(self, files: Any) -> list[Attachment]:
        """
        Read files and pages.

        Parameters
        ----------
        files
            A path or an https address, or several. A page is fetched from here, without the key;
            nothing is fetched that is not named.

        Raises
        ------
        OptionError
            One cannot be read, is too large, or is no text.
        NebiusError
            A page cannot be fetched.
        """
        return [self._read(each) for each in as_list(files)]

    def _read(self, file: Any) -> Attachment:
        from nbnebius.describe.pages import document_text

        if not isinstance(file, str | Path):
            raise OptionError(
                f"A {type(file).__name__} is no file",
                hint="give a path or an https address; other things go into the prompt",
            )
        name = str(file)
        if name.startswith("http://"):
            raise OptionError(f"{_short(name)} is not https", hint="download it, and give its path")
        data = self._fetch(name) if name.startswith("https://") else _content(name)
        text = document_text(data, _short(name))
        if len(text) > LARGEST:
            raise OptionError(
                f"{_short(name)} holds {len(text):,} characters", hint="send a part of it"
            )
        return Attachment(_short(name), text)

    def _fetch(self, url: str) -> bytes:
        return self.run(lambda service: service.client.pages.fetch(url, LARGEST_PDF))


def with_files(prompt: Prompt, attached: Sequence[Attachment]) -> Prompt:
    """Put files before a question; one alone as it is, several under their names."""
    if not attached:
        return prompt
    texts = [each.text for each in attached]
    if len(attached) > 1:
        texts = [f"{each.name}:\n\n{each.text}" for each in attached]
    before = "\n\n".join(texts)
    if isinstance(prompt, str):
        return f"{before}\n\n{prompt}".strip()
    messages = [dict(message) for message in prompt]
    if messages:
        content = messages[-1].get("content") or ""
        if isinstance(content, str):
            messages[-1]["content"] = f"{before}\n\n{content}".strip()
        else:
            messages[-1]["content"] = [{"type": "text", "text": before}, *content]
    return messages


def _short(name: str) -> str:
    """Name a file for people; an address without what may be secret in it."""
    if name.startswith(("https://", "http://")):
        parts = urlsplit(name)
        return f"{parts.hostname or ''}{parts.path}"
    return name


def _content(name: str) -> bytes:
    path = Path(name).expanduser()
    if not path.is_file():
        raise OptionError(
            f"There is no file {name}", hint=f"the notebook's folder is {Path.cwd().name}"
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            cap = LARGEST_PDF if file.read(5) == b"%PDF-" else LARGEST
            if size > cap:
                raise OptionError(f"{name} has more than {cap:,} bytes", hint="send a part of it")
            file.seek(0)
            return file.read(cap + 1)
    except OSError as error:
        raise OptionError(f"{name} cannot be read", why=error.strerror or "") from None
