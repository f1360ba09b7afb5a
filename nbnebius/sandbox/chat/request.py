"""The body of a chat request, checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from nbnebius.sandbox.chat.form import Form, read_form
from nbnebius.sandbox.chat.messages import Message, read_messages
from nbnebius.sandbox.chat.tools import Offer, read_tools
from nbnebius.sandbox.engines.tokens import count_tokens
from nbnebius.sandbox.wire.failures import invalid, unserved
from nbnebius.sandbox.wire.fields import Field, check_fields
from nbnebius.sandbox.wire.sampling import FIELDS, Sampling, read_sampling

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_PER_MESSAGE = 3
_CHAT_FIELDS = FIELDS | {
    "messages": Field("any", required=True),
    "logprobs": Field("boolean"),
    "top_logprobs": Field("integer", ge=0, le=20),
    "store": Field("boolean"),
    "parallel_tool_calls": Field("boolean"),
    "reasoning_effort": Field("string", choices=EFFORTS),
    "chat_template_kwargs": Field("object"),
}


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat request whose every field is known to be good."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    form: Form
    offer: Offer
    logprobs: bool
    top_logprobs: int
    thinks: bool

    @property
    def prompt_tokens(self) -> int:
        """Count the tokens of the messages and of the tools, without those of pictures."""
        texts = sum(count_tokens(message.text) + _PER_MESSAGE for message in self.messages)
        return texts + self.offer.tokens + _PER_MESSAGE


def read_chat(body: Mapping[str, object]) -> ChatRequest:
    """
    Check a chat request.

    Raises
    ------
    ApiError
        422 with everything that is wrong in the body.
    """
    clean, problems = check_fields(body, _CHAT_FIELDS)
    messages: list[Message] = []
    if "messages" in clean:
        messages, found = read_messages(clean["messages"], ("body", "messages"))
        problems.extend(found)
    sampling, found = read_sampling(clean)
    problems.extend(found)
    form, found = read_form(clean)
    problems.extend(found)
    offer, found = read_tools(clean)
    problems.extend(found)
    if problems:
        raise invalid(problems)
    if clean.get("top_logprobs") and clean.get("logprobs") is not True:
        raise unserved("when using `top_logprobs`, `logprobs` must be set to true.", "top_logprobs")
    top = clean.get("top_logprobs")
    return ChatRequest(
        model=str(clean["model"]),
        messages=tuple(messages),
        sampling=sampling,
        form=form,
        offer=offer,
        logprobs=clean.get("logprobs") is True,
        top_logprobs=top if isinstance(top, int) else 0,
        thinks=_wants_thoughts(clean),
    )


def _wants_thoughts(body: Mapping[str, object]) -> bool:
    template = body.get("chat_template_kwargs")
    if isinstance(template, dict) and template.get("enable_thinking") is False:
        return False
    return body.get("reasoning_effort") != "none"
