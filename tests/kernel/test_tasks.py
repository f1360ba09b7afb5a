"""Tasks over frames as a front end sees them: the cost first, then the frame."""

import pytest

pytestmark = pytest.mark.kernel

REVIEWS = """
import pandas as pd
import nbnebius as neb
reviews = pd.DataFrame({"text": [
    "the delivery came late and the parcel was wet", "a lovely kettle for a great price",
    "the battery is empty after two hours", "the delivery was late, the parcel damaged",
    "the battery is empty after two hours", None]})
"""


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok(REVIEWS)
    return kernel


def test_a_journey_from_texts_to_labels_groups_and_what_is_left(kernel, requests):
    before = len(requests)
    cell = kernel.ok(
        "neb.tasks.classify(reviews, 'text', ['delivery', 'battery', 'price'], plan=True)"
    )
    assert "Nothing was sent" in cell.plain
    assert len(requests) == before
    cell = kernel.ok(
        "judged = neb.tasks.classify(reviews, 'text', ['delivery', 'battery', 'price'])"
    )
    assert "classify: 6 rows, 4 requests to" in cell.printed
    assert cell.printed.index("an estimate") < cell.printed.index("bought")
    assert kernel.value("list(judged.label.dropna())").count("delivery") == 2
    before = len(requests)
    kernel.ok("neb.tasks.classify(judged, 'text', ['delivery', 'battery', 'price'])")
    assert len(requests) == before
    cell = kernel.ok("groups = neb.tasks.cluster(reviews, 'text'); groups")
    assert "cluster_name" in cell.plain
    assert kernel.value("groups.cluster_name.nunique() == groups.cluster.nunique()") == "True"
    kernel.ok("left = neb.tasks.dedupe(groups, threshold=0.99)")
    assert kernel.value("list(left.index)") == "[0, 1, 2, 3, 5]"
    cell = kernel.ok("neb.tasks.dedupe(groups, threshold=0.5, pairs=True)")
    assert "battery" in cell.plain


def test_what_is_wrong_is_told_in_three_lines(kernel, requests):
    before = len(requests)
    cell = kernel.run("neb.tasks.classify(reviews, 'txt', ['a', 'b'])")
    assert cell.ename == "OptionError"
    assert "did you mean text?" in cell.message
    cell = kernel.run("neb.tasks.classify(reviews, 'text', ['late', 'Late'])")
    assert "too much alike" in cell.message
    assert len(cell.message.splitlines()) <= 3
    assert len(requests) == before


def test_every_task_has_its_help(kernel):
    for name in kernel.value("' '.join(neb.tasks.__all__)").strip("'").split():
        assert "Returns" in kernel.value(f"neb.tasks.{name}.__doc__")
