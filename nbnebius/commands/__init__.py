"""Every command: its options as a frozen record, its help, examples, and its cell."""

from nbnebius.commands.batches import BATCHES, BatchesOptions
from nbnebius.commands.chat import CHAT, ChatOptions
from nbnebius.commands.command import Command
from nbnebius.commands.compare import COMPARE, CompareOptions
from nbnebius.commands.completion import COMPLETION, CompletionOptions
from nbnebius.commands.embed import EMBED, EmbedOptions
from nbnebius.commands.explain import EXPLAIN, FIX, ExplainOptions, FixOptions
from nbnebius.commands.image import IMAGE, ImageOptions
from nbnebius.commands.map import MAP, MapOptions
from nbnebius.commands.models import MODELS, ModelsOptions
from nbnebius.commands.panel import PANEL, PanelOptions
from nbnebius.commands.search import SEARCH, SearchOptions

COMMANDS = {
    command.name: command
    for command in (
        BATCHES,
        CHAT,
        COMPARE,
        COMPLETION,
        EMBED,
        EXPLAIN,
        FIX,
        IMAGE,
        MAP,
        MODELS,
        PANEL,
        SEARCH,
    )
}

__all__ = [
    "BATCHES",
    "CHAT",
    "COMMANDS",
    "COMPARE",
    "COMPLETION",
    "EMBED",
    "EXPLAIN",
    "FIX",
    "IMAGE",
    "MAP",
    "MODELS",
    "PANEL",
    "SEARCH",
    "BatchesOptions",
    "ChatOptions",
    "Command",
    "CompareOptions",
    "CompletionOptions",
    "EmbedOptions",
    "ExplainOptions",
    "FixOptions",
    "ImageOptions",
    "MapOptions",
    "ModelsOptions",
    "PanelOptions",
    "SearchOptions",
]
