"""A22: what is installed is what is in the repository, and nothing that runs by itself."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import nbnebius
from tests.fault.counts import proven

pytestmark = pytest.mark.fault

ROOT = Path(nbnebius.__file__).resolve().parent.parent
MOST_PACKAGES = 12
KINDS = {".py", ".typed", ".ipynb", ".json", ".html", ".css", ".svg", ".webp", ".png"}
TEXTS = {".py", ".typed", ".ipynb", ".json", ".html", ".css", ".svg"}
PICTURES = {".webp": b"RIFF", ".png": b"\x89PNG"}
# What Python runs at its start, or pip at an installation.
STARTERS = re.compile(
    r"\.pth$|(^|/)(sitecustomize|usercustomize)\.py$|(^|/)setup\.(py|cfg)$|\.data/"
)
# The expression that a user typed behind %%map, and how Dask itself packs what goes to a worker.
MEANT = {
    "nbnebius/magics/map.py: return eval(code, notebook.shell.user_ns, dict(namespace))",
    "nbnebius/session/dask/seat.py: from distributed.protocol.pickle import dumps",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    with zipfile.ZipFile(made) as opened:
        yield opened


def tracked():
    """List the package's own files, as the repository has them."""
    listed = subprocess.run(
        ["git", "ls-files", "nbnebius"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(listed.stdout.splitlines()) | {"nbnebius/notebooks/tour.ipynb"}


def test_the_wheel_holds_the_repositorys_files_and_nothing_else(wheel):
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    about = {name.partition("/")[2] for name in wheel.namelist()} - {
        name.partition("/")[2] for name in names
    }
    foreign = names ^ tracked()
    kinds = {name for name in names if Path(name).suffix not in KINDS}
    starters = {name for name in wheel.namelist() if STARTERS.search(name)}
    executable = [i.filename for i in wheel.infolist() if (i.external_attr >> 16) & 0o111]
    strange = []
    for name in names:
        content, suffix = wheel.read(name), Path(name).suffix
        if suffix in TEXTS:
            strange += [name] if b"\0" in content or b"\r" in content else []
            content.decode("utf-8")
        else:
            strange += [] if content.startswith(PICTURES.get(suffix, b"?")) else [name]
    assert foreign == set()
    assert about == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    proven(
        "A22",
        "files of the wheel",
        tried=len(wheel.namelist()),
        broken={
            "not in the repository, or missing": len(foreign),
            "of another kind": len(kinds) + len(strange),
            "run at a start": len(starters),
            "executable": len(executable),
        },
    )


def test_the_wheel_asks_for_few_packages_and_installs_one_command(wheel):
    info = next(name for name in wheel.namelist() if name.endswith("METADATA")).rpartition("/")[0]
    metadata = wheel.read(f"{info}/METADATA").decode()
    asked = re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE)
    needed = {re.match(r"[\w.-]+", one)[0].lower() for one in asked if "extra ==" not in one}
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(f"{info}/entry_points.txt").decode())
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = {re.match(r"[\w.-]+", one)[0].lower() for one in told["dependencies"]}
    addresses = [one for one in asked if "@" in one or "://" in one]
    assert needed == own
    assert {s: dict(entries[s]) for s in entries.sections()} == {
        "console_scripts": {"nbnebius": "nbnebius.cli:main"}
    }
    assert "Root-Is-Purelib: true" in wheel.read(f"{info}/WHEEL").decode()
    proven(
        "A22",
        "packages that the wheel needs",
        tried=len(asked),
        broken={
            "more than twelve": max(0, len(needed) - MOST_PACKAGES),
            "from an address": len(addresses),
        },
        seen={"at run time": len(needed)},
    )


IMPORTED = """
import sys
before = set(sys.modules)
import threading, builtins
threads = threading.active_count()
names = set(vars(builtins))
events = []
sys.addaudithook(lambda event, args: events.append(event) if event in (
    "socket.connect", "subprocess.Popen", "os.system", "socket.bind", "os.putenv", "os.chmod",
    "os.mkdir", "os.remove", "sqlite3.connect") or event == "open" and isinstance(args[1], str)
    and set(args[1]) & set("wax+") else None)
import nbnebius
assert set(vars(builtins)) == names
assert threading.active_count() == threads
heavy = {"pandas", "numpy", "httpx2", "matplotlib", "ipywidgets", "IPython", "PIL", "nh3", "pickle"}
print(events, sorted(heavy & (set(sys.modules) - before)))
"""


def test_importing_it_starts_writes_and_fetches_nothing(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-B", "-c", IMPORTED],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    left = list(tmp_path.iterdir())
    proven(
        "A22",
        "what an import does",
        tried=1,
        broken={"did or loaded something": int(ran.stdout.strip() != "[] []"), "files": len(left)},
    )


def test_nothing_of_the_package_can_run_data():
    """No pickle, no eval, no exec, no shell, no switch that turns a check off, in the source."""
    banned = re.compile(
        r"\b(pickle|cPickle|dill|shelve|marshal|cloudpickle|joblib)\b(?=[.\s(])|(?<![.\w])eval\("
        r"|(?<![.\w])exec\(|__import__\(|shell=True|os\.system|os\.popen|yaml\.load\b|verify=False"
        r"|CERT_NONE|check_hostname\s*=\s*False|follow_redirects=True|tempfile\.mktemp\b"
    )
    found, lines = [], 0
    for path in sorted((ROOT / "nbnebius").rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            lines += 1
            code = line.partition("#")[0]
            if banned.search(code) and not code.lstrip().startswith(('"', "'", "(?")):
                found.append(f"{path.relative_to(ROOT)}: {code.strip()}")
    found = sorted(set(found) - MEANT)
    assert found == []
    proven(
        "A22",
        "the source: pickle, eval, shells, and checks that are turned off",
        tried=lines,
        broken={"found": len(found)},
    )
