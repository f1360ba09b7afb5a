"""The key's wrapper, as the transport knows it."""

from nbnebius.types.secret import SHORTEST_MASKED, Secret

__all__ = ["SHORTEST_MASKED", "Secret"]


def is_sendable(secret: Secret) -> bool:
    """Tell whether a key can stand in a header; else the error of the attempt would quote it."""
    value = secret.reveal()
    return value.isascii() and value.isprintable() and " " not in value
