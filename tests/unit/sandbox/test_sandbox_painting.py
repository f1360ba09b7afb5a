"""The same order gives the same picture."""

import io

import numpy as np
import pytest
from PIL import Image

from nbnebius.sandbox.engines.painting import Order, compose, paint
from nbnebius.sandbox.engines.vision import UnreadablePictureError, look


def colour_of(prompt, **fields):
    return np.asarray(compose(Order(prompt, 64, 64, 3, **fields)), dtype=float).mean(axis=(0, 1))


@pytest.mark.parametrize("size", [(64, 64), (512, 512), (640, 360), (64, 2048), (1100, 1000)])
def test_the_size_is_as_ordered(size):
    assert compose(Order("A boat", *size, 1)).size == size


def test_seeds_decide():
    orders = [Order("A boat", 64, 64, seed) for seed in (1, 1, 2, 2**63)]
    pictures = [paint(order, "png") for order in orders]
    assert pictures[0] == pictures[1]
    assert len(set(pictures)) == 3
    assert paint(Order("A boat", 64, 64, -1), "png") != paint(Order("A boat", 64, 64, -1), "png")


def test_words_steer_colours():
    desert, ocean = colour_of("sand dunes in a desert"), colour_of("waves of the ocean")
    assert desert[0] > desert[2]
    assert ocean[2] > ocean[0]
    assert colour_of("a forest at night").mean() < colour_of("a forest").mean()


def test_a_negative_prompt_takes_things_away():
    night = colour_of("a forest at night")
    assert colour_of("a forest at night", negative="night").mean() > night.mean()


@pytest.mark.parametrize(
    "prompt",
    ["elephant", "cat", "bird", "boat", "house", "tree", "person", "balloon", "dreams", "city",
     "space", "snow", "\u4ef7\u683c", " "],
)  # fmt: skip
def test_every_figure_and_scene_can_be_painted(prompt):
    picture = Image.open(io.BytesIO(paint(Order(prompt, 96, 64, 1), "webp")))
    assert picture.size == (96, 64)


def test_a_picture_has_no_metadata():
    for extension in ("webp", "jpg", "png"):
        picture = Image.open(io.BytesIO(paint(Order("A boat", 64, 64, 1), extension)))
        assert not picture.getexif()
        assert not {"comment", "parameters", "xmp"} & set(picture.info)


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,", "data:,hello", "data:image/png;base64,iVBORw0KGgo=", "data:"]
)
def test_what_is_no_picture_is_said_to_be_none(url):
    with pytest.raises(UnreadablePictureError):
        look(url)


def test_a_remote_picture_has_a_name_only():
    sight = look("https://example.com/a/b%20c.jpg?x=1")
    assert (sight.name, sight.width) == ("b c.jpg", 0)


def test_a_lora_lends_the_picture_a_tint_of_its_own_by_its_strength():
    tints = [(), (("https://civitai.com/1", 1.0),), (("https://civitai.com/2", 1.0),)]
    tints += [(*tints[1], *tints[2]), (("https://civitai.com/1", 0.5),)]
    pictures = [paint(Order("a cat", 64, 64, seed=1, loras=loras), "png") for loras in tints]
    assert len(set(pictures)) == len(pictures)
    again = paint(Order("a cat", 64, 64, seed=1, loras=tints[3]), "png")
    assert again == pictures[3]
    still = paint(Order("a cat", 64, 64, seed=1, loras=(("https://civitai.com/1", 0.0),)), "png")
    assert still == pictures[0]
