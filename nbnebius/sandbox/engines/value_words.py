"""Texts for a schema: found in the source by what their name says they are."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import Any

from nbnebius.sandbox.engines.almanac import LISTS
from nbnebius.sandbox.engines.source import Source
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import STOP_WORDS

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_URL = re.compile(r"https?://[^\s\"'<>)\]]+")
_PHONE = re.compile(r"(?<!\d)\+?\d[\d\s()/-]{6,24}\d(?!\d)")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_MONTHS = [name.lower() for name in LISTS["month"].split()]
_LONG_DATE = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?\.?\s+({'|'.join(_MONTHS)})|({'|'.join(_MONTHS)})\s+"
    r"(\d{1,2})(?:st|nd|rd|th)?,?)\s+(\d{4})\b", re.IGNORECASE
)  # fmt: skip
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_PROPER = (
    r"[^\W\d_a-z][\w'\u2019-]+(?:\s+(?:[^\W\d_a-z][\w'\u2019-]+|de|van|von|of|la)(?=\s|[.,;!?]|$))*"
)
_PROPER_NAME = re.compile(rf"\b({_PROPER})")
_SELF = re.compile(rf"\b(?:[Mm]y name is|I am|I'm|[Nn]amed|[Cc]alled|[Bb]y|[Dd]ear)\s+({_PROPER})")
_PLACED = re.compile(rf"\b(?:in|to|from|at|near|for|visit|visited|of)\s+({_PROPER})")
_COLOURS = re.compile(
    r"\b(black|white|gr[ea]y|red|orange|brown|yellow|green|blue|purple|pink|silver|gold)\b",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"\b(English|French|German|Spanish|Italian|Dutch|Portuguese|Russian|Chinese|Japanese|Arabic|"
    r"Hindi|Polish|Turkish|Python|JavaScript|Rust|Java|SQL)\b"
)
_CURRENCY = re.compile(r"\b(USD|EUR|GBP|JPY|CHF)\b|([$€£¥])")
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_DAY_ZERO = dt.date(2025, 1, 1)

_FINDERS = tuple(
    (re.compile(named, re.IGNORECASE), patterns)
    for named, patterns in (
        ("e-?mail", (_EMAIL,)),
        ("url|link|website|homepage", (_URL,)),
        ("phone|mobile|fax", (_PHONE,)),
        ("colou?r", (_COLOURS,)),
        ("language", (_SPOKEN,)),
        ("city|town|country|location|place|destination|region", (_PLACED, _PROPER_NAME)),
        ("name|person|author|customer|artist|company|brand|product", (_SELF, _PROPER_NAME)),
    )
)


def find_text(name: str, description: str, source: Source) -> str | None:
    """Find the text that a name stands for; None when there is nothing of its kind."""
    stated = _stated(name, source.text)
    if stated is not None:
        return stated
    if re.search(r"date|day|deadline|when\b|birthday", name, re.IGNORECASE):
        date = find_date(source.text)
        if date is not None:
            return date.isoformat()
    if re.search(r"currency", name, re.IGNORECASE):
        match = _CURRENCY.search(source.text)
        return (match[1] or _SIGNS[match[2]]) if match else None
    for named, patterns in _FINDERS:
        if named.search(name) or (len(description) < 60 and named.search(description)):  # noqa: PLR2004 - a label, not a sentence
            for pattern in patterns:
                for match in pattern.finditer(source.matter):
                    found = match[match.lastindex or 0].strip()
                    if found.lower() not in STOP_WORDS:
                        return found
            return None
    return None


def _stated(name: str, text: str) -> str | None:
    """Find what stands behind the name and a colon, in plain text or in JSON."""
    spoken = re.escape(name).replace("_", r"[\s_-]")
    if not name.strip():
        return None
    quoted = re.search(rf"[\"']{spoken}[\"']\s*:\s*\"([^\"\n]+)\"", text, re.IGNORECASE)
    if quoted:
        return quoted[1]
    plain = re.search(
        rf"^[ \t>*-]{{0,8}}{spoken}[ \t]*[:=][ \t]*([^\n]{{1,200}})$",
        text,
        re.IGNORECASE | re.MULTILINE,
    )
    return plain[1].strip(" \"',") or None if plain else None


def find_date(text: str) -> dt.date | None:
    """Find the first date of a text."""
    match = _ISO_DATE.search(text)
    try:
        if match:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        match = _LONG_DATE.search(text)
        if match:
            month = _MONTHS.index((match[2] or match[3]).lower()) + 1
            return dt.date(int(match[5]), month, int(match[1] or match[4]))
    except ValueError:
        return None
    return None


def formatted(format: str, source: Source, voice: Voice, name: str) -> str | None:
    """Give a text of a format, from the source if it holds one; None for an unknown format."""
    text = source.text
    days = dt.timedelta(days=voice.number(name) % 730)
    date = find_date(text) or _DAY_ZERO + days
    clock = _CLOCK.search(text)
    time = (
        f"{int(clock[1]):02}:{clock[2]}:00" if clock else f"{8 + voice.number(name) % 10:02}:30:00"
    )
    word = (
        re.sub(r"[^a-z0-9]", "", source.topics[0].lower().encode("ascii", "ignore").decode())
        or "text"
    )
    email, url = _EMAIL.search(text), _URL.search(text)
    made = {
        "date": date.isoformat(),
        "time": f"{time}Z",
        "date-time": f"{date.isoformat()}T{time}Z",
        "duration": f"P{1 + voice.number(name) % 30}D",
        "email": email[0] if email else f"{word}@example.com",
        "uri": url[0] if url else f"https://example.com/{word}",
        "url": url[0] if url else f"https://example.com/{word}",
        "hostname": f"{word}.example.com",
        "ipv4": f"192.0.2.{1 + voice.number(name) % 254}",
        "ipv6": f"2001:db8::{1 + voice.number(name) % 9999:x}",
        "uuid": str(uuid.UUID(int=voice.number(name) << 40, version=4)),
    }
    return made.get(format)


def fit_length(text: str, schema: Mapping[str, Any], filler: str) -> str:
    """Cut a text at a word, or fill it up, until its length is within the bounds."""
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    while len(text) < low:
        text = f"{text} {filler or 'text'}"
    if isinstance(high, int) and len(text) > high:
        cut = text[:high].rsplit(" ", 1)[0]
        text = cut if len(cut) >= max(low, 1) else text[:high]
    return text
