"""Where the weights of a custom model come from."""

import re
from dataclasses import dataclass, field
from typing import Literal

_CHECKPOINT = re.compile(r"(ftjob-[\w-]+):(ftckpt_[\w-]+)")
_FILE = re.compile(r"file-[\w-]+")
_PAGE = re.compile(r"(?:https://)?huggingface\.co/[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it was read: its kind, and the fields of the model list that show it."""

    kind: Literal["checkpoint", "file", "page", "unknown"]
    fields: dict[str, str] = field(default_factory=dict)


def read_source(text: str) -> Source:
    """Read a source: a checkpoint of a fine-tuning job, a file, or a repository's address."""
    if found := _CHECKPOINT.fullmatch(text):
        return Source("checkpoint", {"job_id": found[1], "checkpoint_id": found[2]})
    if _FILE.fullmatch(text):
        return Source("file", {"file_id": text})
    if _PAGE.fullmatch(text):
        address = text if text.startswith("https://") else f"https://{text}"
        return Source("page", {"url": address, "huggingface_url": address})
    return Source("unknown")
