"""`%nebius` and its verbs."""

import signal
import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from nbnebius.journal.packing import unpack

pytestmark = pytest.mark.kernel


def test_status_says_where_one_is(kernel, sandbox):
    kernel.ok("%chat -q Hello")
    for code in ("%nebius", "%nebius status"):
        shown = kernel.ok(code).plain
        assert f"{sandbox.base_url} (environment)" in shown
        assert sandbox.api_key not in shown
        assert "(from environment)" in shown
        assert "chat model" in shown
        assert "Qwen" in shown or "llama" in shown
        assert "spent here" in shown
        assert "USD 0.0" in shown
        assert "state/journal.sqlite" in shown


def test_status_without_a_key_says_what_to_do(start_kernel):
    shown = start_kernel().ok("%nebius").plain
    assert "https://api.tokenfactory.nebius.com/v1/ (default)" in shown
    for word in ("NEBIUS_API_KEY", "%nebius login", "%nebius sandbox", "nothing yet"):
        assert word in shown


def test_login_asks_where_nobody_sees(start_kernel, sandbox):
    kernel = start_kernel(NEBIUS_BASE_URL=sandbox.base_url)
    assert kernel.run("%chat Hello").ename == "AuthenticationError"
    cell = kernel.ok("%nebius login", answers=[sandbox.api_key])
    (asked,) = cell.asked
    assert asked["password"] is True
    assert "logged in to" in cell.plain
    assert "models" in cell.plain
    assert sandbox.api_key not in str(cell.outputs)
    assert kernel.ok("%chat Hello").displays
    assert "(from login)" in kernel.ok("%nebius").plain
    assert sandbox.api_key not in kernel.value("get_ipython().user_ns['In']")


def test_a_refused_key_does_not_stay(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    cell = kernel.run("%nebius login", answers=["wrong-key-0123456789"])
    assert cell.ename == "AuthenticationError"
    assert "wrong-key-0123456789" not in str(cell.outputs)
    assert kernel.ok("%chat Hello").displays


def test_login_where_nobody_can_be_asked(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    cell = kernel.run("%nebius login")
    assert cell.ename == "SettingsError"
    assert "Nobody can be asked" in cell.message
    assert "NEBIUS_API_KEY" in cell.message
    assert kernel.run("%nebius login", answers=[""]).ename == "SettingsError"
    assert kernel.ok("%chat Hello").displays


@pytest.mark.parametrize(
    "line",
    [
        "login short-key",
        "login v1.CmQKHHN0YXRpY2tleS1lMDBxxxxxxxxxxxxxxx",
        "config api_key eyJhbGciOiJIUzI1NiIsImtpZCI6xxxxxxxxx",
        "v1.CmQKHHN0YXRpY2tleS1lMDBxxxxxxxxxxxxxxx",
    ],
)
def test_a_key_on_the_line_is_refused_and_not_repeated(kernel, line):
    cell = kernel.run(f"%nebius {line}", store_history=False)
    assert cell.ename == "OptionError"
    assert "%nebius login, which asks" in cell.message
    assert line.split()[-1] not in str(cell.outputs)


def test_config_forms(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    assert "reuse" in kernel.ok("%nebius config").plain
    assert "temperature: not set" in kernel.ok("%nebius config temperature").plain
    assert "temperature: 1.0, for this session" in kernel.ok("%nebius config temperature 1").plain
    assert "temperature: 1.0 (this session)" in kernel.ok("%nebius config temperature").plain
    assert '"temperature": 1.0' in kernel.ok("%chat --dry-run Hi").plain
    kernel.ok("%nebius config system 'Be  terse.' --keep")
    assert "Be  terse." in kernel.ok("%chat --dry-run Hi").plain
    kernel.ok("%nebius config temperature --unset")
    assert "temperature" not in kernel.ok("%chat --dry-run Hi").plain
    kernel.ok("%nebius config private on")
    assert "private: on" in kernel.ok("%nebius config private").plain
    assert kernel.run("%nebius config private maybe").ename == "OptionError"
    assert kernel.run("%nebius config temperature 1 --keeep").ename == "OptionError"
    kernel.restart()
    assert "Be  terse." in kernel.ok("%chat --dry-run Hi").plain
    assert "your settings" in kernel.ok("%nebius config system").plain
    kernel.ok("%nebius config system --unset --keep")
    assert "terse" not in kernel.ok("%chat --dry-run Hi").plain


def kept_bodies(kernel):
    """Give all bodies in the journal, unpacked, and all bytes of its files."""
    import sqlite3

    folder = kernel.folder / "state"
    with closing(sqlite3.connect(folder / "journal.sqlite")) as journal:
        rows = journal.execute("SELECT request, answer FROM bodies").fetchall()
        rows += journal.execute("SELECT data, NULL FROM pieces").fetchall()
    bodies = b"".join(unpack(body) or body for row in rows for body in row if body)
    return bodies, b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_private_leaves_no_prompt_on_disk(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    assert "neither prompts nor answers" in kernel.ok("%nebius private on").plain
    kernel.ok("%chat Tell me of xyzzyplugh")
    kernel.ok("%embed 'xyzzyplugh'")
    assert "neither" in kernel.ok("%nebius").plain or "kept" in kernel.ok("%nebius").plain
    assert kept_bodies(kernel)[0] == b""
    assert b"xyzzyplugh" not in kept_bodies(kernel)[1]
    assert "USD 0.0" in kernel.ok("%nebius").plain
    kernel.ok("%nebius private off")
    kernel.ok("%chat Tell me of plughxyzzy")
    assert b"plughxyzzy" in kept_bodies(kernel)[0]


def test_help(kernel):
    assert "%nebius config NAME VALUE" in kernel.ok("%nebius help").plain
    assert "%nebius config NAME VALUE" in kernel.ok("%nebius --help").plain
    assert "%nebius config NAME VALUE" in kernel.ok("%nebius?").pages[0]
    assert "--seed" in kernel.ok("%nebius help %image").plain


def test_doctor(kernel, sandbox):
    shown = kernel.ok("%nebius doctor").plain
    assert "fine  key from environment" in shown
    assert sandbox.base_url in shown
    assert sandbox.api_key not in shown


CHILDREN = (
    "__import__('subprocess').run(['ps', '-o', 'args=', '--ppid', str(__import__('os').getpid())],"
    " capture_output=True, text=True).stdout.count('nbnebius.sandbox')"
)


def answers(url):
    """Tell whether anybody listens there."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", urlsplit(url).port)) == 0


def test_a_sandbox_of_ones_own(start_kernel):
    kernel = start_kernel()
    cell = kernel.ok("%nebius sandbox")
    assert "nothing it answers is real" in cell.plain
    assert "(from sandbox)" in kernel.ok("%nebius").plain
    assert kernel.ok("%chat Hello").displays
    assert "runs already" in kernel.ok("%nebius sandbox").plain
    assert kernel.value(CHILDREN) == "1"
    url = kernel.value(
        "__import__('nbnebius.session').session.default_session().endpoint.base_url"
    ).strip("'")
    assert answers(url)
    kernel.manager.signal_kernel(signal.SIGKILL)
    end = time.monotonic() + 30
    # asking whether it lives is also what takes a dead kernel off the list of processes
    while (kernel.manager.is_alive() or answers(url)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not answers(url)


def test_unloading_ends_the_sandbox(start_kernel):
    kernel = start_kernel()
    kernel.ok("%nebius sandbox")
    assert kernel.value(CHILDREN) == "1"
    kernel.ok("%unload_ext nbnebius")
    assert kernel.value(CHILDREN) == "0"
