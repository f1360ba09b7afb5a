"""The map panel without widgets: its prices, its runs, its stop, the marks on its answers."""

import time

import pandas as pd
import pytest
from answering import Answering
from labeller import Labeller, refuses

import nbnebius
from nbnebius.errors import OptionError
from nbnebius.panels.map.state import MapState
from nbnebius.panels.map.view import MapPanel
from nbnebius.work.map.run import SAME_AT_START

SCHEMA = "label positive|negative, why: in ten words"
LONGEST = 60


@pytest.fixture
def reviews(variables):
    variables["reviews"] = pd.DataFrame(
        {"text": [f"Review {n} of a chair" for n in range(30)]}, index=range(100, 130)
    )
    return variables["reviews"]


@pytest.fixture
def panel(variables, reviews, session):
    state = MapState("reviews")
    state.change(prompt="Judge: {text}", schema=SCHEMA)
    return state


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def slow(variables, server):
    """Give a panel whose server answers when the test lets it."""
    variables["letters"] = pd.DataFrame({"text": [f"t{n}" for n in range(40)]})
    with Answering(server) as running:
        nbnebius.connect(base_url=running.url, max_retries=0)
        state = MapState("letters")
        state.change(prompt="{text}")
        yield state


def until(condition):
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def planned(state, done):
    state.look_ahead()
    return done(state)


def tried(state, done, rows=10):
    state.sample = rows
    planned(state, done).run_sample()
    return done(state)


def test_it_lists_frames_columns_and_models_that_can_be_asked(variables, panel, done):
    variables["other"] = pd.DataFrame({"a": [1]})
    variables["no_frame"] = 3
    panel.open()
    done(panel)
    assert panel.frames == ["other", "reviews"]
    assert panel.columns == ["text"]
    assert panel.models
    assert not any("embed" in name.lower() for name in panel.models)
    panel.change(prompt="")
    panel.insert("text")
    panel.insert("text")
    assert panel.question.prompt == "{text} {text}"


def test_nothing_can_be_run_before_its_price_is_known(panel, done):
    assert panel.offers.all == panel.offers.sample == ""
    panel.run_all()
    assert "not known yet" in panel.error
    planned(panel, done)
    assert panel.offers.all.startswith("Run 30 rows, about USD 0.")
    assert panel.offers.sample.startswith("Try 20 rows, about USD 0.")
    panel.sample = 5
    assert panel.offers.sample.startswith("Try 5 rows, at most about USD 0.")
    online = panel.offers.all
    panel.change(via="batch")
    assert panel.offers.all.startswith("Run 30 rows by batch, about USD 0.")
    assert panel.offers.all != online


def test_a_price_is_of_what_is_written_now_and_of_the_frame_as_it_is_now(
    variables, panel, reviews, done
):
    planned(panel, done)
    panel.change(prompt="Judge well: {text}")
    assert not panel.is_planned
    panel.change(prompt="Judge: {text}")
    assert panel.is_planned
    panel.change(budget="0.1")
    assert panel.is_planned
    variables["reviews"] = pd.concat([reviews, reviews])
    assert not panel.is_planned
    panel.run_all()
    assert "not known yet" in panel.error
    assert panel.job is None


def test_looking_ahead_buys_nothing(panel, done, session):
    planned(panel, done)
    assert [text[:15] for text in panel.plan.prompts] == [
        "Judge: Review 0",
        "Judge: Review 1",
        "Judge: Review 2",
    ]
    assert len(session.usage()) == 0


def test_a_sample_then_all_rows_and_the_sample_is_not_bought_again(variables, panel, done):
    tried(panel, done)
    assert len(variables["answers"]) == 10
    assert panel.job.summary.startswith("10 rows · 10 bought")
    assert panel.offers.sample == "Try 10 rows, all kept, USD 0"
    panel.run_all()
    done(panel)
    frame = variables["answers"]
    assert panel.job.summary.startswith("30 rows · 20 bought · 10 kept already")
    assert list(frame.columns[:3]) == ["text", "label", "why"]
    assert set(frame["neb_status"]) == {"ok"}
    assert panel.offers.all == "Run 30 rows, all kept, USD 0"
    assert panel.offers.left == ""
    assert "neb_rating" not in frame


