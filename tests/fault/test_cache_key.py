"""Two requests share an answer exactly where the service is asked the same, byte for byte."""

import itertools
import json
import math

import anyio
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbnebius.client.bodies import post
from nbnebius.journal import request_key, text_key
from nbnebius.session.rows import FrameRows
from nbnebius.work.map.form import PATH, Form, hole
from nbnebius.work.map.survey import survey
from nbnebius.work.map.template import parse
from nbnebius.work.price import Price
from nbnebius.work.schema import to_schema
from nbnebius.work.structured import request_fields
from tests.fault.counts import proven, size

pytestmark = pytest.mark.fault

# What is easily taken for one another.
NEAR = [None, "", " ", "1", 1, 1.0, True, False, 0, 0.0, -0.0, "None", "nan", "null"]
NEAR += ["\u00e9", "e\u0301", "\0"]
TEXTS = st.sampled_from([str(value) for value in NEAR]) | st.text(max_size=6)
PICTURES = st.sampled_from([b"\x89PNG one", b"\x89PNG two"])
FIELDS = {
    "temperature": st.sampled_from([None, 0, 0.0, 0.5, 1, 1.0]),
    "max_tokens": st.sampled_from([None, 1, 10, 100]),
    "top_p": st.sampled_from([None, 0.1, 1, 1.0]),
    "seed": st.sampled_from([None, 0, 1, 2**31]),
    "stop": st.sampled_from([None, "1", ["1"], ["1", ""], []]),
    "n": st.sampled_from([None, 1, 2]),
    "logit_bias": st.sampled_from([None, {}, {"1": 1}, {"1": 1.0}, {"11": 1}]),
    "tools": st.sampled_from([None, [], [{"type": "function", "function": {"name": "f"}}]]),
    "guided_json": st.sampled_from([None, True, {"a": 1}, {"a": "1"}]),
    "schema": st.sampled_from([None, "a", "a int", "a: words", "a x|y", "a y|x", "b"]),
    "system": st.none() | TEXTS,
    "service": st.sampled_from(["nebius", "sandbox:1", "http://127.0.0.1:1"]),
    "model": st.sampled_from(["m", "m ", "M"]),
    "repeat": st.sampled_from([0, 1, 10]),
    "text": TEXTS,
    "picture": st.none() | PICTURES,
    "stream": st.sampled_from([None, True, False]),
}
APART = {"schema", "system", "service", "model", "repeat", "text", "picture"}
LENIENT = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def strictly(value):
    """Write a JSON value so that 1, 1.0 and true differ, and the order of fields does not."""
    if isinstance(value, dict):
        return ("{", tuple(sorted((name, strictly(inner)) for name, inner in value.items())))
    if isinstance(value, list):
        return ("[", tuple(strictly(inner) for inner in value))
    return (type(value).__name__, repr(value))


def body_of(asked, content):
    system = [{"role": "system", "content": asked["system"]}] if asked["system"] else []
    told = {name: asked[name] for name in FIELDS if name not in APART}
    shape = to_schema(asked["schema"]) if asked["schema"] else None
    fields = request_fields(shape, "json_schema") if shape else {}
    messages = [*system, {"role": "user", "content": content}]
    return {"model": asked["model"], "messages": messages, **told, **fields}


def by_chat(asked):
    """Give a single question's key, and what is sent for it."""
    content = asked["text"]
    if asked["picture"] is not None:
        url = f"data:image/png;base64,{asked['picture'].hex()}"
        content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": url}]
    body = body_of(asked, content)
    key = request_key(asked["service"], PATH, body, repeat=asked["repeat"])
    sent = json.loads(post(PATH, body, None).body)
    for travels in ("stream", "stream_options"):
        sent.pop(travels, None)
    return key, (asked["service"], asked["repeat"], strictly(sent))


