"""A real kernel that is driven as a front end drives it."""

import json
import os
from dataclasses import dataclass, field

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from sandbox_fixture import running_sandbox

LONGEST = 60  # seconds without a word from the kernel
UNBILLED = {"/v1/models", "/sandbox/requests"}


@dataclass
class Cell:
    """A cell that runs, or ran: its outputs as a front end would save them."""

    outputs: list = field(default_factory=list)
    paints: list = field(default_factory=list)  # every display and every update, in order
    asked: list = field(default_factory=list)  # input requests
    status: str | None = None
    idle: bool = False
    error: dict = field(default_factory=dict)
    pages: list = field(default_factory=list)  # what `name?` shows
    offered: list = field(default_factory=list)  # the code that is asked into a next cell

    @property
    def displays(self):
        """The rich outputs."""
        return [o for o in self.outputs if "data" in o]

    @property
    def plain(self):
        """The plain text of everything shown."""
        return "\n".join(o["data"].get("text/plain", "") for o in self.displays)

    @property
    def printed(self):
        """What was printed, to either stream."""
        return "".join(o["text"] for o in self.outputs if o["output_type"] == "stream")

    @property
    def ename(self):
        return self.error.get("ename")

    @property
    def message(self):
        """The error as it is shown."""
        return "\n".join(self.error.get("traceback", []))


def kernel_manager(folder):
    """Give the manager of a kernel of this interpreter, or of NBN_KERNEL_PYTHON's."""
    python = os.environ.get("NBN_KERNEL_PYTHON")
    if not python:
        return KernelManager(kernel_name="python3")
    spec = folder / "kernels" / "other"
    spec.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Another", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(about))
    specs = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
    return KernelManager(kernel_name="other", kernel_spec_manager=specs)


class Kernel:
    """A kernel in a folder and with an environment of its own."""

    def __init__(self, folder, environment):
        self.environment = environment
        self.folder = folder
        self._cells = {}
        self._shown = {}
        self.manager = kernel_manager(folder)
        self.manager.start_kernel(env=environment, cwd=str(folder))
        self._connect()

    def _connect(self):
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LONGEST)

    def begin(self, code, cell_id=None, *, answers=None, **content):
        """Send a cell and do not wait for it."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": answers is not None,
            "stop_on_error": True,
            **content,
        }
        metadata = {"cellId": cell_id} if cell_id else {}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        cell = self._cells[message["header"]["msg_id"]] = Cell()
        cell.answers = list(answers or [])
        self.client.shell_channel.send(message)
        return cell

    def run(self, code, cell_id=None, **content):
        """Run a cell to its end."""
        return self.wait(self.begin(code, cell_id, **content))

    def ok(self, code, cell_id=None, **content):
        """Run a cell that must work."""
        cell = self.run(code, cell_id, **content)
        assert cell.status == "ok", cell.message
        return cell

    def value(self, expression):
        """Evaluate something, out of the history."""
        cell = self.ok(f"print(repr({expression}), end='')", store_history=False)
        return cell.printed

    def wait(self, cell, until=None):
        """Take in what the kernel says until the cell has ended, or `until(cell)` is true."""
        while not (until(cell) if until else cell.idle and cell.status):
            self._take(cell)
        return cell

    def _take(self, cell):
        polled = dict(self.client_poll())
        assert polled, f"the kernel is silent; so far: {cell}"
        for channel in polled:
            message = channel.get_msg(timeout=LONGEST)
            taker = self._cells.get(message.get("parent_header", {}).get("msg_id"))
            if taker is not None:
                self._tell(taker, message["msg_type"], message["content"])

    def client_poll(self):
        """Give the channels that have something to read."""
        import zmq

        channels = (
            self.client.iopub_channel,
            self.client.shell_channel,
            self.client.stdin_channel,
        )
        by_socket = {channel.socket: channel for channel in channels}
        poller = zmq.Poller()
        for socket in by_socket:
            poller.register(socket, zmq.POLLIN)
        return [(by_socket[s], event) for s, event in poller.poll(LONGEST * 1000)]

    def _tell(self, cell, kind, content):
        if kind in {"display_data", "execute_result", "update_display_data"}:
            bundle = {"data": content["data"], "metadata": content["metadata"]}
            cell.paints.append(bundle)
            name = content.get("transient", {}).get("display_id")
            if kind == "update_display_data":
                self._shown[name].update(bundle)
                return
            output = {"output_type": kind, **bundle}
            cell.outputs.append(output)
            if name:
                self._shown[name] = output
        elif kind == "stream":
            last = cell.outputs[-1] if cell.outputs else {}
            if last.get("output_type") == "stream" and last["name"] == content["name"]:
                last["text"] += content["text"]
            else:
                cell.outputs.append({"output_type": "stream", **content})
        elif kind == "error":
            cell.outputs.append({"output_type": "error", **content})
        elif kind == "execute_reply":
            cell.status = content["status"]
            cell.error = content if content["status"] == "error" else {}
            payload = content.get("payload", [])
            cell.pages = [p["data"]["text/plain"] for p in payload if p["source"] == "page"]
            cell.offered = [p["text"] for p in payload if p["source"] == "set_next_input"]
        elif kind == "status":
            cell.idle = content["execution_state"] == "idle"
        elif kind == "input_request":
            cell.asked.append(content)
            if cell.answers:  # else nobody says anything
                self.client.input(cell.answers.pop(0))

    def interrupt(self):
        self.manager.interrupt_kernel()

    def restart(self):
        """Restart, with the extension loaded again."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self._connect()
        self.ok("%load_ext nbnebius", store_history=False)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