def test_what_is_there_is_bound_while_it_runs_and_stop_lets_paid_answers_land(
    variables, slow, server, done
):
    planned(slow, done)
    server.go.clear()
    slow.run_all()
    until(lambda: server.prompts and "answers" in variables)
    assert set(variables["answers"]["neb_status"]) == {"unsent"}
    assert slow.busy
    slow.stop()
    until(lambda: slow.doing.startswith("stopping"))
    server.go.set()
    assert slow.wait(LONGEST)
    assert slow.error == ""
    assert slow.status.startswith("stopped")
    sent, frame = len(server.prompts), variables["answers"]
    assert (frame["neb_status"] == "ok").sum() == sent
    # Running again does what is left, and no more.
    if sent < 40:
        assert slow.offers.left.startswith(f"Run again the {40 - sent} left")
        slow.run_left()
        done(slow)
    assert len(server.prompts) == 40
    assert set(variables["answers"]["neb_status"]) == {"ok"}


def test_what_failed_is_data_and_is_asked_again(variables, slow, server, done):
    bad = {f"t{n}" for n in range(20, 23)}
    server.answer = lambda prompt: refuses(422, "no") if prompt in bad else f"<{prompt}>"
    assert len(bad) < SAME_AT_START
    planned(slow, done).run_all()
    done(slow)
    assert "3 failed" in slow.job.summary
    slow.choose("failed")
    assert list(slow.results.table("failed")["row"]) == [21, 22, 23]
    assert slow.place == 20
    assert slow.offers.left.startswith("Run again the 3 left")
    server.answer = lambda prompt: f"<{prompt}>"
    slow.run_left()
    done(slow)
    assert len(server.prompts) == 43
    assert list(variables["answers"]["answer"]) == [f"<t{n}>" for n in range(40)]


def test_a_budget_that_is_reached_leaves_what_was_bought(variables, panel, done):
    panel.change(max_tokens="60", budget="0.0001")
    planned(panel, done).run_all()
    assert panel.wait(LONGEST)
    assert "budget" in panel.error.lower()
    status = variables["answers"]["neb_status"].value_counts()
    assert status["ok"] > 0
    assert status["unsent"] > 0


def test_marks_and_edits_stand_in_the_bound_frame_and_pass_from_the_sample_to_all(
    variables, panel, done
):
    tried(panel, done)
    panel.rate("good")
    panel.rate("bad")
    panel.edit("why", "by hand")
    panel.go_to(3)
    panel.edit("label", "negative")
    frame = variables["answers"]
    assert panel.error == ""
    assert list(frame["neb_rating"][:3].astype(object).where(lambda s: s.notna(), None)) == [
        "good",
        "bad",
        None,
    ]
    assert list(frame["neb_edited"][:4]) == [False, False, True, True]
    assert frame["why"].iloc[2] == "by hand"
    marked = {name: frame.index[place] for name, place in (("good", 0), ("bad", 1), ("hand", 2))}
    panel.run_all()
    done(panel)
    whole = variables["answers"]
    assert len(whole) == 30
    assert whole.loc[marked["good"], "neb_rating"] == "good"
    assert whole.loc[marked["bad"], "neb_rating"] == "bad"
    assert whole.loc[marked["hand"], "why"] == "by hand"
    assert whole["neb_edited"].sum() == 2
    assert list(panel.results.table("bad")["neb_rating"]) == ["bad"]
    assert len(panel.results.table("not rated")) == 28
    assert len(panel.results.table("edited")) == 2
    panel.clear_marks()
    assert "neb_rating" not in variables["answers"]


def test_marks_are_not_lost_to_another_question(variables, panel, done):
    tried(panel, done)
    panel.rate("good")
    marked = variables["answers"]
    panel.change(prompt="Judge again: {text}")
    planned(panel, done).run_sample()
    assert "answers holds 1 marks of yours" in panel.error
    assert variables["answers"] is marked
    panel.rename("second")
    panel.run_sample()
    done(panel)
    assert variables["answers"] is marked
    assert "neb_rating" not in variables["second"]


def test_an_answer_by_hand_keeps_the_columns_type(panel, done):
    tried(panel, done)
    panel.edit("label", "splendid")
    assert panel.error == "'label' cannot be 'splendid'\nits choices are positive, negative"
    panel.edit("label", "")
    assert panel.results.frame["label"].isna().sum() == 1
    assert panel.results.frame["label"].dtype == "category"


def test_a_frame_that_a_cell_put_elsewhere_is_not_written_into(variables, panel, done):
    tried(panel, done)
    variables["answers"] = "mine"
    panel.rate("good")
    assert "not the panel's frame any more" in panel.error
    assert variables["answers"] == "mine"
    panel.rename("judged")
    panel.rate("good")
    assert variables["judged"]["neb_rating"].notna().sum() == 1


