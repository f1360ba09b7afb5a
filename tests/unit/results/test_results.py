"""What a user holds: a reply and a gallery, with their properties and their views."""

import io
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from nbnebius.results import Gallery, Picture, Reply
from nbnebius.types.answers import ChatResult, PictureResult
from nbnebius.types.chat import ChatCompletion

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def completion(text="Four.", finish="stop", **message):
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": finish,
        "logprobs": {"content": []},
    }
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return msgspec.convert({"id": "a", "choices": [choice], "usage": usage}, ChatCompletion)


def reply(text="Four.", finish="stop", **more):
    told = {
        "completion": completion(text, finish),
        "text": text,
        "reasoning": None,
        "model": "m",
        "cost": 0.002,
        "answer_cost": 0.002,
        "seconds": 1.23456,
    }
    return Reply(ChatResult(**{**told, **more}))


# -- replies -----------------------------------------------------------------------------------


def test_a_reply_is_its_text():
    found = reply(reasoning="hm")
    assert str(found) == f"{found}" == found.text == "Four."
    assert (found.reasoning, found.model, found.cost, found.seconds) == ("hm", "m", 0.002, 1.23456)
    assert (found.finish_reason, found.partial, found.cached) == ("stop", False, False)
    assert found.usage.total_tokens == 10
    assert found.logprobs == {"content": []}
    assert [c.message.content for c in found.choices] == ["Four."]
    assert found.raw["choices"][0]["message"]["content"] == "Four."
    assert found.df["text"].tolist() == ["Four."]


def test_a_reply_without_choices_has_nothing_and_breaks_nothing():
    found = reply("", completion=ChatCompletion())
    assert (found.finish_reason, found.tool_calls, found.choices) == (None, [], [])
    assert (found.logprobs, found.usage) == (None, None)
    assert found._repr_mimebundle_()[0]["text/plain"]


def test_tool_calls_are_given():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    found = reply(completion=completion(None, "tool_calls", tool_calls=[call]))
    assert [c.function.name for c in found.tool_calls] == ["f"]


def test_a_kept_reply_says_when_it_was_bought():
    found = reply(kept_at=0.0, cost=0.0)
    assert found.cached
    assert found.kept_from == datetime(1970, 1, 1, tzinfo=UTC)
    assert found.metadata["nbnebius"]["kept_from"] == "1970-01-01T00:00:00+00:00"
    assert reply().kept_from is None


def test_a_reply_is_shown_as_safe_html_and_plain_text_and_never_as_markdown():
    bundle, metadata = reply(HOSTILE, reasoning=HOSTILE)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "<script" not in bundle["text/html"]
    assert "<img" not in bundle["text/html"]
    assert metadata == {"nbnebius": {"model": "m", "cached": False, "seconds": 1.235}}


def test_the_saved_output_is_the_same_for_a_new_and_a_kept_answer():
    new, kept = reply(), reply(kept_at=5.0, cost=0.0, seconds=9.9)
    assert new._repr_mimebundle_()[0] == kept._repr_mimebundle_()[0]
    assert new._repr_mimebundle_()[1] != kept._repr_mimebundle_()[1]


@pytest.mark.parametrize(
    ("finish", "word"), [("length", "max_tokens"), ("content_filter", "filter"), ("stop", "m")]
)
def test_the_footer_tells_model_tokens_money_and_why_it_stopped(finish, word):
    footer = reply(finish=finish).footer
    assert footer.startswith("m · ")
    assert "10 tokens" in footer
    assert word in footer
    assert ("max_tokens" in footer) == (finish == "length")


def test_a_partial_reply_says_so():
    bundle, _ = reply(partial=True)._repr_mimebundle_()
    assert "not finished" in bundle["text/plain"]
    assert "not finished" in bundle["text/html"]
    assert "not finished" not in reply()._repr_mimebundle_()[0]["text/plain"]


def test_a_long_replys_repr_is_short():
    assert repr(reply("x" * 500)) == f"Reply({'x' * 59 + '…'!r}, model='m')"


# -- galleries ---------------------------------------------------------------------------------


def picture(seed=7, path=None, **more):
    data = io.BytesIO()
    Image.new("RGB", (640, 320), "red").save(data, "PNG")
    told = {
        "data": data.getvalue(),
        "seed": seed,
        "prompt": "a dog",
        "model": "m",
        "cost": 0.5,
        "answer_cost": 0.5,
        "seconds": 1.0,
        "kept_at": None,
        "request": {},
    }
    return Picture(PictureResult(**{**told, **more}), path)


def test_a_gallery_of_one_is_a_picture_too(tmp_path):
    path = tmp_path / "dog-7.png"
    gallery = Gallery([picture(path=path)])
    assert (gallery.path, gallery.seed, gallery.prompt) == (path, 7, "a dog")
    assert gallery.pil.size == gallery[0].pil.size == (640, 320)
    assert (gallery[0].model, gallery[0].cost, gallery[0].cached) == ("m", 0.5, False)
    assert repr(gallery[0]) == "Picture(seed=7, path='dog-7.png')"


def test_a_gallery_of_several_is_a_sequence():
    gallery = Gallery([picture(seed) for seed in (1, 2, 3)])
    assert [p.seed for p in gallery] == [1, 2, 3]
    assert gallery[-1].seed == 3
    assert isinstance(gallery[1:], Gallery)
    assert [p.seed for p in gallery[1:]] == [2, 3]
    assert len(gallery) == len(gallery.df) == 3
    assert gallery.cost == 1.5
    with pytest.raises(ValueError, match="say which"):
        _ = gallery.pil


def test_money_is_unknown_where_one_price_is():
    assert Gallery([picture(), picture(cost=None)]).cost is None


def test_a_gallery_is_kept_where_all_its_pictures_are():
    kept = [picture(kept_at=20.0, cost=0.0), picture(kept_at=10.0, cost=0.0)]
    assert Gallery(kept).cached
    assert Gallery(kept).kept_from == datetime.fromtimestamp(10, tz=UTC)
    assert not Gallery([*kept, picture()]).cached
    assert Gallery([*kept, picture()]).kept_from is None


def test_an_empty_gallery_breaks_nothing():
    gallery = Gallery([])
    assert (list(gallery), gallery.cached, gallery.prompt) == ([], False, "")
    assert gallery._repr_mimebundle_()[0]["text/plain"]


@pytest.mark.parametrize("count", [1, 4])
def test_a_gallery_is_shown_with_previews_and_relative_paths_and_never_as_markdown(count):
    folder = Path.cwd() / "nebius_images"
    pictures = [picture(n, folder / f"dog-{n}.png", prompt=HOSTILE) for n in range(count)]
    bundle, metadata = Gallery(pictures)._repr_mimebundle_()
    assert {"text/html", "text/plain"} <= set(bundle)
    assert "text/markdown" not in bundle
    for kind in ("text/html", "text/plain"):
        assert str(Path.cwd()) not in bundle[kind]
        assert "dog-0.png" in bundle[kind]
    assert "<script" not in bundle["text/html"]
    assert metadata == {"nbnebius": {"cached": False}}
    assert f"{count} picture" in bundle["text/plain"]


def test_a_picture_is_shown_as_a_gallery_of_one():
    one = picture()
    assert one._repr_mimebundle_() == Gallery([one])._repr_mimebundle_()
