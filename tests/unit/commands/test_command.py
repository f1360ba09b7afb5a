"""Commands: help, and a record that survives being written as a cell."""

import dataclasses
from keyword import iskeyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.commands import COMMANDS, ChatOptions, EmbedOptions
from nbnebius.commands.command import RESERVED
from nbnebius.commands.map import MapOptions

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda n: not iskeyword(n))
VALUES = {
    "text": st.text(max_size=20).filter(lambda t: "{{" not in t),
    "whole": st.integers(-10, 10**12),
    "number": st.floats(allow_nan=False, allow_infinity=False),
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)


def records(command):
    """Give any record of a command that a user could mean."""
    fields = {}
    usual = {each.name: each.default for each in dataclasses.fields(command.record)}
    taken = {o.name for o in command.options} | RESERVED
    for option in command.options:
        if option.name == "out":
            fields[option.name] = st.none() | NAMES
        elif option.choices:
            fields[option.name] = st.just(usual[option.name]) | st.sampled_from(option.choices)
        elif option.kind == "switch":
            fields[option.name] = st.booleans()
        elif option.kind == "list":
            fields[option.name] = st.lists(VALUES["text"], max_size=2).map(tuple)
        elif option.kind == "pairs":
            pair = st.tuples(NAMES.filter(lambda n: n not in taken), JSON)
            fields[option.name] = st.lists(pair, max_size=2).map(tuple)
        else:
            fields[option.name] = st.just(usual[option.name]) | VALUES[option.kind]
    text = st.text(max_size=30)
    fields[command.text_field] = (
        text if command.has_cell else text.map(lambda t: " ".join(t.split()))
    )
    if command.has_cell:
        fields["cell"] = st.booleans()
    if command.line_text:
        fields[command.line_text] = NAMES | NAMES.map(lambda name: f'"{name}.head(3)"')
    return st.builds(command.record, **fields).flatmap(
        lambda r: st.booleans().map(lambda show: dataclasses.replace(r, show=show and bool(r.out)))
    )


def run_through_ipython(cell):
    """Split a cell as IPython does: the line and the body that a magic is given."""
    if cell.startswith("%%"):
        head, _, body = cell.partition("\n")
        return head[2:].partition(" ")[2], body
    (line,) = cell.splitlines()
    return line[1:].partition(" ")[2].strip(), None


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
@given(data=st.data())
def test_a_record_survives_being_written_as_a_cell(command, data):
    record = data.draw(records(command))
    line, body = run_through_ipython(command.to_cell(record))
    assert command.parse(line, body) == record


@pytest.mark.parametrize("name", ["#", "#1", "a#", "# not a comment"])
def test_a_value_that_looks_like_a_comment_is_read_back(name):
    record = MapOptions(frame="df", with_=name)
    line, body = run_through_ipython(COMMANDS["map"].to_cell(record))
    assert COMMANDS["map"].parse(line, body) == record


@given(texts=st.text(min_size=1, max_size=30))
def test_a_cell_of_texts_stays_a_cell(texts):
    cell = COMMANDS["embed"].to_cell(EmbedOptions(texts=texts, cell=True))
    assert cell == f"%%embed\n{texts}\n"


def test_a_short_question_is_a_line():
    cell = COMMANDS["chat"].to_cell(ChatOptions(prompt="Why?", temperature=0.0, out="a", show=True))
    assert cell == "%chat a =<< --temperature 0.0 Why?\n"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_the_help_names_every_flag_and_three_examples(command):
    text = command.help()
    for option in command.options:
        assert all(flag in text for flag in option.flags)
        assert option.help
    assert len(command.examples) == 3
    assert all(example.splitlines()[0] in text for example in command.examples)
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_flags_mean_the_same_everywhere(command):
    letters = {"-m": "model", "-o": "out", "-t": "temperature", "-q": "quiet", "-h": "help",
               "-s": "system", "-k": "k", "-c": "continues"}  # fmt: skip
    for option in command.options:
        for flag in option.flags:
            if not flag.startswith("--"):
                # -m A -m B fills `models`
                name = option.name.removesuffix("s") if option.repeats else option.name
                assert letters[flag] == name
