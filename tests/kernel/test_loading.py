"""`%load_ext`, `%reload_ext`, `%unload_ext`."""

import pytest

pytestmark = pytest.mark.kernel

HEAVY = [
    "pandas", "numpy", "matplotlib", "ipywidgets", "httpx2", "anyio", "msgspec", "PIL",
    "markdown_it", "nh3", "nbnebius.session", "nbnebius.journal", "nbnebius.transport",
]  # fmt: skip

STATE = """
import json, re
_name = lambda x: re.sub(r" at 0x\\w+", "", str(x))
_ip = get_ipython()
_f = _ip.display_formatter.ipython_display_formatter
print(json.dumps({
    "line": sorted(_ip.magics_manager.magics["line"]),
    "cell": sorted(_ip.magics_manager.magics["cell"]),
    "cleanup": [_name(t) for t in _ip.input_transformers_cleanup],
    "post": [_name(t) for t in _ip.input_transformers_post],
    "checkers": [type(c).__name__ for c in _ip.prefilter_manager.checkers],
    "printers": sorted(map(_name, [*_f.type_printers, *_f.deferred_printers])),
    "matchers": [_name(m) for m in _ip.Completer.custom_matchers],
    "events": {k: [_name(c) for c in v] for k, v in _ip.events.callbacks.items()},
    "attributes": [a for a in vars(_ip) if "neb" in a],
}, sort_keys=True))
"""

OTHER = """
from IPython.core.magic import register_line_magic
@register_line_magic
def chat(line):
    return f"theirs: {line}"
"""


def state(kernel):
    return kernel.ok(STATE, store_history=False).printed


def threads(kernel):
    return kernel.value(
        "[t.name for t in __import__('threading').enumerate() if 'nebius' in t.name.lower()]"
    )


def test_loading_is_silent_and_light(start_kernel):
    kernel = start_kernel(load=False)
    kernel.ok(f"import sys; before = set(sys.modules); heavy = {HEAVY}")
    cell = kernel.ok("%load_ext nbnebius")
    assert cell.outputs == []
    assert kernel.value("[m for m in heavy if m in sys.modules and m not in before]") == "[]"
    assert threads(kernel) == "[]"
    assert (
        kernel.value("__import__('os').path.exists(__import__('os').environ['NBNEBIUS_HOME'])")
        == "False"
    )


def test_unloading_leaves_nothing_behind(start_kernel, sandbox):
    kernel = start_kernel(sandbox, load=False)
    bare = state(kernel)
    kernel.ok("%load_ext nbnebius")
    loaded = state(kernel)
    assert loaded != bare
    assert kernel.ok("%load_ext nbnebius").outputs != []  # IPython's own word that it is loaded
    assert state(kernel) == loaded
    kernel.ok("x = %chat Hello")
    kernel.ok("x")
    kernel.ok("%image -q a cat")
    assert kernel.ok("%reload_ext nbnebius").outputs == []
    assert state(kernel) == loaded
    kernel.ok("%chat Hello again")
    kernel.ok("%unload_ext nbnebius")
    assert state(kernel) == bare
    assert threads(kernel) == "[]"
    assert "SyntaxError" in kernel.run("chat hello").ename
    assert "Hello" in kernel.ok("x").plain or kernel.ok("x").displays
    kernel.ok("%load_ext nbnebius")
    assert kernel.ok("%chat Hello").displays


def test_anothers_magic_is_not_overwritten(start_kernel, sandbox):
    kernel = start_kernel(sandbox, load=False)
    kernel.ok(OTHER)
    bare = state(kernel)
    cell = kernel.ok("%load_ext nbnebius")
    assert "%chat is already another extension's magic" in cell.printed
    assert "%neb_chat" in cell.printed
    assert "theirs: hi" in kernel.ok("%chat hi").plain
    assert kernel.ok("%neb_chat Hello there").displays
    assert kernel.ok("%%neb_chat\nHello there").displays
    assert kernel.ok("x = %neb_chat what?").displays
    assert "%chat" in kernel.ok("%neb_chat?").pages[0]
    assert kernel.ok("%embed -q 'a text'").displays
    kernel.ok("%unload_ext nbnebius")
    assert state(kernel) == bare
    assert "theirs: hi" in kernel.ok("%chat hi").plain


def test_what_was_taken_later_stays_theirs(start_kernel):
    kernel = start_kernel()
    kernel.ok(OTHER)
    kernel.ok("%unload_ext nbnebius")
    assert "theirs: hi" in kernel.ok("%chat hi").plain
