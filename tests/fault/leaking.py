"""
What a user, a library or a debugger could do in a kernel that would show a key.

Each cell writes what it gets into a file of its own, by `place(name, content)`.
"""

# What a person does in a day, with everything that is kept of it.
WORK = """
import io, logging, os, sys, warnings
from pathlib import Path
import pandas as pd
import nbnebius as neb

PLACES = Path("places")
PLACES.mkdir()
def place(name, content):
    data = content if isinstance(content, bytes) else str(content).encode("utf-8", "replace")
    (PLACES / name.replace("/", " or ")).write_bytes(data + b"\\n")

logging.basicConfig(filename="places/log of everything at DEBUG", level=logging.DEBUG, force=True)
logging.captureWarnings(True)
warnings.simplefilter("always")
sys.settrace(None)
session = neb.Session  # the type only
""", """
%nebius record talk.nbr
""", """
%%chat --thread talk -o said
Say two words.
""", """
reviews = pd.DataFrame({"review": ["good", "bad", "so so"]})
judged = neb.map(reviews, "One word for this: {review}", max_tokens=300)
there = neb.map(reviews.iloc[:2], "Two words for: {review}", via="batch", max_tokens=300)
vectors = neb.embed(["a", "b"])
drawn = neb.image("A boat", width=64, height=64)
Path("line.jsonl").write_text('{"custom_id": "1"}\\n')
upload = neb.upload("line.jsonl", "batch")
listed, all_batches, catalog = neb.files(), neb.batches(), neb.models()
neb.download(all_batches["input_file_id"].iloc[0], "places/batch file as it was uploaded")
job = neb.map(reviews, "Three words for: {review}", max_tokens=300, background=True)
job.wait()
""", """
%nebius threads export talk "places/thread as JSON"
""", """
%nebius threads export talk talk.md
""", """
%nebius
%nebius doctor
%nebius config
%nebius usage
%nebius files
%nebius threads
%nebius budget
%nebius help
""", """
from IPython.display import display
for name in ("chat", "usage", "models", "files", "batches", "map", "images", "embeddings"):
    display(neb.panel(name))
"""  # fmt: skip

# What shows an object, or carries it off.
OBJECTS = """
import copy, inspect, json, pickle, pprint, dataclasses, gc, threading, types
import msgspec
from nbnebius.session import default_session
own = default_session()
client = own._connection._service.client
secret = own.endpoint.key
things = {"session": own, "client": client, "endpoint": own.endpoint, "secret": secret,
          "reply": said, "job": job, "gallery": drawn, "transport": client.transport,
          "journal": own.journal, "config": own.config,
          "a client of its own": neb.AsyncClient(Path("key-file").read_text())}
for name, thing in things.items():
    place(f"repr of {name}", repr(thing))
    place(f"str and format of {name}", f"{thing} {thing!s} {thing!r:>9}")
    place(f"pprint of {name}", pprint.pformat(thing))
    place(f"vars of {name}", getattr(thing, "__dict__", "none"))
    slots = [s for t in type(thing).__mro__ for s in getattr(t, "__slots__", ())]
    place(f"slots of {name}", {s: getattr(thing, s, None) for s in slots})
    def shown(member):
        return "" if inspect.isroutine(member) else repr(member)
    members = {a: inspect.getattr_static(thing, a) for a in dir(thing)}
    place(f"members of {name}", {a: shown(m) for a, m in members.items()})
    refused = []
    for how in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode,
                dataclasses.asdict):
        try:
            refused.append(how(thing))
        except BaseException as error:
            refused.append((type(error), error.args))
    place(f"pickle, copy and JSON of {name}", refused)
place("rich display", get_ipython().display_formatter.format(own))
place("help", inspect.getdoc(type(secret)))
""", """
# Everything that hangs below a session by name: attributes, slots, entries; not what is closed in.
seen, texts, left = set(), [], [own, client, drawn, job, said]
while left and len(seen) < 300_000:
    thing = left.pop()
    if id(thing) in seen or isinstance(thing, (type, types.ModuleType, types.FunctionType)):
        continue
    seen.add(id(thing))
    if isinstance(thing, (str, bytes, bytearray)):
        texts.append(thing if isinstance(thing, str) else bytes(thing).decode("latin-1"))
    elif isinstance(thing, dict) or hasattr(thing, "items") and not isinstance(thing, pd.DataFrame):
        try:
            left += [part for pair in list(thing.items()) for part in pair]
        except Exception:
            pass
    elif isinstance(thing, (list, tuple, set, frozenset)):
        left += list(thing)
    if not isinstance(thing, (str, bytes, pd.DataFrame)) and thing is not os.environ:
        left += list(getattr(thing, "__dict__", {}).values())
        for kind in type(thing).__mro__:
            for slot in getattr(kind, "__slots__", ()):
                try:
                    left.append(getattr(thing, slot))
                except Exception:
                    pass
place("everything below a session, by name", "\\n".join(texts))
place("how many objects that were", len(seen))
assert len(seen) > 1000, len(seen)
"""  # fmt: skip

