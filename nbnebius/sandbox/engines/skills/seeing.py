"""Saying what is to be seen in pictures."""

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.vision import Sight
from nbnebius.sandbox.engines.voice import Voice


def describe(conversation: Conversation, voice: Voice) -> str | None:
    """Describe the pictures of the prompt by what was read from them."""
    sights = conversation.sights
    if not sights:
        return None
    if len(sights) == 1:
        return _describe(sights[0], voice)
    parts = [f"{place}. {_describe(sight, voice)}" for place, sight in enumerate(sights, 1)]
    return f"There are {len(sights)} images.\n\n" + "\n".join(parts)


def _describe(sight: Sight, voice: Voice) -> str:
    if sight.name:
        return (
            f"The address names `{sight.name}`. The sandbox does not fetch pictures from other "
            "hosts, so it has not been seen; send it as a data URL and its size and colours are "
            "read."
        )
    shape = "square" if sight.width == sight.height else (
        "landscape" if sight.width > sight.height else "portrait"
    )  # fmt: skip
    *others, last = sight.colours
    colours = f"{', '.join(others)} and {last}" if others else last
    opening = voice.pick(["This is", "The image is", "I see"], "picture")
    text = (
        f"{opening} a {shape} {sight.format or 'picture'} image of {sight.width} \u00d7 "
        f"{sight.height} pixels. Its main colours are {colours}; it is {sight.light}."
    )
    if sight.top != sight.bottom:
        text += f" The upper part is mostly {sight.top}, the lower part {sight.bottom}."
    return text
