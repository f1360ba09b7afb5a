"""Following a JSON schema: every value is of its kind, and from the prompt where it can be."""

from collections.abc import Mapping
from typing import Any

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.pattern import PatternError, make_match
from nbnebius.sandbox.engines.schema_terms import flatten, kind_of, nullable, resolve
from nbnebius.sandbox.engines.skills.labels import choose_label
from nbnebius.sandbox.engines.source import Source
from nbnebius.sandbox.engines.value_numbers import bounded_number, find_number
from nbnebius.sandbox.engines.value_words import find_text, fit_length, formatted
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import key_words

Schema = Mapping[str, Any]

_DEEP = 4
_BOTTOM = 12
_SOME = 3
_MOST_TRIES = 40


def follow(schema: Schema | None, conversation: Conversation, voice: Voice) -> Any:
    """
    Make a value that follows a schema.

    Parameters
    ----------
    schema
        A JSON schema; without one, any object.
    conversation
        Where the values come from.
    voice
        Chooses what the conversation leaves open.
    """
    source = Source.of(conversation)
    if schema is None:
        return _free_object(source, voice)
    return Follower(schema, voice).value(schema, source, "", 0)


def _free_object(source: Source, voice: Voice) -> dict[str, Any]:
    keys = source.keys_asked()
    if keys:
        properties: dict[str, Any] = {key: {} for key in keys}
        schema = {"type": "object", "properties": properties}
        follower = Follower(schema, voice)
        return {key: follower.guessed(key, source) for key in keys}
    return {"answer": source.snippet("answer", 20), "topics": key_words(source.text, 4)}


class Follower:
    """
    Walks down a schema.

    Parameters
    ----------
    root
        The whole schema, in which references are looked up.
    voice
        Chooses what the source leaves open.
    """

    def __init__(self, root: Schema, voice: Voice) -> None:
        self._root = root
        self._voice = voice

    def value(self, schema: Any, source: Source, path: str, depth: int) -> Any:
        """Make a value for a schema at a path."""
        if not isinstance(schema, Mapping) or depth > _BOTTOM * 2:
            return source.snippet(path, 8) if schema is not False else None
        schema = flatten(resolve(schema, self._root), self._root, deep=depth > _DEEP)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._one_of(list(schema["enum"]), source, path)
        kind = kind_of(schema)
        if kind == "object":
            return self._object(schema, source, depth)
        if kind == "array":
            return self._array(schema, source, path, depth)
        return self._plain(schema, kind, source, path)

    def guessed(self, key: str, source: Source) -> Any:
        """Make a value for a key of which nothing is known but its name."""
        text = find_text(key, "", source)
        if text is not None:
            return text
        number = find_number(key, source, guess=False)
        return source.snippet(key, 10) if number is None else number

    def _plain(self, schema: Schema, kind: str, source: Source, path: str) -> Any:
        if kind == "null":
            return None
        if kind == "boolean":
            return source.agrees(path, str(schema.get("description", "")), self._voice)
        if kind in {"integer", "number"}:
            found = find_number(path, source)
            if found is None and nullable(schema):
                return None
            return bounded_number(schema, found, path, kind == "integer", self._voice)
        return self._text(schema, source, path)

    def _text(self, schema: Schema, source: Source, path: str) -> str | None:
        description = str(schema.get("description", ""))
        if isinstance(schema.get("pattern"), str):
            return self._matching(schema, source, path)
        if isinstance(schema.get("format"), str):
            made = formatted(schema["format"], source, self._voice, path)
            if made is not None:
                return made
        found = find_text(path, description, source)
        if found is None and nullable(schema):
            return None
        text = found or source.snippet(f"{path} {description}", source.words_asked(description))
        return fit_length(text, schema, self._voice.pick(source.topics, path))

    def _matching(self, schema: Schema, source: Source, path: str) -> str:
        found = source.matching(schema["pattern"])
        if found is not None:
            return found
        try:
            return make_match(schema["pattern"], self._voice)
        except (PatternError, RecursionError):
            return source.snippet(path, 3)

    def _one_of(self, options: list[Any], source: Source, path: str) -> Any:
        labels = [option for option in options if isinstance(option, str) and option]
        if len(labels) == len(options) - options.count(None):
            return choose_label(labels, source.text, self._voice) if labels else None
        mentioned = [option for option in options if source.mentions(option)]
        return mentioned[0] if mentioned else self._voice.pick(options, path)

    def _object(self, schema: Schema, source: Source, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        required = [key for key in schema.get("required") or [] if isinstance(key, str)]
        names = list(properties) if depth <= _BOTTOM else [n for n in properties if n in required]
        if depth > _DEEP:
            names = [name for name in names if name in required]
        made = {name: self.value(properties[name], source, name, depth + 1) for name in names}
        more = schema.get("additionalProperties", True)
        wanted = [key for key in required if key not in made]
        least = schema.get("minProperties", 0)
        if isinstance(more, Mapping) and not properties and depth <= _DEEP:
            least = max(least, min(2, schema.get("maxProperties", 2)))
        free = [topic.lower() for topic in source.topics] + [f"key_{i}" for i in range(least)]
        wanted += [key for key in free if key not in made][
            : max(0, least - len(made) - len(wanted))
        ]
        for key in wanted:
            made[key] = self.value(more, source, key, depth + 1)
        return made

    def _array(self, schema: Schema, source: Source, path: str, depth: int) -> list[Any]:
        first = schema.get("prefixItems") or []
        items = schema.get("items", {})
        if isinstance(items, list):
            first, items = items, schema.get("additionalItems", {})
        made = [self.value(item, source, path, depth + 1) for item in first]
        low, high = schema.get("minItems", 0), schema.get("maxItems", 1_000)
        flat = self._flat(items, depth)
        parts = source.records if kind_of(flat) == "object" else source.parts
        wanted = len(parts) if parts and depth <= 2 else _SOME  # noqa: PLR2004 - items near the top
        if depth > _DEEP or (first and "items" not in schema) or items is False:
            wanted = 0
        wanted = max(low, min(high, max(wanted, len(made))))
        unique = schema.get("uniqueItems") is True
        for place in range(len(made), wanted + (_MOST_TRIES if unique else 0)):
            if len(made) >= wanted:
                break
            part = Source(parts[place]) if place < len(parts) else source
            item = self._item(items, source, part, path, depth, place)
            if not (unique and item in made):
                made.append(item)
        return made

    def _flat(self, items: Any, depth: int) -> Schema:
        schema = items if isinstance(items, Mapping) else {}
        return flatten(resolve(schema, self._root), self._root, deep=depth > _DEEP)

    def _item(
        self, items: Any, source: Source, part: Source, path: str, depth: int, place: int
    ) -> Any:
        """Make the item at a place, from the part of the source that stands at this place."""
        voice = self._voice
        self._voice = voice.next(place)
        flat = self._flat(items, depth)
        try:
            if flat.get("enum") and not source.parts:
                options = list(flat["enum"])
                ranked = [option for option in options if source.mentions(option)]
                ranked += [option for option in options if option not in ranked]
                return ranked[place % len(ranked)]
            if kind_of(flat) == "string" and not source.parts and _is_free(flat):
                return fit_length(source.thing(path, place), flat, source.topics[0])
            return self.value(items, part, path, depth + 1)
        finally:
            self._voice = voice


def _is_free(schema: Schema) -> bool:
    return not {"format", "pattern", "const", "enum"} & set(schema)
