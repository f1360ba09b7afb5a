"""Asking for an answer in a given shape, and reading what models make of that."""

import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import NebiusError, OptionError
from nbnebius.work.json_text import find_json
from nbnebius.work.schema import to_schema
from nbnebius.work.structured import (
    AnswerError,
    instruction,
    read,
    repair_message,
    request_fields,
)

ONE = to_schema("mood good|bad, score int")
MANY = ONE.many()
GOOD = {"mood": "good", "score": 3}
TEXT = '{"mood": "good", "score": 3}'


def failure(text, schema=ONE, **more):
    with pytest.raises(AnswerError) as caught:
        read(text, schema, **more)
    error = caught.value
    assert isinstance(error, NebiusError)
    assert len(str(error).splitlines()) == 3 or not error.why
    assert len(str(error)) < 1_000
    assert len(error.text) <= 200
    assert 1 <= len(error.problems) <= 10
    return error


# -- asking ------------------------------------------------------------------------------------


def test_the_fields_of_a_request():
    assert request_fields(ONE) == {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": ONE.json, "strict": True},
        }
    }
    assert request_fields(ONE, "guided_json") == {
        "guided_json": ONE.json,
        "response_format": {"type": "json_object"},
    }
    with pytest.raises(OptionError, match="guided_json"):
        request_fields(ONE, "by magic")


def test_a_model_can_be_told_in_words():
    assert '"enum":["good","bad"]' in instruction(ONE)
    told = repair_message(["score: is missing", "mood: 'x\ny' is no mood"] * 9)
    assert told.count("\n- ") == 10
    assert "- score: is missing\n- mood: 'x y' is no mood\n" in told


# -- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"\n\n  {TEXT}\n",
        f"\ufeff{TEXT}",
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}",
        f"Here you are:\n\n```json\n{TEXT}\n```\nAnything else?",
        f"Sure! {TEXT} I hope {{this}} helps [1].",
        f"As {{asked}} in [1]: {TEXT}",
        f"{TEXT}\n\n{TEXT}",
        f"Infinity {TEXT}",
        f'First {{"mood": "mixed", "score": 3}} would not do, so {TEXT}',
        f"[{TEXT}]",
        '{"mood": " GOOD ", "score": "3"}',
        '{"score": 3.0, "mood": "good"}',
    ],
)
def test_a_good_answer_however_it_is_wrapped(text):
    parsed = read(text, ONE, finish_reason="stop")
    assert parsed.data == GOOD
    assert parsed.value == GOOD
    assert bool(parsed.notes) is (
        text.strip().removeprefix("\ufeff") != TEXT and "3.0" not in text
    ) or ("3.0" in text)


def test_code_fences_inside_a_text_are_part_of_it():
    schema = to_schema("code")
    text = '```json\n{"code": "```py\\nprint({1})\\n```"}\n```'
    assert read(text, schema).value == {"code": "```py\nprint({1})\n```"}


def test_line_breaks_inside_a_text_are_let_pass():
    assert read('{"code": "a\nb\tc"}', to_schema("code")).value == {"code": "a\nb\tc"}


def test_half_characters_become_replacement_characters():
    schema = to_schema("code")
    assert read('{"code": "\\ud83d"}', schema).value == {"code": "\N{REPLACEMENT CHARACTER}"}
    assert read('{"code": "\\ud83d\\udc69"}', schema).value == {"code": "👩"}
    assert read('hm {"code": ["\\ud83d", 1]}', to_schema({"type": "object"})).value["code"][1] == 1


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_an_answer_in_the_reasoning_is_found(text):
    thoughts = f'Perhaps {{"mood": "bad", "score": 1}}? No: {TEXT}'
    parsed = read(text, ONE, finish_reason="stop", reasoning=thoughts)
    assert parsed.value == GOOD
    assert parsed.notes == ["the answer was in the reasoning"]


def test_reasoning_that_was_cut_off_is_no_answer():
    error = failure("", finish_reason="length", reasoning=TEXT)
    assert error.truncated
    assert "reasoning" in error.why


def test_where_there_is_a_text_the_reasoning_is_not_read():
    failure("I cannot say.", reasoning=TEXT)


# -- many --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f'{{"items": [{TEXT}, {TEXT}]}}',
        f"[{TEXT}, {TEXT}]",
        f"{TEXT}\n{TEXT}",
        f"{TEXT}, {TEXT}",
        f"Two of them:\n- {TEXT}\n- {TEXT}",
    ],
)
def test_many_however_they_are_written(text):
    assert read(text, MANY).value == [GOOD, GOOD]


def test_one_where_many_are_asked_is_a_list_of_one():
    assert read(TEXT, MANY).value == [GOOD]
    assert read('{"items": []}', MANY).value == []


@pytest.mark.parametrize(
    ("text", "finish_reason"),
    [
        (f'{{"items": [{TEXT}, {{"mood": "go', "length"),
        (f'{{"items": [{TEXT}, {{"mood": "go', "stop"),
        (f"{TEXT}\n{TEXT[:9]}", "length"),
        (f"{TEXT}\n{TEXT[:9]}", "stop"),
        (f"{TEXT}\n{TEXT}", "length"),
        (f'{TEXT}\n{{"mood": "mixed", "score": 3}}', "stop"),
        (f'{TEXT}\n{{"items": [{TEXT}]}}', "stop"),
    ],
)
def test_some_are_never_taken_for_all(text, finish_reason):
    error = failure(text, MANY, finish_reason=finish_reason)
    assert error.truncated is (finish_reason == "length")