def by_map(asked):
    """Give a row's key, and what is sent for it."""
    gap = hole()
    body = {name: v for name, v in body_of(asked, gap).items() if v is not None}
    body.pop("stream", None)
    form = Form(asked["service"], body, gap, Price(), repeat=asked["repeat"])
    text = asked["text"]
    sent = json.loads(form.data(text))
    return form.key(text), (asked["service"], asked["repeat"], strictly(sent))


@st.composite
def families(draw):
    """Draw a request, and others that differ from it in one field or two."""
    first = {name: draw(values) for name, values in FIELDS.items()}
    others = []
    for _ in range(12):
        names = draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=2))
        others.append({**first, **{name: draw(FIELDS[name]) for name in names}})
    return [first, *others]


def test_no_answer_is_that_of_another_request():
    seen = {"pairs": 0, "collisions": 0, "missed": 0, "the same": 0}

    @settings(
        max_examples=size(100, 5_000),
        derandomize=True,
        database=None,
        suppress_health_check=LENIENT,
    )
    @given(families())
    def look(family):
        named = [by_chat(asked) for asked in family]
        named += [by_map(asked) for asked in family if asked["picture"] is None]
        for (key, sent), (other_key, other_sent) in itertools.combinations(named, 2):
            seen["pairs"] += 1
            seen["the same"] += sent == other_sent
            seen["collisions"] += key == other_key and sent != other_sent
            seen["missed"] += key != other_key and sent == other_sent

    look()
    assert seen["the same"] > 100
    proven(
        "R18",
        "pairs of requests that differ in one field or two",
        tried=seen["pairs"],
        broken={"answers of another request": seen["collisions"], "missed": seen["missed"]},
        seed=0,
        seen={"pairs that ask the same": seen["the same"]},
    )


def test_no_vector_is_that_of_another_text():
    models, sizes = ("m", "M", "m "), (None, 1, 10)
    texts = [str(value) for value in NEAR] + [f"{n}" * n for n in range(20)]
    asked = list(dict.fromkeys(itertools.product(("nebius", "other"), models, sizes, texts)))
    keys = [text_key(*one) for one in asked]
    proven(
        "R18",
        "texts, models and sizes of vectors",
        tried=math.comb(len(asked), 2),
        broken={"vectors of another text": len(keys) - len(set(keys))},
    )


VALUES = st.sampled_from([*NEAR, math.nan, pd.NA, pd.Timestamp(0), "{a}", "{{b}}"]) | TEXTS


def test_rows_are_found_again_wherever_they_stand():
    seen = {"rows": 0, "missed": 0, "mixed up": 0}
    template = parse("Of {a}: {b b}!", ["a", "b b", "c"])
    gap = hole()
    body = {"model": "m", "messages": [{"role": "user", "content": gap}]}
    form = Form("nebius", body, gap, Price())

    def keys_of(frame):
        found = anyio.run(survey, FrameRows(frame, template.columns), template, form)
        keys = [None if n < 0 else found.key(n) for n in found.numbers]
        return dict(zip(frame.index, keys, strict=True))

    @settings(max_examples=size(150, 3_000), derandomize=True, database=None)
    @given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=12), st.randoms())
    def look(rows, dice):
        frame = pd.DataFrame(rows, columns=["a", "b b"], dtype="object")
        frame.index = [f"row {n}" for n in range(len(frame))]
        before = keys_of(frame)
        labels = dice.sample(list(frame.index), dice.randint(1, len(frame)))
        after = keys_of(frame.loc[labels].assign(c=np.arange(len(labels)))[["c", "b b", "a"]])
        for label, key in after.items():
            seen["rows"] += 1
            seen["missed"] += key != before[label]
            text = template.fill([None if pd.isna(v) else v for v in frame.loc[label]])
            seen["mixed up"] += key != (None if text is None else form.key(text))

    look()
    proven(
        "R18",
        "rows of frames that were permuted, filtered and widened",
        tried=seen["rows"],
        broken={"missed": seen["missed"], "answers of another row": seen["mixed up"]},
        seed=0,
    )