def test_the_result_never_takes_the_place_of_the_frame_it_is_made_from(variables, panel, done):
    panel.rename("reviews")
    assert "the frame it is made from" in panel.error
    panel.rename("not a name")
    assert "no variable name" in panel.error
    assert panel.out == "answers"
    panel.rename("judged")
    panel.change(frame="judged")
    variables["judged"] = variables["reviews"]
    planned(panel, done).run_all()
    assert "the frame it is made from" in panel.error


def test_a_name_that_nobody_typed_takes_the_place_of_nothing(variables, panel, done):
    variables["answers"] = "mine"
    tried(panel, done)
    assert panel.out == "answers_2"
    panel.run_all()
    done(panel)
    assert (panel.out, len(variables["answers_2"])) == ("answers_2", 30)
    # Another panel on the same frame has its own result, and its own marks.
    panel.rate("good")
    other = MapState("reviews")
    other.change(prompt="Judge: {text}", schema=SCHEMA)
    tried(other, done)
    other.rate("bad")
    assert other.out == "answers_3"
    assert variables["answers_2"]["neb_rating"].dropna().tolist() == ["good"]
    assert variables["answers_3"]["neb_rating"].dropna().tolist() == ["bad"]
    assert variables["answers"] == "mine"


def test_an_answer_that_is_being_typed_stays_while_the_run_renews_the_frame(panel, done):
    shown = MapPanel("map", panel)
    assert shown.widget
    tried(panel, done)
    typed = shown._browse._text
    typed.value = "half writ"
    panel.take(panel.job)
    assert typed.value == "half writ"
    panel.step(1)
    assert typed.value == panel.results.answer(panel.place, "label")


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("budget", "ten", "budget cannot be 'ten'"),
        ("max_tokens", "1.5", "max tokens cannot be '1.5'"),
        ("prompt", "Judge {{reviews}}: {text}", "{{reviews}} is filled in cells only"),
        ("prompt", "Judge {txt}", "no column 'txt'"),
        ("schema", "label a|a", "has a choice twice"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(panel, field, typed, told):
    panel.change(**{field: typed})
    panel.look_ahead()
    assert panel.wait(LONGEST)
    assert told in panel.error
    assert not panel.is_planned


def test_the_cell_asks_the_same(panel):
    panel.change(model="a/b", budget="0.50", max_tokens="60", via="batch", system="Be brief")
    assert panel.to_cell() == (
        '%%map --out answers --model a/b --max-tokens 60 --schema "label positive|negative, '
        'why: in ten words" --system "Be brief" --via batch --budget 0.5 reviews\nJudge: {text}\n'
    )


def test_a_schema_by_the_name_of_a_variable(variables, panel, done):
    variables["Shape"] = {"type": "object", "properties": {"mood": {"type": "string"}}}
    panel.change(schema="Shape")
    tried(panel, done, rows=2)
    assert "mood" in variables["answers"]


class Polars:
    """A frame of another library, that can become one of pandas."""

    def __init__(self, **columns):
        self.frame = pd.DataFrame(columns)
        self.columns = list(self.frame.columns)
        self.shape = self.frame.shape

    def __len__(self):
        return len(self.frame)

    def to_pandas(self):
        return self.frame


def test_a_frame_of_another_library_is_asked_too(variables, session, done):
    variables["rows"] = Polars(text=["one", "two"])
    state = MapState("rows")
    assert state.columns == ["text"]
    state.change(prompt="Repeat: {text}")
    tried(state, done, rows=1)
    state.rate("good")
    state.run_all()
    done(state)
    assert variables["answers"]["neb_rating"].notna().sum() == 1


def test_what_stays_in_the_notebook_is_the_question_and_its_first_answers(panel, done):
    shown = MapPanel("map", panel)
    assert shown.kept()["text/plain"] == "Judge: {text}"
    tried(panel, done)
    kept = shown.kept()
    assert "answers: 10 rows · 10 bought" in kept["text/plain"]
    assert kept["text/html"].count("<tr>") == 11


@pytest.mark.parametrize(
    ("name", "frame", "told"),
    [
        ("map", "nothing", "There is no variable 'nothing'"),
        ("map", "number", "A int has no rows to ask about"),
        ("files", "reviews", "The files panel takes no frame"),
        ("mop", None, "did you mean map?"),
    ],
)
def test_a_panel_that_cannot_be_opened_says_why(variables, reviews, name, frame, told):
    variables["number"] = 3
    with pytest.raises(OptionError, match=told.replace("?", "[?]")):
        nbnebius.panel(name, frame=frame)