# -- what is said where it cannot be read ------------------------------------------------------


def test_cut_off():
    error = failure('{"mood": "good", "sco', finish_reason="length")
    assert error.truncated
    assert "--max-tokens" in error.hint
    assert "cut off" in error.what
    assert error.text.endswith("sco")
    assert failure("x" * 1_000, finish_reason="length").text == "x" * 200


def test_whole_in_spite_of_the_limit():
    assert read(TEXT, ONE, finish_reason="length").value == GOOD
    assert not failure('{"mood": "good"}', finish_reason="length").truncated


def test_not_json():
    error = failure("It is good, I would say 3.", finish_reason="stop")
    assert "not JSON" in error.what
    assert "It is good" in error.why
    assert not error.truncated


def test_empty():
    assert "empty" in failure("", finish_reason="stop").what
    assert "empty" in failure(None).what
    assert "not JSON" in failure("", reasoning="I wonder.").what


def test_stopped_by_a_filter():
    assert "filter" in failure("", finish_reason="content_filter").what


def test_it_does_not_fit():
    error = failure('{"mood": "meh", "score": "many", "x": 1}')
    assert error.problems == [
        "mood: 'meh' is none of 'good', 'bad'",
        "score: 'many' is not a whole number",
        "x: is not in the schema",
    ]
    assert "fit" in error.what
    wide = to_schema(", ".join(f"f{n}" for n in range(30)))
    assert "and 7 more" in failure("{}", wide).why


def test_several_answers_are_no_answer():
    error = failure(f'{TEXT} or {{"mood": "bad", "score": 1}}')
    assert "2 different" in error.problems[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"mood": "good", "mood": "bad", "score": 1}', "'mood' is there twice"),
        ('So: {"mood": "good", "mood": "good", "score": 1}', "'mood' is there twice"),
        ('{"mood": "good", "score": NaN}', "NaN"),
        ('{"mood": "good", "score": -Infinity}', "Infinity"),
        ('{"mood": "good", "score": 1e999}', "too large"),
        ('{"mood": "good", "score": ' + "9" * 5_000 + "}", "too many digits"),
        ('{"mood": "good", "score": 3,}', "line 1"),
        ("{'mood': 'good', 'score': 3}", "line 1"),
        ('{"wrong": {"mood": "good", "score": 3}', "line 1"),
        ("{'wrong': " + TEXT + "}", "line 1"),
        ("[" * 100_000, "deep"),
        ("So " + "[" * 100_000, "deep"),
    ],
)
def test_what_is_not_safe_to_read_is_refused(text, said):
    assert said in failure(text).problems[0]


def test_what_a_type_itself_refuses_is_told():
    @dataclass
    class Person:
        name: str

        def __post_init__(self):
            if self.name == "Nobody":
                raise ValueError("nobody is\nno name")
            if self.name == "Zero":
                raise ZeroDivisionError

    schema = to_schema(Person)
    assert read('{"name": "A"}', schema).value == Person("A")
    assert failure('{"name": "Nobody"}', schema).problems == ["answer: nobody is no name"]
    assert failure('{"name": "Zero"}', schema).problems == ["answer: ZeroDivisionError"]
    several = failure('[{"name": "A"}, {"name": "Nobody"}]', to_schema(list[Person]))
    assert "nobody is no name" in several.problems[0]


def test_what_a_pydantic_model_refuses_is_told():
    pydantic = pytest.importorskip("pydantic")

    class Price(pydantic.BaseModel):
        usd: float

        @pydantic.field_validator("usd")
        @classmethod
        def lucky(cls, usd):
            if usd == 13:
                raise ValueError("13 is unlucky")
            return usd

    assert read('{"usd": "1.5"}', to_schema(Price)).value == Price(usd=1.5)
    assert failure('{"usd": 13}', to_schema(Price)).problems == ["usd: Value error, 13 is unlucky"]
    assert "usd" in failure('{"items": [{"usd": 13}]}', to_schema(Price).many()).problems[0]


def test_control_characters_do_not_reach_the_screen():
    error = failure("\x1b[31mred\x07" * 9)
    drawn = "\n".join(error._render_traceback_())
    assert "\x1b" not in drawn + str(error)
    assert "\x1b" not in str(failure('{"\\u001b[31m": 1}'))


@given(
    st.text(max_size=80) | st.text('{}[]",:ab1 \n\\u', max_size=80), st.sampled_from([ONE, MANY])
)
def test_any_text_is_read_or_refused(text, schema):
    for finish_reason in ("stop", "length"):
        found = None
        try:
            found = read(text, schema, finish_reason=finish_reason, reasoning=text).data
        except AnswerError as error:
            found = error.problems
        assert found


@given(st.text(alphabet=st.characters(blacklist_characters="{}[]")))
def test_prose_around_an_answer_does_not_matter(prose):
    assert read(f"{prose}\n{TEXT}\n{prose}", ONE).value == GOOD


@pytest.mark.parametrize(
    "text",
    ["[" * 900 + "x" + "]" * 900, "{x}" * 300_000, "[1]" * 50_000, '{"' * 300_000, "x" * 1_000_000,
     "```" * 300_000, '{"a": ' * 100_000],
)  # fmt: skip
def test_no_text_takes_long(text):
    start = time.monotonic()
    find_json(text)
    assert time.monotonic() - start < 5


def test_too_many_values_are_none():
    assert find_json("[] " * 100_001).problem == "it holds too many JSON values"
