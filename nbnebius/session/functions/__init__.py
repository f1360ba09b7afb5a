"""The public functions: each magic's twin, of the same name, on the default session."""

from nbnebius.session.functions.asking import chat, completion
from nbnebius.session.functions.connecting import connect
from nbnebius.session.functions.drawing import image
from nbnebius.session.functions.embedding import embed
from nbnebius.session.functions.listing import models

__all__ = ["chat", "completion", "connect", "embed", "image", "models"]