def isolated(folder, **more):
    """Give an environment in which nothing of the user's own is found."""
    strange = ("NEBIUS_", "NBNEBIUS_", "SSL", "HTTP", "http", "ALL_PROXY", "all_proxy")
    own = {k: v for k, v in os.environ.items() if not k.startswith(strange)}
    own |= {
        "NBNEBIUS_HOME": str(folder / "state"),
        "IPYTHONDIR": str(folder / "ipython"),
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "xdg"),
        "NO_PROXY": "127.0.0.1,localhost",
    }
    return own | more


@pytest.fixture
def surroundings():
    """Give environments in which nothing of the user's own is found."""
    return isolated


class Requests:
    """What a sandbox was asked, from its own log."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    def all(self):
        """Give the billed requests, the oldest first."""
        from urllib.request import Request, urlopen

        request = Request(
            f"{self.sandbox.root_url}sandbox/requests",
            headers={"Authorization": f"Bearer {self.sandbox.api_key}"},
        )
        with urlopen(request, timeout=LONGEST) as answer:
            found = json.load(answer)
        return [r for r in reversed(found["data"]) if r["path"] not in UNBILLED]

    def __len__(self):
        return len(self.all())


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """A sandbox that answers without delay."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="session")
def slow_sandbox(tmp_path_factory):
    """A sandbox that writes like a model does."""
    with running_sandbox(tmp_path_factory.mktemp("slow"), "--tokens-per-second", "150") as running:
        yield running


@pytest.fixture(scope="session")
def ask_log():
    """Give the request log of any sandbox."""
    return Requests


@pytest.fixture
def requests(sandbox):
    return Requests(sandbox)


@pytest.fixture(scope="module")
def start_kernel(tmp_path_factory):
    """Start kernels that end with the module."""
    started = []

    def start(sandbox=None, *, load=True, **environment):
        folder = tmp_path_factory.mktemp("kernel")
        if sandbox:
            environment = {
                "NEBIUS_BASE_URL": sandbox.base_url,
                "NEBIUS_API_KEY": sandbox.api_key,
            } | environment
        kernel = Kernel(folder, isolated(folder, **environment))
        started.append(kernel)
        if load:
            kernel.ok("%load_ext nbnebius")
        return kernel

    yield start
    for kernel in started:
        kernel.close()


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    """A kernel with the extension loaded, on the sandbox; shared by a module's tests."""
    kernel = start_kernel(sandbox)
    kernel.ok("%chat -q -o first Hello")  # what is told once, is told here
    return kernel
