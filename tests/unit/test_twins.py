"""Each magic has a Python twin of the same name that takes the same arguments."""

import dataclasses
import inspect

import pytest

import nbnebius
from nbnebius.commands import COMMANDS
from nbnebius.magics.magic import MAGICS

# How a magic shows and hands over, and what a function's caller does by other means.
SHOWING = {"out", "quiet", "help", "show", "cell", "dry_run", "fresh", "raw"}
# Fields of the request, which the function takes as **parameters.
SAMPLING = {"temperature", "max_tokens", "top_p", "seed", "stop", "set"}
ONLY_MAGIC = {
    # saved prompts are read before; -c is thread=True, --as is Reply.show(as_), --code Reply.code
    "chat": SHOWING | SAMPLING | {"schema_multi", "with_", "continues", "as_", "code"},
    "compare": SHOWING | SAMPLING | {"file", "model"},  # one -m for each of `models`
    "completion": SHOWING | (SAMPLING | {"logprobs"}),
    "embed": SHOWING | {"by"},  # a list of texts is cut already
    "image": SHOWING,
    "map": SHOWING | SAMPLING | {"with_"},  # a saved prompt is read before
    "models": SHOWING | {"text"},  # what --search takes too
    "search": SHOWING,
    "explain": SHOWING | SAMPLING,
    "fix": SHOWING | SAMPLING | {"show_only"},
    "panel": SHOWING,
    "batches": SHOWING | {"words"},  # get_batch, cancel_batch
}
ONLY_FUNCTION = {
    "chat": {
        "stream",
        "cache",
        "multi",
    },  # a magic always streams; --fresh and `reuse` rule what is kept
    "compare": {"cache"},
    "completion": {"stream", "cache"},
    "embed": set(),
    "image": {"loras", "cache"},  # structured input comes by variable
    "map": set(),
    "models": {"api_key"},  # a key stands in no cell
    "batches": set(),
    "search": set(),
    "explain": {"cache"},
    "fix": {"cache"},
    "panel": set(),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_magic_and_its_function_take_the_same(name):
    command = COMMANDS[name]
    function = inspect.signature(getattr(nbnebius, name)).parameters
    named = {p for p, v in function.items() if v.kind is not v.VAR_KEYWORD}
    options = {each.name for each in dataclasses.fields(command.record)}
    assert options - ONLY_MAGIC[name] == named - ONLY_FUNCTION[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_sampling_needs_a_function_with_free_parameters(name):
    function = inspect.signature(getattr(nbnebius, name)).parameters
    free = any(v.kind is v.VAR_KEYWORD for v in function.values())
    assert free == (ONLY_MAGIC[name] >= SAMPLING)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_left_out_means_the_same(name):
    command = COMMANDS[name]
    function = inspect.signature(getattr(nbnebius, name)).parameters
    for option in command.options:
        # Which catalog is meant, and how many rows, is said by the function's own default.
        same = option.name in function.keys() - {"source", "search", "k"}
        # What a function must be given, a magic asks for in words.
        same = same and function[option.name].default is not inspect.Parameter.empty
        if same and option.kind not in {"switch", "list"}:
            default = command.record.__dataclass_fields__[option.name].default
            assert default == function[option.name].default


def test_every_magic_but_the_prefix_has_a_command():
    assert set(MAGICS) == {*COMMANDS, "nebius"}
    for name, command in COMMANDS.items():
        assert command.has_cell == ("cell" in MAGICS[name])
