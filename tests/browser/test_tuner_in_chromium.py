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


def test_class_and_county_are_there_again_after_a_reload(shown):
    """By their names; all classes are in the order of totals, which the list of orders says."""
    tab = shown()
    expect = pytest.importorskip("playwright.sync_api").expect
    assert "没有评优名单" not in tab.locator(".awardsSaid").inner_text()
    tab.get_by_label("组别").select_option("-1")
    expect(tab.locator("[name=sort] option").first).to_have_text("总分")
    totals = [float(text) for text in tab.locator(".list .row:not([hidden]) .total").all_inner_texts() if text not in ("", "—")]
    assert totals == sorted(totals, reverse=True)
    tab.locator("[name=county]").select_option(index=2)
    county = tab.locator("[name=county]").input_value()
    tab.reload()
    expect(tab.get_by_label("组别")).to_have_value("-1")
    expect(tab.locator("[name=county]")).to_have_value(county)
    tab.get_by_label("组别").select_option(index=1)
    expect(tab.locator("[name=sort] option").first).to_have_text("名次")


def test_a_control_that_can_do_no_more_keeps_the_keyboard(shown):
    """Undo at the start, redo at the end, back to what is in force, a fourth snapshot, a weight that undo locks again."""
    tab = shown()
    expect = pytest.importorskip("playwright.sync_api").expect
    one = tab.get_by_role("slider", name="群众满意", exact=True)
    one.press("ArrowRight")
    for name, times in (("撤销", 2), ("重做", 2), ("撤销", 1), ("重做", 1), ("存快照", 4)):
        tool = tab.get_by_role("button", name=name, exact=True)
        for _ in range(times):
            tool.press("Enter")
            expect(tool).to_be_focused()
        expect(tool).to_have_attribute("aria-disabled", "true")
    back = tab.get_by_role("button", name="回到").first
    back.press("Enter")
    expect(back).to_be_focused()
    locker = tab.get_by_role("button", name="锁定群众满意的权重")
    locker.press("Enter")
    locker.press("Enter")
    one.focus()
    tab.keyboard.press("Control+z")
    expect(locker).to_be_focused()
    tab.keyboard.press("Control+z")
    expect(one).to_be_enabled()


def test_a_number_is_written_anew_by_undo_and_the_next_one_typed_takes_its_place(shown):
    """With the focus still in the field: Enter selects what was typed, undo and redo show the draft, half a number goes."""
    tab = shown()
    expect = pytest.importorskip("playwright.sync_api").expect
    number = tab.get_by_role("spinbutton", name="群众满意权重数值")
    before = number.input_value()
    number.select_text()
    for value in ("41", "42", "42", "43"):  # the same once more changes nothing, and is selected all the same
        tab.keyboard.type(value)
        tab.keyboard.press("Enter")
        expect(number).to_have_value(value)
        expect(tab.get_by_role("slider", name="群众满意", exact=True)).to_have_value(value)
    for keys, value in {"Control+z": "42", "Control+Shift+z": "43"}.items():
        tab.keyboard.press(keys)
        expect(number).to_have_value(value)
        assert number.evaluate("(one) => one === document.activeElement")
    tab.keyboard.type("7")
    expect(number).to_have_value("7")
    for value in ("42", "41", before, before):
        tab.keyboard.press("Control+z")
        expect(number).to_have_value(value)
    tab.keyboard.type("9")
    tab.keyboard.press("Control+z")
    expect(number).to_have_value(before)
