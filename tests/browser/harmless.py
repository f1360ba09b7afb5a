"""What has to hold of a page that shows hostile texts in widgets."""

import re

from playwright.sync_api import expect

WHERE = re.compile(r"([\d,]+) to ([\d,]+) of ([\d,]+)")

OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach(folded => { folded.open = true });
  document.querySelectorAll('.nbnebius-panel *').forEach(element =>
    ['mouseover', 'focus', 'toggle'].forEach(name => element.dispatchEvent(new Event(name))));
}"""
# A panel's own widgets are buttons and fields; these are not.
FOREIGN = """() => [...document.querySelectorAll('.nbnebius-panel *')].filter(element =>
    element.matches('script, iframe, object, embed, form, link, meta, base, video, audio, svg, '
      + 'template, marquee, details, img:not([src^="data:image/"])')
    || /^(javascript|data|vbscript|file|blob):/i.test(element.getAttribute('href') || '')
    || [...element.attributes].some(attribute => attribute.name.startsWith('on'))
    || getComputedStyle(element).position === 'fixed'
  ).map(element => element.outerHTML.slice(0, 300))"""


def assert_harmless(page):
    """Stir everything in the panels of a page, and see that nothing ran, loaded or covers it."""
    page.evaluate(OPEN_ALL)
    page.wait_for_timeout(1500)
    assert page.evaluate("() => window.__pwn") is None
    assert page.evaluate(FOREIGN) == []
    assert page.watch.outside == []


def turn_all_pages(panel):
    """Go through a panel's table to its last page."""
    where = panel.get_by_text(WHERE)
    while True:
        text = where.inner_text()
        _, last, count = WHERE.search(text).groups()
        if last == count:
            return
        panel.get_by_role("button", name="Next").click()
        expect(where).not_to_have_text(text)
