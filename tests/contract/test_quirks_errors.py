"""Every peculiarity of Nebius's refusals and headers, as the three lines a user sees."""

import pytest
from answering import Says
from quirks import KEY, PROMPT, says, serving, shapes, shown, told

import nbnebius as neb
from nbnebius import errors

CHAT = "chat/completions"
# name: class, first line, words of the second and third line
ERRORS = {
    "no_key": (errors.AuthenticationError, "does not accept the key", "token is not present"),
    "bad_key": (errors.AuthenticationError, "does not accept the key", "Unable authenticate"),
    "no_funds": (errors.PaymentRequiredError, "no funds", "exhausted your budget"),
    "no_funds_text": (errors.PaymentRequiredError, "no funds", "exhausted your budget"),
    "no_such_model": (errors.NotFoundError, "no model 'TALKER' here", "the nearest are talker"),
    "method_not_allowed": (errors.ApiError, "status 405", "Method Not Allowed"),
    "missing_field": (errors.UnprocessableEntityError, "messages: Field required", ""),
    "several_fields": (
        errors.UnprocessableEntityError,
        "temperature: Input should be less than or equal to 2; messages.0.content: Input should",
        "",
    ),
    "schema_without_name": (
        errors.UnprocessableEntityError,
        "response_format.json_schema.name: Field required",
        "",
    ),
    "effort_of_bool": (errors.UnprocessableEntityError, "reasoning_effort: Input should be", ""),
    "backend_literal": (errors.BadRequestError, "cannot work with", "reasoning_effort: Input"),
    "backend_extra_parameter": (
        errors.BadRequestError,
        "cannot work with this request",
        "Unsupported parameter: chat_template_kwargs",
    ),
    "message_is_an_object": (errors.BadRequestError, "cannot work with", "wrong stop"),
    "error_is_a_text": (errors.BadRequestError, "cannot work with", 'Missing "Project" header'),
    "status_in_the_body": (
        errors.PermissionDeniedError,
        "may not do that",
        "Insufficient permissions: list",
    ),
    "message_on_top": (errors.BadRequestError, "cannot work with", "wrong stop"),
    "empty_body": (errors.BadRequestError, "the server cannot work with this request", ""),
    "web_page": (errors.ServerError, "with a web page", "A gateway"),
    "server_failed": (errors.ServerError, "status 500", "Internal Server Error"),
    "too_many": (errors.RateLimitError, "too many requests", "Rate limit exceeded"),
    "too_many_without_a_body": (errors.RateLimitError, "too many requests", "Wait"),
    "too_many_and_no_funds": (errors.PaymentRequiredError, "no funds", "exceeded your current"),
    "lora_refused": (errors.BadRequestError, "cannot work with", "LoRA validation error (URL)"),
}


def ask(model, *, stream):
    answer = neb.chat(PROMPT, model=model, stream=stream)
    return list(answer) if stream else answer


def refused(shape, model="talker", **options):
    with serving({CHAT: says(shape)}) as server:
        with pytest.raises(errors.ApiError) as caught:
            neb.chat(PROMPT, model=model, **options)
        assert len(server.asked(CHAT)) == 1
    return caught.value


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", shapes("errors"))
def test_three_lines_without_key_or_prompt(name, stream):
    shape = shapes("errors")[name]
    model = "TALKER" if name == "no_such_model" else "talker"
    with serving({CHAT: says(shape)}) as server:
        with pytest.raises(errors.ApiError) as caught:
            ask(model, stream=stream)
        assert len(server.asked(CHAT)) == 1
    error = caught.value
    kind, first, more = ERRORS[name]
    assert type(error) is kind
    assert error.status == shape["status"]
    assert first in error.what
    assert more in f"{error.why}\n{error.hint}"
    text = shown(error)
    assert PROMPT not in text
    assert KEY not in text
    assert "nginx" not in text


def test_missing_field_does_not_echo_even_a_part_of_the_input():
    text = shown(refused(shapes("errors")["missing_field"]))
    assert "canary" not in text
    assert "input" not in text


def test_backend_literal_does_not_echo_even_a_part_of_the_input():
    assert "canary" not in shown(refused(shapes("errors")["backend_literal"]))


