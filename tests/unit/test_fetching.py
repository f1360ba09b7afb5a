"""Packages that hand out names without importing what they live in."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for path in (ROOT / "nbnebius").rglob("__init__.py")
    if "fetcher(" in path.read_text()
)


def homes(package):
    """Return what a package says of its names: where each lives."""
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text())
    (call,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__getattr__"
    ]
    return ast.literal_eval(call.args[1])


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_where_its_package_says(package):
    module = importlib.import_module(package)
    assert set(homes(package)) == set(module.__all__)
    for name, home in homes(package).items():
        own = importlib.import_module(home)
        assert getattr(module, name) is (own if home == f"{package}.{name}" else getattr(own, name))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_hides_a_name_that_lives_elsewhere(package):
    folder = ROOT / package.replace(".", "/")
    modules = {path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"}
    for name, home in homes(package).items():
        assert name not in modules or home == f"{package}.{name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_are_told_the_same_names(package):
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text())
    told = {
        alias.name
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        for alias in node.names
    }
    assert told == set(homes(package))


def test_a_name_that_no_package_has_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = importlib.import_module("nbnebius.journal").nothing_here
