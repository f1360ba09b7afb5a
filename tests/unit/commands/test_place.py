"""What stands at the cursor of a half-written line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.commands import CHAT, MAP
from nbnebius.commands.place import flags_at, place_of


@pytest.mark.parametrize(
    ("line", "what", "fragment", "option"),
    [
        ("", "text", "", None),
        ("-", "flag", "-", None),
        ("--mo", "flag", "--mo", None),
        ("-m", "flag", "-m", None),
        ("-m ", "value", "", "model"),
        ("-m Qwen/Qwen3-3", "value", "Qwen/Qwen3-3", "model"),
        ("--model=Qw", "value", "Qw", "model"),
        ("--model=", "value", "", "model"),
        ('-s "you are', "value", "you are", "system"),
        ("-t 0 why is --mo", "flag", "--mo", None),
        ("why is --model ", "value", "", "model"),
        ("why is --model x -t ", "value", "", "temperature"),
        ("why -m", "text", "-m", None),  # a short flag in prose is prose
        ("why --model x then -t", "text", "-t", None),
        ("-- --mo", "text", "--mo", None),
        ("answer << -m Q", "value", "Q", "model"),
        ("--nothing x", "text", "x", None),
        ("-q wh", "text", "wh", None),
    ],
)
def test_in_a_line_of_prose(line, what, fragment, option):
    place = place_of(line, CHAT.options, prose=True)
    assert (place.what, place.fragment) == (what, fragment)
    assert (place.option.name if place.option else None) == option


def test_a_line_with_an_argument_has_flags_on_both_sides():
    place = place_of("reviews --via ", MAP.options, prose=False)
    assert (place.what, place.words) == ("value", ["reviews"])
    assert place_of("reviews -o", MAP.options, prose=False).what == "flag"
    assert place_of("--sample 5 rev", MAP.options, prose=False).fragment == "rev"


def test_a_flag_that_is_given_is_not_offered_again_but_a_list():
    place = place_of("-m x --stop y --", CHAT.options, prose=True)
    offered = flags_at(place, CHAT.options)
    assert "--model" not in offered
    assert "--stop" in offered
    assert "-m" not in flags_at(place_of("-m x -", CHAT.options, prose=True), CHAT.options)
    assert "-t" in flags_at(place_of("-", CHAT.options, prose=True), CHAT.options)


@given(st.text(alphabet="-mt \"'{}<=ab\\\n", max_size=30), st.booleans())
def test_any_half_line_has_a_place_and_its_end_is_the_fragment(line, prose):
    place = place_of(line, CHAT.options, prose=prose)
    assert line.endswith(place.fragment)