def test_too_many_tells_the_pause_and_the_request():
    error = refused(shapes("errors")["too_many"])
    assert (error.retry_after, error.request_id) == (0.0, "req-1")


@pytest.mark.parametrize("name", ["too_many", "too_many_without_a_body"])
def test_too_many_is_asked_again_after_retry_after(name):
    plays = [told("errors", name), told("chat", "tool_answer")]
    with serving({CHAT: plays}, max_retries=2) as server:
        assert neb.chat(PROMPT, model="talker").text == "Rain."
        assert len(server.asked(CHAT)) == 2


HOPELESS = [
    *("no_key", "no_funds", "no_funds_text", "no_such_model", "missing_field"),
    *("backend_literal", "too_many_and_no_funds", "method_not_allowed"),
]


@pytest.mark.parametrize("name", HOPELESS)
def test_what_cannot_help_is_not_asked_again(name):
    with serving({CHAT: told("errors", name)}, max_retries=8) as server:
        with pytest.raises(errors.ApiError):
            neb.chat(PROMPT, model="talker")
        assert len(server.asked(CHAT)) == 1


def test_models_are_listed_although_the_account_has_no_funds():
    """A list of models says nothing about the balance."""
    with serving({CHAT: told("errors", "no_funds")}):
        assert list(neb.models()["id"]) == ["talker", "embedder", "painter"]
        with pytest.raises(errors.PaymentRequiredError, match="no funds"):
            neb.chat(PROMPT)


def test_no_key_for_the_list_of_models():
    refusing = serving({"/v1/models": told("errors", "no_key")})
    with refusing, pytest.raises(errors.AuthenticationError) as caught:
        neb.models()
    assert "NEBIUS_API_KEY" in shown(caught.value)


@pytest.mark.parametrize("name", shapes("context"))
def test_a_context_that_overflows(name):
    shape = shapes("context")[name]
    error = refused(shape)
    assert type(error) is errors.BadRequestError
    assert error.what == shape["sentence"]
    assert "Shorten the prompt" in error.hint
    assert PROMPT not in shown(error)


@pytest.mark.parametrize("name", shapes("headers"))
def test_headers_with_units_and_placeholders_slow_nothing_down(name):
    """1e10 with nothing remaining means no limit, and what cannot be read means nothing."""
    answer = told("chat", "tool_answer")
    with_headers = Says(body=answer.body, headers=shapes("headers")[name])
    with serving({CHAT: with_headers}) as server:
        for _ in range(3):
            reply = neb.chat(PROMPT, model="talker")
            assert (reply.text, reply.usage.total_tokens) == ("Rain.", 15)
        assert len(server.asked(CHAT)) == 3


def test_headers_are_read_with_their_units():
    from nbnebius.transport.headers import read_rate_limits

    read = {name: read_rate_limits(headers) for name, headers in shapes("headers").items()}
    units = read["units"]
    assert (units.limit_requests, units.remaining_tokens) == (600, 399990)
    assert (units.reset_requests, units.reset_tokens) == (1.0, 2.0)
    assert units.dynamic_remaining == 900.0
    assert (units.dynamic_usage_requests, units.dynamic_usage_tokens) == (0.01, 0.0)
    assert read["placeholders"].limit_tokens is None
    assert read["placeholders"].limit_requests is None
    assert read["placeholders"].reset_requests == 360.0
    assert read["over_limit"].over_limit
    assert read["over_limit"].reset_requests == 1.25
    nonsense = read["nonsense"]
    assert (nonsense.limit_requests, nonsense.remaining_requests) == (None, None)
    assert read["none"] is None


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_base_urls_in_every_form_that_is_pasted(ending):
    with serving({CHAT: told("chat", "tool_answer")}) as server:
        neb.connect(KEY, server.url.removesuffix("/v1/") + ending, max_retries=0)
        assert neb.chat(PROMPT, model="talker").text == "Rain."
        assert server.asked(CHAT)[0].path == "/v1/chat/completions"
        assert server.asked(CHAT)[0].headers["authorization"] == f"Bearer {KEY}"
