"""A live JupyterLab and a browser for the whole run; a fresh page and kernel for each test."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.lab import Server
from browser.notebook import Notebook
from playwright.sync_api import expect, sync_playwright
from sandbox_fixture import start_sandbox

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE_MILLISECONDS = 60_000  # a machine may be busy with other things
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    # Slow enough to be seen growing.
    running = start_sandbox(tmp_path_factory.mktemp("sandbox"), "--tokens-per-second", "60")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def kernel_environment(sandbox):
    """What the kernels see: the sandbox's address and key; their HOME is the Lab's own."""
    return {
        "NEBIUS_BASE_URL": sandbox.base_url,
        "NEBIUS_API_KEY": sandbox.api_key,
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")])
        ),
    }


@pytest.fixture(scope="session")
def lab(tmp_path_factory, kernel_environment):
    server = Server(tmp_path_factory.mktemp("lab"), kernel_environment)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium():
    found = os.environ.get("NBN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.fail(
            "No Chromium found. Install one (Debian, Ubuntu: apt-get install chromium) or give "
            "the path of a Chromium or Chrome in NBN_CHROMIUM.",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


class Watch:
    """Notes what a page tries to reach outside this machine, and what goes wrong in it."""

    def __init__(self, page):
        self.outside = []
        self.errors = []
        page.on("request", self._see)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _see(self, request):
        if urlsplit(request.url).hostname not in {"127.0.0.1", None}:
            self.outside.append(request.url)


@pytest.fixture
def page(chromium, lab, request):
    context = chromium.new_context(viewport={"width": 1280, "height": 1500})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    page = context.new_page()
    page.watch = Watch(page)
    yield page
    save_screenshot(page, request.node.name)
    context.close()
    lab.end_kernels()


@pytest.fixture
def open_notebook(page, lab):
    """Give a function that opens a notebook with the given cells."""
    return lambda cells, front="doc/tree", name=None: Notebook(page, lab, cells, front, name)


def save_screenshot(page, name):
    """Keep a picture of the page, where NBN_SCREENSHOTS names a folder for them."""
    folder = os.environ.get("NBN_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{re.sub(r'[^0-9A-Za-z-]+', '-', name)}.png")


def save_panel(panel, name):
    """Keep a picture of a panel alone, where NBN_SCREENSHOTS names a folder for them."""
    folder = os.environ.get("NBN_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        panel.screenshot(path=Path(folder) / f"{name}.png")
