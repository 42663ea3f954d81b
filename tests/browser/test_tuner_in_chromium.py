"""The tuning screen as a page of its own, in a real browser: what it needs no kernel for."""

import pytest

from fengqiao_eval.tuning.payload import write_standalone
from run_folders import write_run

pytestmark = pytest.mark.browser

LETTERS = 65
"""Pixels of five Chinese letters in the type of the screen."""

SWEEP = """async () => {
  const root = document.querySelector('.fengqiao-tuner'), found = [];
  const drawn = () => new Promise((done) => root.addEventListener('tuner:drawn', () => setTimeout(done), {once: true}));
  for (let width = 340; width <= 1300; width += 10) {
    const next = drawn();
    root.style.width = width + 'px';
    await next;
    const rows = [...root.querySelectorAll('.list .row:not([hidden])')];
    const names = rows.map((row) => row.querySelector('.name').clientWidth);
    const over = rows.map((row) => row.scrollWidth - row.clientWidth);
    found.push([width, Math.min(...names), root.querySelector('.heads').clientHeight, Math.max(...over)]);
  }
  return found;
}"""
"""Every tenth width of the screen: the least room of a name, how tall the heading is, and what a row holds more than it shows."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Write a small run as a page in each language."""
    folder = tmp_path_factory.mktemp("tuner")
    run = write_run(folder / "run", stations=120, zones=0, officers=0, months=False)
    return {lang: write_standalone(run, folder / f"{lang}.html", "station", lang=lang) for lang in ("zh", "en")}


@pytest.fixture
def shown(pages, browser):
    """Give a function that opens the page; what a script complains of fails the test."""
    context, said = browser.new_context(offline=True, viewport={"width": 1320, "height": 900}), []

    def show(lang="zh"):
        tab = context.new_page()
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(pages[lang].as_uri())
        tab.wait_for_selector(".fengqiao-tuner .row .name")
        return tab

    yield show
    context.close()
    assert said == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("snapshots", [0, 3])
def test_names_have_room_at_every_width(shown, lang, snapshots):
    """Other columns are left out before a name has less than five letters; also where snapshots widen the lines of places."""
    tab = shown(lang)
    for _ in range(snapshots):
        tab.get_by_role("button", name={"zh": "存快照", "en": "Keep snapshot"}[lang]).click()
    found = tab.evaluate(SWEEP)
    assert len(found) == 97
    narrow = [one for one in found if one[1] < LETTERS or one[2] > 60 or one[3] > 0]
    assert narrow == []
