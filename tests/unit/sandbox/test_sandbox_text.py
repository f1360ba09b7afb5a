"""Free text visibly relates to what was said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.text import write
from nbnebius.sandbox.engines.tokens import count_tokens
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import words

ADA = "Ada was born in 1815 in London. She wrote the first program. Babbage built the engine."


def say(prompt, variant=0, **fields):
    return write(Conversation(prompt, **fields), Voice([prompt], variant))


@given(st.text(max_size=300), st.integers(0, 3))
@settings(max_examples=200, deadline=None)
def test_any_prompt_has_an_answer_and_always_the_same(prompt, variant):
    text = say(prompt, variant)
    assert text
    assert text == say(prompt, variant)


@pytest.mark.parametrize(
    "prompt", ["Why is the sky blue?", "Explain pandas DataFrames", "Tell me about whales", "help"]
)
def test_a_bare_prompt_is_worth_watching_and_honest_once(prompt):
    text = say(prompt)
    assert 40 <= count_tokens(text) <= 140
    assert text.count("extractive engine") == 1
    assert words(prompt)[-1].lower() in text.lower()


@pytest.mark.parametrize(
    "prompt", ["Why is the sky blue?", "Hello!", "2+2", "Name a capital of Peru"]
)
def test_the_next_variant_is_worded_differently(prompt):
    assert say(prompt, 0) != say(prompt, 1)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("What is 17 * 23?", "391"),
        ("2+2", "4"),
        ("what is (3 + 4) times 2", "14"),
        ("Compute 2^10 please", "1024"),
        ("1,200 plus 300", "1500"),
        ("10 divided by 4", "2.5"),
        ("What is the average of 2, 4 and 9?", "5"),
        ("sum of 1.5 and 2", "3.5"),
        ("What is 7 - 12?", "-5"),
        ("What's 15% of 80?", "12"),
    ],
)
def test_arithmetic(prompt, expected):
    assert expected in say(prompt)


@pytest.mark.parametrize(
    "prompt",
    ["What happened on 2024-05-17?", "Call 555-01-99", "1/0", "9^9^9^9^9", "((((1+", "3 -"],
)
def test_what_is_no_sum_is_not_calculated(prompt):
    assert " = " not in say(prompt)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Count from 1 to 5", "1, 2, 3, 4, 5"),
        ("Please count to 3.", "1, 2, 3"),
        ("Count from 5 down to 3", "5, 4, 3"),
        ("Reply with the word pong", "pong"),
        ('Say "good evening"', "good evening"),
        ("Repeat after me: all is well", "all is well"),
        ("Reply only with: OK", "OK"),
        ("Classify as positive, negative or neutral: awful, it broke", "negative"),
        ("Is this review positive or negative? I love it", "positive"),
        ("Is this positive or negative? It is not good", "negative"),
        ("Classify this review: lovely room, friendly staff", "positive"),
        ("Classify into billing, shipping or returns: the shipping took weeks", "shipping"),
        ("How many r's are there in strawberry?", 'There are 3 "r" in "strawberry".'),
    ],
)
def test_exact_answers(prompt, expected):
    assert say(prompt) == expected


def test_an_answer_is_quoted_from_the_context():
    text = say(f"Context: {ADA}\n\nQuestion: Where was Ada born?")
    assert "Ada was born in 1815 in London." in text
    assert "Babbage" not in text


def test_the_context_may_stand_in_the_system_or_earlier():
    question = "Who built the engine?"
    assert "Babbage" in say(question, system=ADA)
    assert "Babbage" in say(question, earlier=(("user", ADA), ("assistant", "I see.")))


def test_a_name_is_remembered():
    assert "Ada" in say("What is my name?", earlier=(("user", "Hi, my name is Ada."),))
    assert "not" in say("What is my name?")


def test_lists_are_as_long_as_asked():
    assert len(say("Give me 7 ideas for a birthday party").splitlines()) == 7
    assert say("List three planets").startswith("1. ")
    assert len(say("List three planets").splitlines()) == 3


def test_long_texts_are_as_long_as_asked():
    text = say("Write 300 words about rain and rivers")
    body = text.split("\n", 1)[1]
    assert 290 <= len(body.split()) <= 310
    assert count_tokens(say("Write a long story about a fox")) > 300
    assert count_tokens(say("Count from 1 to 500")) > 900


def test_markdown_when_asked():
    assert "| --- |" in say("Draw a markdown table about cats and dogs")
    code = say("Write a Python function for fibonacci")
    assert "```python\n" in code
    assert code.count("```") == 2


def test_a_summary_is_made_of_the_text_s_sentences():
    text = say(f"Summarize in one sentence: {ADA}")
    assert text in ADA


def test_tool_results_are_told():
    text = say("Weather?", results=(("get_weather", '{"celsius": 21}'),))
    assert "`get_weather`: celsius 21" in text
