"""The line grammar: flags, quotes, capture, and a prompt that stays verbatim."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nbnebius.commands import CHAT, COMMANDS, EMBED, IMAGE, MODELS
from nbnebius.errors import OptionError


@pytest.mark.parametrize(
    "prompt",
    [
        "Why  is\tthe 'sky' blue?",
        "it's -m here and -t 0 there",
        "what does git commit -a do?",
        'JSON like {"a": 1} and C:\\new\\table',
        "costs $5 and 3 << 4",
        "an em--dash and --no-such-flag-at-all in the middle of it",
        "- a list item",
        "-5 degrees is cold",
        "hello # not a comment",
        "--",
    ],
)
def test_the_prompt_is_verbatim(prompt):
    guard = "-- " if prompt == "--" else ""
    assert CHAT.parse(guard + prompt).prompt == prompt
    assert CHAT.parse(f"-t 0 -- {prompt}").prompt == prompt
    assert CHAT.parse("-t 0", f"{prompt}\n").prompt == prompt


def test_flags_stand_before_the_text():
    options = CHAT.parse('-m Qwen/Qwen3-32B -t 0.5 -s "be terse" --stop a --stop "b c" Hello')
    assert options.model == "Qwen/Qwen3-32B"
    assert options.temperature == 0.5
    assert options.system == "be terse"
    assert options.stop == ("a", "b c")
    assert options.prompt == "Hello"


def test_long_flags_may_stand_at_the_end():
    options = IMAGE.parse("An elephant in a desert --seed 7 --n=4")
    assert (options.prompt, options.seed, options.n) == ("An elephant in a desert", 7, 4)


def test_flags_before_and_after_the_text_add_up():
    options = CHAT.parse("-t 0 Hello --max-tokens 5")
    assert (options.temperature, options.max_tokens, options.prompt) == (0, 5, "Hello")


def test_a_long_flag_in_the_middle_of_prose_is_prose():
    text = "what do --seed 7 and --model x mean in this line?"
    assert CHAT.parse(text).prompt == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"two words"', "two words"),
        ("'two words'", "two words"),
        (r'"\n"', "\n"),
        (r'"a\tb\"c\\"', 'a\tb"c\\'),
        (r'"\u2028"', "\u2028"),
        (r"'\n'", r"\n"),
        (r"'it\'s'", "it's"),
        ("don't", "don't"),
        (r"C:\new", r"C:\new"),
        ("{{a and b}}", "{{a and b}}"),
    ],
)
def test_values_are_unquoted(written, read):
    options = CHAT.parse(f"--stop {written} rest of it")
    assert options.stop == (read,)
    assert options.prompt == "rest of it"
    assert CHAT.parse(f"--stop={written} rest of it") == options


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("top_k=50", 50),
        ("response_format={}", {}),
        ('guided_choice=["a b","c"]', ["a b", "c"]),
        ("""'guided_choice=["a b", "c"]'""", ["a b", "c"]),
        ("name=text", "text"),
        ("flag=true", True),
        ("ratio=NaN", "NaN"),
    ],
)
def test_set_reads_json_where_it_is_json(written, value):
    options = CHAT.parse(f"--set {written} Hello")
    assert [v for _, v in options.set] == [value]
    assert options.prompt == "Hello"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--temperatur 1 Hi", "did you mean --temperature?"),
        ("--temp 1 Hi", "There is no flag --temp"),
        ("-x Hi", "There is no flag -x"),
        ("-t warm Hi", "it takes a number"),
        ("-t nan Hi", "it takes a number"),
        ("-t inf Hi", "it takes a number"),
        ("--max-tokens 1.5 Hi", "it takes a whole number"),
        ("-t 0 -t 1 Hi", "--temperature is given twice"),
        ("-t 0 Hi --temperature 1", "--temperature is given twice"),
        ("--model", "--model needs a value"),
        ("Hi --model", "--model needs a value"),
        ("Hi --modle x", "did you mean --model?"),
        ("-s --fresh Hi", "--fresh is a flag of its own"),
        ("--fresh=yes Hi", "--fresh takes no value"),
        ('-s "be terse Hi', "A quote is not closed"),
        ('--set a=("b Hi', "A quote is not closed"),
        ("--set top_k Hi", "name=value"),
        ("--set 1=2 Hi", "name=value"),
        ('--set a={"b": 1} Hi', "in quotes where it holds blanks"),
        ("--set temperature=1 Hi", "use --temperature"),
        ("--set model=x Hi", "use --model"),
        ("--set private=true Hi", "use --private"),
        ("--set stream=false Hi", "stream cannot be set"),
        ("--set messages=[] Hi", "messages cannot be set"),
        ("-o 1x Hi", "is no variable name"),
        ("a << -o b Hi", "would go to both a and b"),
    ],
)
def test_what_makes_no_sense_is_an_error_in_words(line, words):
    with pytest.raises(OptionError) as caught:
        CHAT.parse(line)
    assert words in str(caught.value)
    assert len(caught.value._render_traceback_()) <= 3


def test_no_flag_is_abbreviated():
    with pytest.raises(OptionError, match="There is no flag --dry"):
        CHAT.parse("--dry Hello")


def test_choices_are_named():
    with pytest.raises(OptionError, match="line or paragraph or cell"):
        EMBED.parse("--by word", "text\n")
    with pytest.raises(OptionError, match="chat or vision"):
        MODELS.parse("--type huge")


@pytest.mark.parametrize(
    ("line", "out", "show", "text"),
    [
        ("answer << Hello", "answer", False, "Hello"),
        ("answer =<< Hello", "answer", True, "Hello"),
        ("answer<< -t 0 Hello", "answer", False, "Hello"),
        ("-o answer Hello", "answer", False, "Hello"),
        ("Hello --out answer", "answer", False, "Hello"),
        ("über << Hello", "über", False, "Hello"),
    ],
)
def test_where_the_answer_goes(line, out, show, text):
    options = CHAT.parse(line)
    assert (options.out, options.show, options.prompt) == (out, show, text)


def test_in_a_cell_the_line_holds_options_only():
    with pytest.raises(OptionError, match="holds options only"):
        CHAT.parse("-t 0 Hello", "body\n")


def test_the_body_is_verbatim_but_for_the_end_of_its_last_line():
    assert CHAT.parse("", "  --not a flag\n\n-o x\n\n").prompt == "  --not a flag\n\n-o x\n"


def test_templates_are_read_once_they_are_filled():
    options = CHAT.parse("-t {{heat}} Hi", fill=lambda _, text: text.replace("{{heat}}", "0.5"))
    assert options.temperature == 0.5
    assert CHAT.parse("-s {{x}} Hi").system == "{{x}}"
    raw = CHAT.parse("--raw -s {{x}} Hi", fill=lambda _, __: "filled")
    assert raw.system == "{{x}}"


def test_what_a_filled_template_gives_is_checked_too():
    with pytest.raises(OptionError, match="it takes a number"):
        CHAT.parse("-t {{heat}} Hi", fill=lambda *_: "warm")


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
@given(line=st.text(alphabet=st.sampled_from("-- mst=<{}\"'\\\t\n?abo0é"), max_size=30))
@example(line="-s")
@example(line='"')
@example(line="a =<<")
@example(line="--set")
def test_any_line_gives_a_record_or_an_option_error(command, line):
    for cell in (None, "body\n"):
        try:
            result = command.parse(line, cell)
        except OptionError as error:
            result = error
        if isinstance(result, OptionError):
            assert 1 <= len(result._render_traceback_()) <= 3
        else:
            assert isinstance(result, command.record)


@given(
    flags=st.lists(st.sampled_from(["-t 0", "--fresh", "-s 'a b'", "--stop=x"]), unique=True),
    text=st.text(min_size=1, max_size=60),
)
def test_any_text_after_two_dashes_is_verbatim(flags, text):
    assert CHAT.parse(" ".join([*flags, "--", text])).prompt == text


@given(text=st.text(max_size=60))
def test_any_text_without_dashes_is_verbatim_but_for_blanks_before_it(text):
    text = text.replace("-", "").replace("<<", "")
    assert CHAT.parse(f"-t 0 {text}").prompt == text.lstrip(" \t")


@given(line=st.text(max_size=200))
def test_any_text_at_all_gives_a_record_or_an_option_error(line):
    for cell in (None, line):
        try:
            options = CHAT.parse(line, cell)
        except OptionError:
            continue
        assert options.prompt in line


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("df.text -o v", {"texts": "df.text", "out": "v"}),
        ('"a -o b" --dimensions 8', {"texts": '"a -o b"', "dimensions": 8}),
        ("df.text   # a frame", {"texts": "df.text"}),
        ('-o v df["a b"]', {"texts": 'df["a b"]', "out": "v"}),
    ],
)
def test_an_argument_that_is_no_prose_has_flags_on_either_side(line, values):
    from nbnebius.commands import EMBED

    record = EMBED.parse(line)
    assert {name: getattr(record, name) for name in values} == values


def test_a_tail_that_begins_with_a_long_flag_may_hold_short_ones():
    from nbnebius.commands import CHAT, IMAGE

    drawn = IMAGE.parse("A house --n 3 -o g")
    assert (drawn.prompt, drawn.n, drawn.out) == ("A house", 3, "g")
    assert CHAT.parse("hello -o").prompt == "hello -o"


@pytest.mark.parametrize(
    ("flag", "meant"),
    [("--temp", "--temperature"), ("--max", "--max-tokens"), ("--tokens", "--max-tokens")],
)
def test_the_beginning_of_a_flag_names_that_flag(flag, meant):
    from nbnebius.commands import CHAT

    with pytest.raises(OptionError, match=meant):
        CHAT.parse(f"{flag} 2 hi")
