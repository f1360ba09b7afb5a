"""Whom an https connection trusts: the same as httpx2 does, mostly without importing it."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@functools.cache
def ssl_context() -> ssl.SSLContext:
    """
    Return the one context: reading the roots takes 20 ms, and sessions are resumed in it.

    The roots are those of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` where one is set, else the
    system's. Where these are in no file that OpenSSL knows of, httpx2 finds them.
    """
    import ssl

    if file := os.environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    paths = ssl.get_default_verify_paths()
    file, folder = paths.openssl_cafile, paths.openssl_capath
    if sys.platform in {"darwin", "win32"} or not os.path.isfile(file):  # noqa: PTH113 - cheap
        import httpx2

        return httpx2.create_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file, folder if os.path.isdir(folder) else None)  # noqa: PTH112
    return context
