"""A caller's rule, a note's once, a stream's end, a picture's file."""

import io
from pathlib import Path

import pytest
from PIL import Image

from nbnebius.errors import NebiusError, OptionError
from nbnebius.journal import Journal
from nbnebius.results import Reply
from nbnebius.session import FUNCTION, Caller, telling
from nbnebius.session.saving import save_picture
from nbnebius.session.stream import TextStream
from nbnebius.types.answers import ChatResult, PictureResult
from nbnebius.types.chat import ChatCompletion
from nbnebius.work.origin import Origin


@pytest.mark.parametrize(
    ("caller", "cache", "private", "expected"),
    [
        (FUNCTION, False, False, Origin("s")),
        (FUNCTION, True, False, Origin("s", reuse="always", shared=True)),
        (FUNCTION, True, True, Origin("s", private=True)),
        (Caller("c", "restart"), False, False, Origin("s", "c", reuse="restart", shared=True)),
        (Caller("c", "never"), True, False, Origin("s", "c", reuse="never", shared=True)),
        (Caller("c", "always"), True, True, Origin("s", "c", private=True)),
        (Caller("c", shared=True), False, False, Origin("s", "c", reuse="never", shared=True)),
    ],
)
def test_the_caller_decides_what_may_be_shown(caller, cache, private, expected):
    assert caller.origin("s", cache=cache, private=private) == expected


def test_where_answers_are_kept_is_told_once_per_journal(tmp_path):
    journal = Journal(tmp_path / "home" / "journal.sqlite")
    try:
        assert "private on" in telling.where_kept(journal).text
        assert telling.where_kept(journal) is None
    finally:
        journal.close()


def test_a_path_is_shown_from_home_on(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert telling.short(tmp_path / "a" / "b") == "~/a/b"
    assert telling.short(Path("/elsewhere/b")) == "/elsewhere/b"


def test_a_terminal_gets_notes_only(capsys):
    from nbnebius.events import Note, TextDelta

    tell = telling.Teller()
    tell(TextDelta("model text"))
    tell(Note("known once"))
    out, err = capsys.readouterr()
    assert (out, err) == ("", "nbnebius: known once\n")


def test_a_text_stream_has_its_reply_after_its_end():
    def pieces():
        yield "a"
        yield "b"
        return Reply(ChatResult(ChatCompletion(), "ab", None, "m", None, None))

    stream = TextStream(pieces())
    assert next(stream) == "a"
    with pytest.raises(NebiusError, match="not finished"):
        _ = stream.reply
    assert list(stream) == ["b"]
    assert list(stream) == []
    assert stream.reply.text == "ab"


def test_leaving_a_text_stream_closes_its_source():
    closed = []

    def pieces():
        try:
            yield "a"
            yield "b"
        finally:
            closed.append(True)

    with TextStream(pieces()) as stream:
        next(stream)
    assert closed == [True]
    with pytest.raises(NebiusError):
        _ = stream.reply


def result(color="red", seed=7, prompt="../a dog"):
    data = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(data, "PNG")
    return PictureResult(data.getvalue(), seed, prompt, "m", None, None, None, None, {})


def test_the_same_picture_is_one_file_and_another_is_another():
    first = save_picture(result(), None)
    assert save_picture(result(), save=True) == first
    others = {save_picture(result("blue"), None), save_picture(result(seed=8), None)}
    assert first not in others
    assert len(list(Path("nebius_images").iterdir())) == 3
    assert first.parent == Path("nebius_images")


def test_a_link_is_not_taken_for_the_file():
    first = save_picture(result(), None)
    target = first.rename(first.with_name("moved.png.bak"))
    first.symlink_to(target)
    second = save_picture(result(), None)
    assert second != first
    assert not second.is_symlink()


def test_the_folder_may_be_chosen_and_saving_turned_off(tmp_path):
    assert save_picture(result(), save=False) is None
    assert save_picture(result(), tmp_path / "mine").parent == tmp_path / "mine"
    assert save_picture(result(), str(tmp_path / "yours")).parent == tmp_path / "yours"
    (tmp_path / "file").touch()
    with pytest.raises(OptionError):
        save_picture(result(), tmp_path / "file")
