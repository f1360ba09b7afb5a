"""What holds of every panel: by keyboard alone, at 700 px, in the light theme and in the dark."""

from __future__ import annotations

import pytest
from browser.conftest import save_panel
from playwright.sync_api import expect

from nbnebius.panels.opening import PANELS

pytestmark = pytest.mark.browser

LOAD = """%load_ext nbnebius
import pandas as pd
import nbnebius as neb
texts = [f"{about}, number {n}" for n in range(8) for about in ("a red carpet", "hot soup")]
reviews = pd.DataFrame({"text": texts, "stars": 3})
vectors = neb.embed(reviews, column="text")
"""
WIDTH = 700  # pixels: the widest that a panel becomes
FOLDS = {"chat": 3, "map": 1, "images": 1}  # before there are answers
PLOTS = {"models", "embeddings", "usage"}
THEMES = ("JupyterLab Light", "JupyterLab Dark")
READABLE = 3.0  # WCAG's contrast of text that is part of a control

# Sliders are ipywidgets' own: their handles have no names, their rows have.
NAMELESS = """panel => [...panel.querySelectorAll('button, input, select, textarea')]
  .filter(element => element.checkVisibility() && element.type !== 'file')
  .filter(element => !(element.getAttribute('aria-label') || element.title
    || [...(element.labels || [])].map(label => label.textContent.trim()).join('')
    || element.textContent.trim()))
  .map(element => element.outerHTML.slice(0, 200))"""
TOO_WIDE = """panel => {
  const right = panel.getBoundingClientRect().right + 1;
  return [...panel.querySelectorAll('*')].filter(element => element.checkVisibility()
      && element.getBoundingClientRect().right > right
      && !element.closest('canvas, svg, [style*="overflow"]'))
    .map(element => element.outerHTML.slice(0, 200));
}"""
FAINT = """(panel, least) => {
  const read = text => {
    const found = text.match(/[\\d.]+/g).map(Number);
    if (text.startsWith('color(')) found.splice(0, 3, ...found.slice(0, 3).map(one => one * 255));
    return found;
  };
  const light = ([r, g, b]) => [r, g, b].map(one => one / 255).map(
    one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const over = (top, below, share) =>
    [0, 1, 2].map(at => top[at] * share + below[at] * (1 - share));
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour[3] === undefined || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const told = [];
  for (const element of panel.querySelectorAll('*')) {
    const text = [...element.childNodes].filter(node => node.nodeType === 3)
      .map(node => node.data.trim()).join('');
    if (!text || !element.checkVisibility()) continue;
    if (element.closest(':disabled, style, option')) continue;
    let share = 1;
    for (let at = element; at && at !== panel; at = at.parentElement)
      share *= Number(getComputedStyle(at).opacity);
    const below = behind(element);
    const both = [light(over(read(getComputedStyle(element).color), below, share)), light(below)];
    const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (contrast < least) told.push([contrast.toFixed(2), text.slice(0, 60)]);
  }
  return told;
}"""
FILTER = "plot => getComputedStyle(plot).filter"


def set_theme(page, name):
    page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
    )
    page.wait_for_function(
        "dark => document.body.dataset.jpThemeLight === (dark ? 'false' : 'true')",
        arg=name.endswith("Dark"),
    )


def open_folds(page, panel, folds):
    """Reach every part that is folded with Tab, and open it with a key."""
    shut = panel.get_by_role("button", name="▸")
    expect(shut).to_have_count(folds)
    while shut.count():
        left = shut.count()
        panel.locator("select, input, button, textarea").first.focus()
        for _ in range(100):
            text = page.evaluate("() => document.activeElement.textContent")
            if text.startswith("▸"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(shut).to_have_count(left - 1)


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_reached_by_keyboard_named_narrow_and_readable(open_notebook, page, name):
    notebook = open_notebook([LOAD, f"%panel {name}"])
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    panel.get_by_role("status").wait_for(state="attached")
    expect(panel.get_by_role("button", name="Stop")).to_be_hidden()
    open_folds(page, panel, FOLDS.get(name, 0))
    assert panel.evaluate(NAMELESS) == []
    # A window so narrow that the panel has 600 pixels, and one with room to spare.
    for width in (1280, 770):
        page.set_viewport_size({"width": width, "height": 1500})
        page.wait_for_function(
            "([panel, most]) => panel.getBoundingClientRect().width <= most",
            arg=[panel.element_handle(), WIDTH],
        )
        assert panel.evaluate(TOO_WIDE) == []
    for theme in THEMES:
        set_theme(page, theme)
        assert panel.evaluate(FAINT, READABLE) == []
        save_panel(panel, f"{name}-{theme[11:].lower()}")
    plots = panel.locator(".nbnebius-plot")
    assert plots.count() == (name in PLOTS)
    for plot in plots.all():
        assert "invert" in plot.evaluate(FILTER)
    assert page.watch.outside == []
    assert page.watch.errors == []
