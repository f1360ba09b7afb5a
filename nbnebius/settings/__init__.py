"""The key, the address, the defaults, and where each came from."""

from nbnebius.settings.config import Config
from nbnebius.settings.endpoint import (
    DEFAULT_BASE_URL,
    Endpoint,
    find_address,
    find_endpoint,
    is_nebius_host,
    missing_key,
    normalise_base_url,
)
from nbnebius.settings.home import home, replay_file
from nbnebius.settings.key import KEY_NAME, Source, store_key
from nbnebius.settings.known import MODEL_SETTINGS, PARAMETERS, SETTINGS, check

__all__ = [
    "DEFAULT_BASE_URL",
    "KEY_NAME",
    "MODEL_SETTINGS",
    "PARAMETERS",
    "SETTINGS",
    "Config",
    "Endpoint",
    "Source",
    "check",
    "find_address",
    "find_endpoint",
    "home",
    "is_nebius_host",
    "missing_key",
    "normalise_base_url",
    "replay_file",
    "store_key",
]
