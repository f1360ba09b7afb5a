"""A prompt, a system prompt and pictures as the messages of a chat."""

import pytest
from PIL import Image

from nbnebius.errors import OptionError
from nbnebius.session.attaching import Attachment, with_files
from nbnebius.session.prompt import to_messages


def test_a_text_is_a_message_of_the_user():
    assert to_messages("hello") == [{"role": "user", "content": "hello"}]
    assert to_messages("hello", system="Be brief.") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
    ]


def test_messages_are_taken_as_they_are_and_not_changed():
    given = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    made = to_messages(given, images="https://h/x.png")
    assert made[0] == given[0]
    assert made[1]["content"][0] == {"type": "text", "text": "b"}
    assert given[1] == {"role": "assistant", "content": "b"}


@pytest.mark.parametrize("prompt", ["", "  \n", [], [{"content": "no role"}], ["text"], [3]])
def test_what_is_no_prompt_is_refused_in_words(prompt):
    with pytest.raises(OptionError):
        to_messages(prompt)


def test_pictures_come_after_the_text_in_their_order(tmp_path):
    file = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(file)
    images = ["https://h/x.png", file, str(file), file.read_bytes(), Image.new("RGB", (4, 4))]
    [message] = to_messages("what is it?", images=images)
    text, *pictures = message["content"]
    assert text == {"type": "text", "text": "what is it?"}
    urls = [p["image_url"]["url"] for p in pictures]
    assert urls[0] == "https://h/x.png"
    assert all(url.startswith("data:image/") for url in urls[1:])
    assert urls[1] == urls[2]


@pytest.mark.parametrize("image", ["nowhere.png", "/etc/passwd", 3, "file:///etc/passwd", object()])
def test_what_is_no_picture_is_refused_and_not_read_into_the_request(image):
    with pytest.raises(OptionError):
        to_messages("look", images=image)


def test_a_prompt_is_never_taken_for_a_path_or_address():
    for text in ("/etc/passwd", "https://h/x.png", "file:///etc/passwd"):
        assert to_messages(text) == [{"role": "user", "content": text}]


def test_too_many_pictures_are_refused_before_they_are_encoded():
    with pytest.raises(OptionError, match="51 pictures"):
        to_messages("What?", images=["https://example.com/a.png"] * 51)


def test_files_stand_before_the_question_under_their_names_where_there_are_several():
    one, two = Attachment("a.txt", "tea"), Attachment("b.txt", "milk")
    assert with_files("What?", []) == "What?"
    assert with_files("What?", [one]) == "tea\n\nWhat?"
    assert with_files("What?", [one, two]) == "a.txt:\n\ntea\n\nb.txt:\n\nmilk\n\nWhat?"
    asked = [{"role": "user", "content": "What?"}]
    assert with_files(asked, [one])[0]["content"] == "tea\n\nWhat?"
    assert asked[0]["content"] == "What?"
