"""Pictures through a session: seeds, files, and what is kept of them."""

import io
from pathlib import Path

import pytest
from answering import MODELS, Answering, Says
from PIL import Image

import nbnebius as neb
from nbnebius import errors
from nbnebius.events import Note
from nbnebius.session import Caller

DRAW = "images/generations"
PROMPT = "A dog on the moon"


def cell(reuse="restart"):
    return Caller(place="cell/1", reuse=reuse, shared=True)


def picture(color):
    data = io.BytesIO()
    Image.new("RGB", (64, 64), color).save(data, "PNG")
    return data.getvalue()


def small(**more):
    return {"width": 64, "height": 64, **more}


def files(folder="nebius_images"):
    return sorted(p.name for p in Path(folder).iterdir())


def test_n_pictures_are_n_requests_one_seed_apart(box, at_box):
    before = box.count(DRAW)
    gallery = at_box().image(PROMPT, seed=7, n=4, **small())
    assert box.count(DRAW) == before + 4
    assert [p.seed for p in gallery] == [7, 8, 9, 10]
    assert list(gallery.df["seed"]) == [7, 8, 9, 10]
    assert len({p.data for p in gallery}) == 4
    assert len({p.path for p in gallery}) == 4


def test_a_single_picture_is_a_gallery_of_one(at_box):
    gallery = at_box().image(PROMPT, seed=1, **small(format="png"))
    assert gallery.pil.size == (64, 64)
    assert gallery.path == gallery[0].path == Path("nebius_images") / "A-dog-on-the-moon-1.png"
    with Image.open(gallery.path) as saved:
        assert saved.tobytes() == gallery.pil.tobytes()


def test_a_random_seed_is_told_and_draws_the_same_again(at_box):
    session = at_box()
    first = session.image(PROMPT, save=False, **small())[0]
    again = session.image(PROMPT, save=False, seed=first.seed, **small())[0]
    assert again.data == first.data
    assert session.image(PROMPT, save=False, **small())[0].seed != first.seed


def test_files_are_never_overwritten(tmp_path):
    made = iter(["red", "blue"])

    def answer(seen):
        import base64

        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        data = base64.b64encode(picture(next(made))).decode()
        return Says(body={"data": [{"b64_json": data}]})

    with Answering(answer) as server:
        neb.connect(None, server.url)
        red, blue = (neb.image(PROMPT, seed=1, save=tmp_path / "mine") for _ in range(2))
    assert [red.path.name, blue.path.name] == [
        "A-dog-on-the-moon-1.png",
        "A-dog-on-the-moon-1-2.png",
    ]
    colors = []
    for one in (red, blue):
        with Image.open(one.path) as saved:
            colors.append(saved.getpixel((0, 0)))
    assert colors == [(255, 0, 0), (0, 0, 255)]


@pytest.mark.parametrize("seed", [3, None])
def test_a_picture_is_kept_after_a_restart_and_not_written_twice(box, at_box, seed):
    bought = at_box().image(PROMPT, seed=seed, n=2, caller=cell(), **small())
    before, written = box.count(DRAW), files()
    new = at_box()
    kept = new.image(PROMPT, seed=seed, n=2, caller=cell(), **small())
    assert box.count(DRAW) == before
    assert [p.data for p in kept] == [p.data for p in bought]
    assert [p.seed for p in kept] == [p.seed for p in bought]
    assert [p.path for p in kept] == [p.path for p in bought]
    assert [p.result.request["seed"] for p in kept] == [p.seed for p in bought]
    assert (kept.cost, kept.cached) == (0.0, True)
    assert files() == written
    again = new.image(PROMPT, seed=seed, n=2, caller=cell(), **small())
    assert not again.cached
    assert box.count(DRAW) == before + 2


def test_a_kept_picture_whose_file_is_gone_is_written_again(at_box):
    bought = at_box().image(PROMPT, seed=3, caller=cell(), **small())
    bought.path.unlink()
    kept = at_box().image(PROMPT, seed=3, caller=cell(), **small())
    assert kept.path == bought.path
    assert kept.path.exists()


def test_one_seed_more_buys_one_picture_more(box, at_box):
    at_box().image(PROMPT, seed=3, n=2, caller=cell(), **small())
    before = box.count(DRAW)
    gallery = at_box().image(PROMPT, seed=3, n=3, caller=cell(), **small())
    assert box.count(DRAW) == before + 1
    assert [p.cached for p in gallery] == [True, True, False]
    assert not gallery.cached


def test_nothing_is_saved_where_saving_is_off(at_box):
    gallery = at_box().image(PROMPT, seed=3, save=False, **small())
    assert gallery.path is None
    assert not Path("nebius_images").exists()


def test_a_private_picture_is_not_in_the_journal(tmp_path, at_box):
    drawn = at_box().image(PROMPT, seed=3, private=True, save=False, **small(format="png"))
    for file in (tmp_path / "home").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert PROMPT.encode() not in content
            assert drawn[0].data not in content


def test_a_picture_that_fails_does_not_take_the_others_with_it(opened):
    import base64

    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        if seen.json["seed"] == 2:
            return Says(400, {"error": {"message": "not this one"}})
        return Says(body={"data": [{"b64_json": base64.b64encode(picture("red")).decode()}]})

    told = []
    with Answering(answer) as server:
        session = opened(server.url)
        session.observer = told.append
        gallery = session.image(PROMPT, seed=1, n=3, save=False)
    assert [p.seed for p in gallery] == [1, 3]
    assert gallery.missing == 1
    assert any("1 of 3" in e.text for e in told if isinstance(e, Note))


def test_no_picture_at_all_is_an_error(opened):
    def answer(seen):
        return Says(body=MODELS) if seen.path.endswith("/models") else Says(400, {"error": "no"})

    with Answering(answer) as server, pytest.raises(errors.BadRequestError):
        opened(server.url).image(PROMPT, n=2, save=False)


@pytest.mark.parametrize("data", [[], [{"b64_json": "%%%"}], [{"b64_json": ""}], [{}]])
def test_an_answer_without_a_picture_is_an_error_in_words(opened, data):
    def answer(seen):
        return Says(body=MODELS if seen.path.endswith("/models") else {"data": data})

    with Answering(answer) as server, pytest.raises(errors.ResponseError):
        opened(server.url).image(PROMPT, save=False)


@pytest.mark.parametrize(
    ("option", "value"),
    [("width", 63), ("height", 2049), ("steps", 0), ("steps", 81), ("n", 0), ("n", 101),
     ("guidance", float("nan"))],
)  # fmt: skip
def test_what_the_service_does_not_allow_is_refused_before_it_is_sent(box, at_box, option, value):
    before = box.count(DRAW)
    with pytest.raises(errors.OptionError, match=option):
        at_box().image(PROMPT, **{option: value})
    assert box.count(DRAW) == before


def test_an_empty_prompt_is_refused(at_box):
    with pytest.raises(errors.OptionError, match="empty"):
        at_box().image("  ")
