"""What the README says is so: its commands are those that CI runs, its table is current."""

import re
import tomllib

import endpoints
from starlette.routing import Route

import nbnebius
from nbnebius.magics.magic import MAGICS
from nbnebius.magics.nebius import VERBS
from nbnebius.sandbox.app import ROUTES

README = (endpoints.ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((endpoints.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_table_of_endpoints_is_current():
    assert endpoints.current() == endpoints.table()


def test_everything_that_the_table_names_is_there():
    routes = {(m, r.path) for r in ROUTES if isinstance(r, Route) for m in r.methods or ()}
    for endpoint, (magic, function, test) in endpoints.ENDPOINTS.items():
        assert tuple(endpoint.split(" ")) in routes
        assert function in nbnebius.__all__
        name, _, verb = magic.lstrip("%").partition(" ")
        assert not magic or (name in MAGICS and (not verb or verb in VERBS))
        text = (endpoints.ROOT / test).read_text(encoding="utf-8")
        assert function in text or magic in text


def test_every_dependency_has_its_line():
    for dependency in PROJECT["dependencies"]:
        name = dependency.split(">")[0].split("<")[0].split("[")[0].strip()
        assert f"| {name} |" in README


def test_every_magic_has_its_line():
    for name, kinds in MAGICS.items():
        assert f"`%{name}`" in README or ("line" not in kinds and f"`%%{name}`" in README)


def test_every_notebook_and_page_is_listed_and_every_link_leads_somewhere():
    links = set(re.findall(r"\]\((?!https?:|#)([^)#]+)\)", README))
    assert all((endpoints.ROOT / link).is_file() for link in links)
    pages = [*endpoints.ROOT.glob("notebooks/*.ipynb"), *endpoints.ROOT.glob("docs/*.md")]
    assert {page.relative_to(endpoints.ROOT).as_posix() for page in pages} <= links


def test_every_extra_has_its_word():
    extras = README[README.index("\nExtras: ") :].split("\n\n")[0]
    assert all(f"`{name}`" in extras for name in PROJECT["optional-dependencies"])


def test_ci_runs_the_readmes_own_command():
    script = (endpoints.ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "grep -m1 -F -- \"-e '.[lab,dev]'\" README.md" in script
    assert README.count("-e '.[lab,dev]'") == 1