# A server that throws back whatever it was sent, also through a proxy, where httpx2 carries it; and
# a library that fails in a way nobody foresaw.
ECHO = """
import base64, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

class Echo(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        key = self.headers["authorization"].partition(" ")[2]
        status = int(urlsplit(self.path).path.split("/")[1])
        echoed = {"detail": [{"loc": ["header", key], "msg": f"bad {key}", "input": key,
                              "ctx": {"k": key[::-1]}}],
                  "error": {"message": f"{key} {base64.b64encode(key.encode()).decode()} {body}",
                            "code": key, "type": key[:18]}}
        content = json.dumps(echoed).encode()
        self.send_response(status, key)
        self.send_header("x-request-id", key)
        self.send_header("location", f"https://elsewhere.example/{key}")
        self.send_header("retry-after", "0")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=echo.serve_forever, daemon=True).start()
KEY_FILE = Path("key-file")
import traceback
from nbnebius.settings import find_endpoint
def fail(status, **variables):
    before = dict(os.environ)
    os.environ.update(variables)
    one = neb.Session(find_endpoint(KEY_FILE.read_text(),
                      f"http://127.0.0.1:{echo.server_port}/{status}/v1/"), max_retries=0)
    try:
        one.chat("A canary's prompt", model="m")
    except neb.NebiusError as error:
        return error
    finally:
        one.close()
        os.environ.clear()
        os.environ.update(before)
STATUSES = (307, 400, 401, 403, 404, 422, 429, 500)
PROXY = {"http_proxy": f"http://127.0.0.1:{echo.server_port}", "NO_PROXY": "", "no_proxy": ""}
for status, way, variables in [(s, w, v) for s in STATUSES
                               for w, v in (("", {}), (" through a proxy", PROXY))]:
    error = fail(status, **variables)
    assert error is not None
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in told.stack if "nbnebius" in frame.filename]
    place(f"error of a {status} that echoes{way}",
          (str(error), repr(error), vars(error), error.args, error._render_traceback_()))
    place(f"traceback of a {status} with all locals{way}", [(f.name, f.locals) for f in ours])
    place(f"chain of a {status}{way}", (repr(error.__cause__), repr(error.__context__)))
"""
SHOWN_ERROR = "raise fail(422)"
UNFORESEEN = """
from nbnebius.transport.framing import Framing
kept = Framing.feed
def broken(self, *given, **more):
    raise RuntimeError("nobody foresaw this")
Framing.feed = broken
try:
    own.chat("Something else that nobody asked", model=said.model, cache=False)
finally:
    Framing.feed = kept
"""
LISTED = """
place("names that are listed", "".join(str(v) for v in get_ipython().run_line_magic("who_ls", "")))
place("history of this session", get_ipython().user_ns["In"])
place("results of this session", {k: repr(v) for k, v in Out.items()})
import ipywidgets
place("state of all widgets", ipywidgets.Widget.get_manager_state())
import faulthandler
with open("places/stack of every thread", "w") as file:
    faulthandler.dump_traceback(file, all_threads=True)
place("locals of every thread's frames", [
    {k: repr(v) for k, v in frame.f_locals.items() if k not in ("self",)}
    for top in sys._current_frames().values() for frame, _ in traceback.walk_stack(top)
    if "nbnebius" in frame.f_code.co_filename])
"""
CHILDREN = """
%nebius sandbox
""", """
import subprocess
threads = Path(f"/proc/{os.getpid()}/task").iterdir()
pids = [int(pid) for each in threads for pid in (each / "children").read_text().split()]
assert pids
place("environment of children", b"".join(Path(f"/proc/{p}/environ").read_bytes() for p in pids))
place("command lines of this process and its children",
      b"".join(Path(f"/proc/{p}/cmdline").read_bytes() for p in [os.getpid(), *pids]))
"""  # fmt: skip
