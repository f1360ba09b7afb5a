import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius import errors
from nbnebius.transport.answers import looks_whole, read_error
from nbnebius.transport.faults import About, api_error, redirected, unreadable
from nbnebius.types.secret import Secret

KEY = "canary-key-0123456789-abcdef"
PROMPT = "what does the canary sing in the morning?"
ABOUT = About(
    "https://api.test",
    "chat/completions",
    "some/model",
    Secret(KEY),
    json.dumps({"prompt": PROMPT}).encode(),
)


def error(status, body, headers=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api_error(status, headers or {}, data, ABOUT)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"detail": "Couldn't authenticate. Reason: token is not present"},
         errors.AuthenticationError, "%nebius login"),
        (401, {"error": "Unauthorized"}, errors.AuthenticationError, "NEBIUS_API_KEY"),
        (402, b"Payment Required: You have exhausted your budget.",
         errors.PaymentRequiredError, "Add funds"),
        (403, {"status": 403, "error": "Insufficient permissions: list"},
         errors.PermissionDeniedError, "Insufficient permissions"),
        (404, {"detail": "The model `X` does not exist."}, errors.NotFoundError,
         "no model 'some/model'"),
        (400, {"error": {"message": "x", "code": "model_not_found"}}, errors.NotFoundError,
         "no model"),
        (404, {"detail": "Not Found"}, errors.NotFoundError, "has no chat/completions"),
        (405, {"detail": "Method Not Allowed"}, errors.ApiError, "405"),
        (422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required",
                           "input": {"prompt": PROMPT}}]},
         errors.UnprocessableEntityError, "messages: Field required"),
        (400, {"error": {"message": "1 validation error:\n  {'type': 'literal_error', 'loc': "
                         "('body', 'reasoning_effort'), 'msg': 'Input should be low', 'input': '"
                         + PROMPT + "'}"}},
         errors.BadRequestError, "reasoning_effort: Input should be low"),
        (400, {"error": {"message": {"message": "inner", "code": 7}}}, errors.BadRequestError,
         "inner"),
        (400, {"error": {"message": "outer", "type": "BadRequest", "code": 400}},
         errors.BadRequestError, "outer"),
        (400, {"message": "on top"}, errors.BadRequestError, "on top"),
        (400, {"title": "Bad Request", "status": 400}, errors.BadRequestError, "Bad Request"),
        (400, [{"error": {"message": "in a list"}}], errors.BadRequestError, "in a list"),
        (400, b"", errors.BadRequestError, "cannot work with"),
        (429, {"error": {"message": "slow down", "code": "429"}}, errors.RateLimitError, "slow"),
        (429, {"error": {"message": "INSUFFICIENT QUOTA"}}, errors.RateLimitError, "too many"),
        (429, {"error": {"message": "x", "type": "insufficient_quota"}},
         errors.PaymentRequiredError, "funds"),
        (500, b"Internal Server Error", errors.ServerError, "500"),
        (502, b"<html><body>Bad gateway", errors.ServerError, "web page"),
        (418, b"\xff\xfe", errors.ApiError, "418"),
    ],
)  # fmt: skip
def test_every_shape(status, body, kind, words):
    found = error(status, body)
    assert type(found) is kind
    assert words in str(found)
    assert found.status == status
    assert KEY not in str(found)
    assert PROMPT not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "maximum context length is 2048 tokens. However, you requested 12036 tokens (12012 in ...)",
        "maximum context length (2048) exceeded: your request resolved to 12036 input tokens",
        "input token count (12036) exceeds the maximum context length of 2048",
    ],
)
def test_context_length_tells_by_how_much(text):
    found = error(400, {"error": {"message": text}})
    assert found.what == "the request is 9,988 tokens too long: 12,036 of 2,048"


def test_the_nearest_names_have_room():
    assert error(404, {"detail": "The model `X` does not exist."}).model_missing
    assert not error(404, {"detail": "Not Found"}).model_missing


def test_attributes():
    found = error(
        429,
        {"error": {"message": "x", "code": "slow_down"}},
        {"retry-after": "7", "x-request-id": "r-1"},
    )
    assert found.retry_after == 7
    assert found.code == "slow_down"
    assert found.request_id == "r-1"


def test_long_words_are_cut():
    assert len(error(400, {"detail": "y" * 10_000}).why) < 330


def test_a_redirect_names_the_host_only():
    found = redirected(307, f"https://evil.test:444/steal?key={KEY}", ABOUT)
    assert "https://evil.test" in str(found)
    assert KEY not in str(found)
    assert "not followed" in found.what
    assert "another path" in str(redirected(308, "/elsewhere", ABOUT))
    assert redirected(302, "http://[", ABOUT).status == 302


def test_html_with_200():
    found = unreadable("no answer", b"<!DOCTYPE html><html>", "text/html", ABOUT)
    assert "look at the address" in str(found)
    assert found.body.startswith("<!DOCTYPE")


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (b' {"a": 1}\n', True),
        (b"[]", True),
        (b"", False),
        (b'{"a": ', False),
        (b"<html>", False),
        (b'{"error": {"message": "x"}}', False),
        (b'{"error": null, "id": 1}', True),
    ],
)
def test_looks_whole(body, whole):
    assert looks_whole(body) is whole


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "msg", "loc", "code", "type", "input"]),
            inner,
        )
    ),
    max_leaves=15,
)


@given(json_values, st.integers(300, 599))
def test_any_body_gives_an_error(value, status):
    assert isinstance(error(status, value), errors.ApiError)


@given(st.binary())
def test_any_bytes_give_an_error(body):
    read_error(body)
    assert isinstance(error(500, body), errors.ServerError)
