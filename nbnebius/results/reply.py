"""`Reply`: what a chat gives, with its views."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbnebius.client.reasoning import split_reasoning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from nbnebius.results.showing import Shown
    from nbnebius.types.answers import ChatResult
    from nbnebius.types.chat import Choice, ToolCall
    from nbnebius.types.usage import Usage
    from nbnebius.work.schema import Schema
    from nbnebius.work.structured import Parsed
    from nbnebius.work.thread import Placed
    from nbnebius.work.tools import ToolResult


SHOWN = 60  # characters of the text in a repr


class Reply:
    """
    An answer to a chat.

    ``str(reply)`` and `text` are the text; showing it in a notebook gives safe HTML with the
    reasoning folded and a footer of model, tokens and USD. `placed` tells where it stands in its
    thread, if it was asked in one.
    """

    def __init__(
        self,
        result: ChatResult,
        *,
        schema: Schema | None = None,
        parsed: Parsed | None = None,
        calls: Sequence[ToolResult] = (),
        placed: Placed | None = None,
    ) -> None:
        self._result = result
        self._schema = schema
        self._parsed = parsed
        self.calls = list(calls)
        self.placed = placed

    @property
    def text(self) -> str:
        """The answer's text, without the model's reasoning."""
        return self._result.text

    @property
    def code(self) -> str:
        """The Python of the answer's code blocks, in order; "" for none."""
        from nbnebius.work.code import joined_code

        return joined_code(self.text)

    @property
    def reasoning(self) -> str | None:
        """What the model thought first, where it says so."""
        return self._result.reasoning

    @property
    def model(self) -> str:
        """The id of the model that was asked."""
        return self._result.model

    @property
    def usage(self) -> Usage | None:
        """Tokens, as the server counted them; None where it did not."""
        return self._result.usage

    @property
    def cost(self) -> float | None:
        """USD paid by this call: 0 for a kept answer, None where the price is unknown."""
        return self._result.cost

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped: ``stop``, ``length``, ``tool_calls`` …; None when cut off."""
        choices = self._result.completion.choices
        return choices[0].finish_reason if choices else None

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls that the model asks for."""
        choices = self._result.completion.choices
        return list(choices[0].message.tool_calls or []) if choices else []

    @property
    def choices(self) -> list[Choice]:
        """All answers, where ``n`` asked for several."""
        return list(self._result.completion.choices)

    @property
    def logprobs(self) -> Any:
        """The log probabilities of the first answer's tokens, as the server sent them."""
        choices = self._result.completion.choices
        return choices[0].logprobs if choices else None

    @property
    def logprob_df(self) -> pd.DataFrame:
        """The log probabilities as a frame; see `nbnebius.frames.logprobs.logprob_frame`."""
        from nbnebius.frames.logprobs import logprob_frame

        return logprob_frame(self.choices)

    @property
    def seconds(self) -> float | None:
        """Seconds from the request to the end of the answer."""
        return self._result.seconds

    @property
    def cached(self) -> bool:
        """Whether the answer was kept already, so that nothing was sent or paid."""
        return self._result.kept_at is not None

    @property
    def kept_from(self) -> datetime | None:
        """When a kept answer was bought (UTC); None for a new one."""
        at = self._result.kept_at
        return None if at is None else datetime.fromtimestamp(at, tz=UTC)

    @property
    def record(self) -> int | None:
        """The answer's number in the journal; None where it is not there."""
        return self._result.record

    @property
    def partial(self) -> bool:
        """Whether the answer broke off or was stopped."""
        return self._result.partial

    @property
    def raw(self) -> dict[str, Any]:
        """The answer as plain data, in the API's own words."""
        import msgspec

        built: dict[str, Any] = msgspec.to_builtins(self._result.completion)
        return built

    @property
    def parsed(self) -> Any:
        """What the schema made of the answer: data, or an instance; None without a schema."""
        return self._parsed.value if self._parsed else None

    @property
    def df(self) -> pd.DataFrame:
        """
        The answer as a frame.

        With a schema: its fields as typed columns, a row per record. Without one: a row per
        choice with text, reasoning, model, finish_reason, tokens, cost (USD), seconds, cached.
        """
        if self._schema and self._parsed:
            from nbnebius.frames.records import record_frame

            return record_frame(self._schema.rows(self._parsed.data), self._schema.row)
        from nbnebius.frames.reply import reply_frame

        return reply_frame(self._result)

    @property
    def footer(self) -> str:
        """Model, tokens and USD of the answer, in one line."""
        from nbnebius.rendering.answer import footer_text

        usage, placed = self.usage, self.placed
        return footer_text(
            model=self.model,
            tokens=usage.total_tokens if usage else None,
            cost=self._result.answer_cost,
            thread=placed.thread if placed else None,
            turn=placed.number if placed else None,
            sent=placed.sent if placed else 0,
            extra=[*(["in memory only"] if placed and placed.private else []), *self._remarks()],
        )

    def _remarks(self) -> list[str]:
        if self.finish_reason == "length":
            return ["cut at max_tokens: raise --max-tokens for more"]
        if self._parsed and self._parsed.notes:
            return list(self._parsed.notes)
        if self.finish_reason == "content_filter":
            return ["stopped by the content filter"]
        return []

    @property
    def note(self) -> str:
        """What a reader must know of a partial answer; "" for a whole one."""
        return "not finished: what had come is kept" if self.partial else ""

    def show(self, as_: str = "md") -> Shown:
        """
        Give the reply as something that shows itself in another form.

        Parameters
        ----------
        as_
            ``md``; ``text``, to the letter; ``json``, indented; ``code``, only the fenced code,
            coloured and not run. What is no JSON, or holds no code, is shown to the letter.

        Raises
        ------
        OptionError
            There is no such form.
        """
        from nbnebius.results.showing import Shown, check_form

        return Shown(self.bundle(self.footer, self.note, check_form(as_)), self.metadata)

    def bundle(self, footer: str, note: str = "", form: str = "md") -> dict[str, str]:
        """Give the page's and the terminal's form; of several choices, all of them."""
        from nbnebius.rendering.table import frame_bundle
        from nbnebius.rendering.tool_calls import calls_html, calls_text
        from nbnebius.results.showing import form_bundle

        as_table = self._parsed is not None and form == "md"
        bundle = form_bundle(
            form,
            "" if as_table else self.all_text,
            reasoning=self.reasoning,
            footer=footer,
            note=note,
        )
        before = {"text/html": calls_html(self.calls), "text/plain": calls_text(self.calls)}
        if before["text/plain"]:
            before["text/plain"] += "\n\n"
        if as_table:
            table = frame_bundle(self.df)
            before["text/html"] += table["text/html"]
            before["text/plain"] += table["text/plain"] + "\n\n"
        return {kind: before[kind] + bundle[kind] for kind in bundle}

    @property
    def streams_whole(self) -> bool:
        """Whether its text is all there is to show: no table, no calls, no other choices."""
        return not self._parsed and not self.calls and self.all_text == self.text

    @property
    def all_text(self) -> str:
        """The text; where ``n`` asked for several, every choice under its number."""
        texts = [split_reasoning(c.message, c.finish_reason)[0] for c in self.choices]
        if len(texts) < 2:  # noqa: PLR2004 - one is no list
            return self.text
        return "\n\n".join(
            f"**{number} of {len(texts)}**\n\n{text}" for number, text in enumerate(texts, 1)
        )

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What stands in the output's metadata: seconds, and whether the answer was kept."""
        told: dict[str, Any] = {"model": self.model, "cached": self.cached}
        if self.seconds is not None:
            told["seconds"] = round(self.seconds, 3)
        if self.kept_from:
            told["kept_from"] = self.kept_from.isoformat(timespec="seconds")
        return {"nbnebius": told}

    def _describe_(self, limit: int) -> str:
        """Give what stands for this reply in a prompt: its text."""
        return self.text[:limit]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        start = self.text if len(self.text) <= SHOWN else self.text[: SHOWN - 1] + "…"
        return f"Reply({start!r}, model={self.model!r})"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        return self.bundle(self.footer, self.note), dict(self.metadata)
