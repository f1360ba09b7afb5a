"""A key that must be found nowhere, and the search for it in every form that it could take."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote

KEY = "cnryQz81Lk7vTw93/pXs5Ym20+Rb64Hd=JfGu"
LONGEST_SHOWN = 4  # characters at each end that a masked key may show


def forms(key: str = KEY) -> dict[str, bytes]:
    """Give what a leak could look like: the key itself, coded, turned round, and in part."""
    raw = key.encode()
    half = len(key) // 2
    parts = {
        "raw": raw,
        "url": quote(key, safe="").encode(),
        "reversed": raw[::-1],
        "hex": raw.hex().encode(),
        "utf-16": key.encode("utf-16-le"),
        "json": key.replace("/", "\\/").encode(),
        "first half": raw[:half],
        "second half": raw[half:],
        "middle": raw[LONGEST_SHOWN + 2 : -LONGEST_SHOWN - 2],
        "first half reversed": raw[:half][::-1],
        "second half reversed": raw[half:][::-1],
    }
    for offset in range(3):  # in base64 a key may begin at any of three
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            coded = encode(b"\0" * offset + raw).rstrip(b"=")
            parts[f"{name} at {offset}"] = coded[(offset * 8 + 5) // 6 : -1]
    return parts


_FORMS = {name: re.compile(re.escape(form), re.IGNORECASE) for name, form in forms().items()}


def found_in(content: bytes | str) -> list[str]:
    """Name the forms in which the key stands in a content."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return [name for name, form in _FORMS.items() if form.search(data)]
