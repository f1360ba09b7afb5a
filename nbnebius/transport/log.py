"""
What the libraries below log, without keys.

They log no header of a request, but those of an answer, into which a server may put what it was
sent, and every address.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from nbnebius.transport.redact import hide_key

if TYPE_CHECKING:
    from nbnebius.types.secret import Secret

# A filter holds for the logger it hangs on, and not for those below.
_LOGGERS = (
    "httpx2",
    *(f"httpcore2.{name}" for name in ("connection", "http11", "http2", "proxy", "socks")),
)
_secrets: set[Secret] = set()


def keep_out_of_logs(secret: Secret) -> None:
    """Take a key out of whatever httpx2 and httpcore2 log from now on."""
    if secret in _secrets:
        return
    _secrets.add(secret)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without_keys)  # the same one hangs there once


def _without_keys(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    for secret in tuple(_secrets):
        text = hide_key(text, secret)
    record.msg, record.args = text, ()
    return True
