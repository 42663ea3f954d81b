"""The tuning screen as `fengqiao tune` opens it: in a real JupyterLab and in Notebook 7, with the network cut."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from jupyterlab_page import RUN_ALL, SAVE
from legible import CONTRAST

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
FENGQIAO = Path(sys.executable).with_name("fengqiao")
PAGES = {"JupyterLab": "lab/tree", "Notebook 7": "notebooks"}
TOKEN = "test"  # noqa: S105 - of a server on this machine that lives for a minute
LARGEST = 300_000
STEPS = {"ArrowRight": "26", "ArrowUp": "27", "ArrowLeft": "26", "Shift+ArrowRight": "31", "Shift+ArrowDown": "26"}
REASON = "党委会研究决定，提高案件办理占比"
REFUSED = (
    ({}, "权重与现行相同"),
    ({"改动原因": "试试"}, "改动原因只有 2 个字"),
    ({"改动原因": REASON, "起草人": "甲", "审核人": "甲"}, "不得是同一人"),
)
EXPOSED = {"LabApp": {"expose_app_in_browser": True}, "JupyterNotebookApp": {"expose_app_in_browser": True}}

# One gesture after another as hands make them: drags of several steps, typed numbers, keys, locks, undo and redo.
GESTURES = """async (count) => {
  const root = document.querySelector('.fengqiao-tuner');
  const all = (selector) => [...root.querySelectorAll(selector)];
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  let state = 20261122;
  const dice = (below) => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648 * below | 0;
  const some = (list) => list[dice(list.length)];
  const send = (element, kind) => element.dispatchEvent(new Event(kind, {bubbles: true}));
  const key = (element, name, shiftKey) => {
    element.focus();
    element.dispatchEvent(new KeyboardEvent('keydown', {key: name, shiftKey, bubbles: true, cancelable: true, composed: true}));
    element.dispatchEvent(new KeyboardEvent('keyup', {key: name, shiftKey, bubbles: true, composed: true}));
  };
  const sliders = () => all('input[type=range]:not(:disabled)');
  const numbers = () => all('input[type=number]:not(:disabled)');
  const read = () => all('input[type=number]').map((one) => one.value);
  const undo = () => root.querySelector('[title="Ctrl+Z"]');
  const redo = () => root.querySelector('[title="Ctrl+Shift+Z"]');
  const act = {
    drag() { const one = some(sliders()); if (!one) return;
      for (let step = 0; step < 3; step++) { one.value = dice(101); send(one, 'input'); }
      send(one, 'change'); },
    type() { const one = some(numbers()); if (!one) return;
      one.value = some(['0', '100', String(dice(101)), (dice(10001) / 100).toFixed(2), '250', '-3', '']); send(one, 'change'); },
    keys() { const one = some(sliders()); if (one) key(one, some(['ArrowLeft', 'ArrowRight', 'Home', 'End']), dice(3) === 0); },
    lock() { some(all('.lock')).click(); },
    undo() { undo().click(); },
    redo() { redo().click(); },
  };
  const wrong = [];
  const check = (what) => all('ul.nodes').forEach((list) => {
    const shown = [...list.children].map((line) => Math.round(100 * line.querySelector('input[type=number]').value));
    const sum = shown.reduce((one, other) => one + other, 0);
    if (sum !== 10000 || shown.some((one) => one < 0)) wrong.push(what + ': ' + shown.join(' '));
  });
  all('.fold[aria-expanded=false]').forEach((one) => one.click());
  await frame();
  const before = read();
  const kinds = ['drag', 'drag', 'drag', 'type', 'type', 'keys', 'keys', 'lock', 'undo', 'redo'];
  let other = 0;
  for (let number = 0; number < count; number++) {
    const kind = some(kinds);
    act[kind]();
    await frame();
    check(number + ' ' + kind);
    other += read().join() !== before.join();
  }
  let steps = 0;
  for (; undo().ariaDisabled !== 'true' && steps <= count; steps++) { undo().click(); await frame(); }
  check('after ' + steps + ' steps back');
  return {before, after: read(), wrong: wrong.slice(0, 5), other, steps, locked: all('.lock[aria-pressed=true]').length};
}"""

MOTION = """() => {
  const all = [...document.querySelectorAll('.fengqiao-tuner, .fengqiao-tuner *')];
  const moving = all.filter((one) => { const style = getComputedStyle(one);
    return style.transitionDuration.split(', ').some((time) => parseFloat(time) > 0) || style.animationName !== 'none'; });
  return [moving.map((one) => one.outerHTML.slice(0, 80)), all[0].getAnimations({subtree: true}).length];
}"""

ONLY_COLOUR = """() => {
  const root = document.querySelector('.fengqiao-tuner');
  const told = (one) => /[▲▼+−]/.test(one.textContent);
  const coloured = [...root.querySelectorAll('.up, .down')].filter((one) => !(one instanceof SVGElement) && one.textContent);
  const bare = coloured.filter((one) => !told(one));
  const keys = [...root.querySelectorAll('.legend .key')];
  return {
    bare: bare.map((one) => one.outerHTML.slice(0, 80)),
    unnamed: keys.filter((one) => !one.parentElement.textContent.trim()).length,
    patterns: keys.map((one) => getComputedStyle(one).backgroundImage !== 'none'),
    named: [...root.querySelectorAll('.row.named .name')].map((one) => +getComputedStyle(one).fontWeight),
    others: [...root.querySelectorAll('.row:not(.named):not(.heads) .name')].map((one) => +getComputedStyle(one).fontWeight),
  };
}"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make a project of its own: notebooks, params, an invented province, its scores, and a run in which all are alike."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    for words in (["demo", "demo"], ["score", "params/demo.yaml"]):
        subprocess.run([FENGQIAO, *words], cwd=folder, check=True, capture_output=True)
    _level_out(folder / "runs" / "demo", folder / "runs" / "alike")
    return folder


def _level_out(run: Path, alike: Path) -> None:
    """Copy a run, and give every station the points and the total of the first."""
    shutil.copytree(run, alike)
    frames = {name: pd.read_parquet(run / f"{name}.parquet") for name in ("units", "points", "ranks", "adjustments")}
    stations = frames["units"].loc[frames["units"]["level"] == "station", "unit_id"]
    points, ranks, apart = (frames[name] for name in ("points", "ranks", "adjustments"))
    first = points[points["unit_id"] == stations.iloc[0]]
    same = pd.concat([first.assign(unit_id=unit) for unit in stations])
    pd.concat([points[~points["unit_id"].isin(stations)], same]).to_parquet(alike / "points.parquet")
    sums = first.groupby("period", observed=True)["contribution"].sum().round(2)
    ours = ranks["unit_id"].isin(stations)
    ranks.loc[ours, "total"] = ranks.loc[ours, "period"].map(sums).astype("float64")
    ranks.to_parquet(alike / "ranks.parquet")
    apart[~apart["unit_id"].isin(stations)].to_parquet(alike / "adjustments.parquet")


@pytest.fixture(scope="module")
def server(project, free_port, await_server):
    """Type `fengqiao tune` as its user does, and give the address; both pages are served there."""
    port = free_port()
    (project / ".jupyter").mkdir()
    (project / ".jupyter" / "jupyter_server_config.json").write_text(json.dumps(EXPOSED), "utf-8")
    home = {**os.environ, "HOME": str(project), "JUPYTER_RUNTIME_DIR": str(project / "runtime"), "JUPYTER_TOKEN": TOKEN}
    words = [FENGQIAO, "tune", "params/demo.yaml", "--no-browser", f"--port={port}"]
    log = (project / "tune.log").open("w")
    running = subprocess.Popen(words, cwd=project, stdout=log, stderr=log, env=home)
    address = f"http://127.0.0.1:{port}"
    await_server(f"{address}/api?token={TOKEN}")
    yield address
    running.send_signal(signal.SIGINT)
    running.wait(30)
    log.close()


@pytest.fixture
def shown(server, project, browser):
    """Give a function that opens the notebook of a run, runs it, and gives the page; asking another host fails the test."""
    context, asked = browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN"), []
    context.on("request", lambda request: asked.append(request.url))

    def show(page="lab/tree", **parameters):
        name = _copy(project / "my_notebooks", parameters) if parameters else "tune-demo.ipynb"
        tab = context.new_page()
        tab.goto(f"{server}/{page}/{name}?token={TOKEN}&reset")
        tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
        tab.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        if name != "tune-demo.ipynb":  # that one runs by itself
            tab.evaluate(RUN_ALL)
        tab.wait_for_selector(".fengqiao-tuner .row .name", timeout=120_000)
        return tab

    yield show
    context.close()
    assert [url for url in asked if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))] == []


def _copy(runs: Path, parameters: dict[str, str]) -> str:
    """Copy the notebook with other parameters; a server keeps a kernel for each."""
    notebook = json.loads((runs / "tune-demo.ipynb").read_text("utf-8"))
    [injected] = [cell for cell in notebook["cells"] if "injected-parameters" in cell["metadata"].get("tags", ())]
    injected["source"] = [f"{key} = {value!r}\n" for key, value in ({"run": "../runs/demo", "lang": "zh"} | parameters).items()]
    name = "-".join(["tune", *(Path(value).name for value in parameters.values())]) + ".ipynb"
    (runs / name).write_text(json.dumps(notebook), "utf-8")
    return name


def slider(tab, label="案件办理"):
    """Find the slider of a dimension by the name that is read out."""
    return tab.get_by_role("slider", name=label, exact=True)


def reads(one, value):
    """Wait until a slider shows a value: it is drawn in the next frame."""
    pytest.importorskip("playwright.sync_api").expect(one).to_have_value(value)


def settle(tab):
    """Wait until the draws are back: then every move has its range of places."""
    tab.wait_for_function(
        "/\\d–\\d/.test(document.querySelector('.fengqiao-tuner .list .row .range').textContent)", timeout=60_000
    )


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_arrows_move_the_slider_that_has_the_focus(shown, page):
    """Both pages keep arrows for themselves; the screen takes them first: ±1, with shift ±5, and no cell is moved to."""
    tab = shown(page)
    one = slider(tab)
    reads(one, "25")
    one.focus()
    for key, value in STEPS.items():
        tab.keyboard.press(key)
        reads(one, value)
        assert one.evaluate("one => document.activeElement === one")
    tab.keyboard.press("Control+z")
    reads(one, "31")
    tab.keyboard.press("Control+Shift+z")
    reads(one, "26")


def test_the_page_speaks_chinese_and_has_no_news(shown):
    """JupyterLab's menus are in Chinese, the screen is, and no window asks for news or updates."""
    tab = shown()
    assert tab.locator(".lm-MenuBar-itemLabel").first.inner_text() == "文件"
    assert tab.locator(".fengqiao-tuner h2").inner_text() == "权重调试"
    assert tab.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert "正在兑现" in tab.get_by_role("list", name="注意").inner_text()


@pytest.mark.slow
def test_a_thousand_gestures_add_up_and_lead_back(shown):
    """Drags, numbers, keys, locks, undo and redo at random: what is shown adds to 100 each time, and undo ends at the start."""
    tab = shown()
    tab.set_default_timeout(600_000)
    found = tab.evaluate(GESTURES, 1000)
    assert found["wrong"] == []
    assert found["after"] == found["before"]
    assert found["locked"] == 0
    assert found["other"] > 500
    assert found["steps"] > 100


def test_every_control_is_named_for_those_who_hear_the_page(shown):
    """What Chromium tells a screen reader: each slider, number, button, choice, field and row has a name; moves are announced."""
    tab = shown()
    tab.get_by_role("button", name=re.compile("案件办理的分项")).click()
    speak = tab.context.new_cdp_session(tab)
    root = speak.send("DOM.getDocument")["root"]["nodeId"]
    screen = speak.send("DOM.querySelector", {"nodeId": root, "selector": ".fengqiao-tuner"})["nodeId"]
    nodes = speak.send("Accessibility.queryAXTree", {"nodeId": screen})["nodes"]
    roles = {
        "slider",
        "spinbutton",
        "button",
        "combobox",
        "searchbox",
        "textbox",
        "Date",
        "listbox",
        "option",
        "region",
        "toolbar",
    }
    told = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    heard = [(role, name) for role, name in told if role in roles]
    assert {"slider", "spinbutton", "button", "combobox", "searchbox", "textbox", "listbox", "option"} <= {
        role for role, _ in heard
    }
    assert [role for role, name in heard if not name.strip()] == []
    sliders = [name for role, name in heard if role == "slider"]
    assert len(sliders) == len(set(sliders)) > 4
    slider(tab).press("ArrowRight")
    tab.wait_for_function("document.querySelector('.fengqiao-tuner [aria-live=polite]').textContent.includes('名次变动')")


def test_text_is_legible_and_nothing_is_said_by_colour_alone(shown):
    """Every text stands at 4.5:1; rise and fall have signs, neighbouring dimensions patterns, the award list bold type."""
    tab = shown()
    slider(tab).press("Shift+ArrowRight")
    settle(tab)
    assert tab.evaluate(CONTRAST, ".fengqiao-tuner *") == []
    found = tab.evaluate(ONLY_COLOUR)
    assert found["bare"] == []
    assert found["unnamed"] == 0
    assert all(one != other for one, other in zip(found["patterns"], found["patterns"][1:4], strict=False))
    assert min(found["named"]) > max(found["others"])


NARROW = 700
"""Pixels below which the list of files is closed once, as launcher.js has it."""

CUT = """() => [...document.querySelectorAll('.fengqiao-tuner, .fengqiao-tuner *')]
  .filter((one) => !one.matches('.list, textarea, input, select, .unseen') && !(one instanceof SVGElement))
  .filter((one) => one.getClientRects().length && one.clientWidth && one.scrollWidth > one.clientWidth + 1)
  .map((one) => [one.className, one.scrollWidth, one.clientWidth, one.textContent.slice(0, 40)].join(' '))"""
"""What holds more than it shows, but for the list, which scrolls, and fields."""


IN_VIEW = """() => {
  const box = document.querySelector('.fengqiao-tuner .movesSaid').getBoundingClientRect();
  return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
}"""


@pytest.mark.parametrize(("width", "lang"), [(1280, "zh"), (1280, "en"), (853, "zh"), (600, "zh"), (600, "en")])
def test_no_text_is_cut_beside_the_list_of_files(shown, width, lang):
    """At 1,280 × 800, at 150 % of it and at 600 px, where it closes once: all is legible, consequences stay in view."""
    tab = shown(**({"lang": lang} if lang == "en" else {}))
    tab.set_viewport_size({"width": width, "height": 800})
    files = tab.locator("#filebrowser")
    if width < NARROW:
        files.wait_for(state="hidden")
        tab.evaluate("window.jupyterapp.shell.expandLeft()")
    files.wait_for()
    slider(tab, {"zh": "群众满意", "en": "Public satisfaction"}[lang]).press("Shift+ArrowRight")
    settle(tab)
    assert tab.evaluate(CUT) == []
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        tab.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        dark = "(dark) => document.querySelector('.fengqiao-tuner').matches('.dark') === dark"
        tab.wait_for_function(dark, arg="Dark" in theme)
        assert tab.evaluate(CONTRAST, ".fengqiao-tuner *") == []
    last = tab.locator(".fengqiao-tuner .weights > .nodes > li").last
    last.scroll_into_view_if_needed()
    tab.wait_for_function(IN_VIEW)  # JupyterLab scrolls a notebook in steps, and the consequences follow
    moves, weight = (one.bounding_box() for one in (tab.locator(".fengqiao-tuner .movesSaid"), last))
    assert weight["y"] >= moves["y"] + moves["height"] or weight["x"] + weight["width"] <= moves["x"]  # beside or below it


TIED = """() => {
  const rows = [...document.querySelectorAll('.fengqiao-tuner .list .row:not([hidden])')];
  const of = (row) => ({place: +row.querySelector('.place').textContent, could: row.querySelector('.said').textContent,
    leads: row.matches('.leads'), follows: row.matches('.follows'), told: row.getAttribute('aria-label')});
  return rows.map(of).sort((one, other) => one.place - other.place);
}"""
"""The rows in view, by place: where each may stand, and whether it is tied to its neighbours."""


def test_neighbours_that_cannot_be_told_apart_are_tied_and_no_range_outlives_its_weights(shown):
    """Ties are of the weights on screen at every step; a range is gone while a weight moves and back once it is drawn anew."""
    tab = shown()
    tab.get_by_text(re.compile(r"记录的偶然：相邻 \d+ 对名次中有 \d+ 对分不出先后")).wait_for()
    settle(tab)
    rows = tab.evaluate(TIED)
    assert any(row["leads"] for row in rows)
    for above, below in pairwise(rows):
        assert above["leads"] == below["follows"] == ("与后一名分不出先后" in above["told"])
    for row in rows:
        low, high = map(int, row["could"].split("–"))
        assert low <= row["place"] <= high
        assert f"九成可能在第 {low} 至第 {high} 名" in row["told"]
    box = slider(tab, "群众满意").bounding_box()
    tab.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    tab.get_by_text("记录的偶然：松手后按新权重重算。").wait_for()
    moving = tab.evaluate(TIED)
    assert {row["could"] for row in moving} == {""}
    assert any(row["leads"] for row in moving)  # reckoned here, and so of these weights
    tab.mouse.up()
    settle(tab)
    after = tab.evaluate(TIED)
    assert all(row["could"] for row in after)
    assert [row["could"] for row in after] != [row["could"] for row in rows]


def test_a_draft_survives_a_reload_and_a_kernel_that_goes(shown):
    """Weights, locks and undo are there again; a kernel that restarts is said at once, with the button that mends it."""
    tab = shown()
    tab.on("dialog", lambda dialog: dialog.accept())  # JupyterLab asks whether to leave what is not saved
    slider(tab).press("Shift+ArrowRight")
    reads(slider(tab), "30")
    tab.get_by_role("button", name="锁定案件办理的权重").click()
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    before = tab.evaluate(f"{kernel}.id")
    tab.reload()
    tab.wait_for_selector(".fengqiao-tuner .row .name", timeout=120_000)
    assert tab.evaluate(f"{kernel}.id") == before  # no second kernel is started while the first one connects
    reads(slider(tab), "30")
    assert tab.get_by_role("button", name="锁定案件办理的权重").get_attribute("aria-pressed") == "true"
    assert tab.get_by_role("button", name="撤销").is_enabled()
    tab.evaluate(f"() => void {kernel}.restart()")
    tab.get_by_role("alert").get_by_text("计算程序已重启").wait_for()
    tab.get_by_role("button", name="重新运行").click()
    tab.locator(".fengqiao-tuner .alarm[hidden]").wait_for(state="attached", timeout=120_000)
    reads(slider(tab), "30")


def test_what_is_typed_and_chosen_survives_a_reload(shown):
    """Reason, persons, date, class, county, level and period are there again, of each level its own class."""
    tab = shown()
    expect = pytest.importorskip("playwright.sync_api").expect
    tab.on("dialog", lambda dialog: dialog.accept())
    typed = {"改动原因": REASON, "起草人": "甲", "审核人": "乙", "日期": "2025-02-03"}
    for label, text in typed.items():
        tab.get_by_label(re.compile(f"^{label}")).fill(text)
    stations = {name: tab.locator(f"[name={name}] option").nth(at).inner_text() for name, at in (("group", -1), ("county", 2))}
    for name, label in stations.items():
        tab.locator(f"[name={name}]").select_option(label=label)
    with _drawn_anew(tab):
        tab.locator("[name=period]").select_option("2024Q4")
    for _ in range(2):
        expect(tab.locator("[name=period]")).to_have_value("2024Q4")
        for name, label in stations.items():
            expect(tab.locator(f"[name={name}] option:checked")).to_have_text(label)
        for label, text in typed.items():
            expect(tab.get_by_label(re.compile(f"^{label}"))).to_have_value(text)
        tab.reload()
        tab.wait_for_selector(".fengqiao-tuner .row .name", timeout=120_000)
    with _drawn_anew(tab):
        tab.locator("[name=level]").select_option("zone")
    expect(tab.get_by_label("起草人")).to_have_value("甲")
    tab.reload()
    expect(tab.locator(".fengqiao-tuner [name=level]")).to_have_value("zone", timeout=120_000)
    tab.locator("[name=level]").select_option("station")
    expect(tab.locator("[name=county] option:checked")).to_have_text(stations["county"])


@pytest.mark.parametrize(("name", "value"), [("level", "county"), ("period", "2024Q4")])
def test_the_keyboard_stays_on_the_list_that_was_used(shown, name, value):
    """The screen is drawn anew with the keyboard on the same list; where it was moved meanwhile, it stays there."""
    tab = shown()
    expect = pytest.importorskip("playwright.sync_api").expect
    with _drawn_anew(tab):
        tab.locator(f"[name={name}]").focus()
        tab.locator(f"[name={name}]").select_option(value)
    expect(tab.locator(f"[name={name}]")).to_be_focused()
    expect(tab.locator(f"[name={name}]")).to_have_value(value)
    with _drawn_anew(tab):
        tab.locator(f"[name={name}]").select_option(index=0)
        slider(tab).focus()
    expect(slider(tab)).to_be_focused()


@contextmanager
def _drawn_anew(tab):
    """Wait until another screen stands in the place of the one that is there."""
    first = tab.locator(".fengqiao-tuner:has(.weights)").element_handle()
    yield
    tab.wait_for_function("(first) => !first.isConnected", arg=first)


def test_what_jupyterlab_says_of_a_kernel_that_died_is_chinese(shown):
    """Its window, which it leaves in English, is in Chinese; the screen says what to press, in words of no programmer."""
    tab = shown(level="county")
    _die(tab)
    dialog = tab.locator(".jp-Dialog")
    dialog.get_by_text("它将自动重启").wait_for(timeout=120_000)
    assert not re.search(r"[Kk]ernel|died", dialog.inner_text())
    dialog.get_by_role("button").first.click()
    tab.locator(".alarm").get_by_text("请按“重新运行”").wait_for()
    told = tab.locator(".alarm").inner_text()
    assert not re.search(r"[A-Za-z]{3}|内核", told)


def _die(tab) -> None:
    """Kill the kernel of the notebook in front, as a machine that runs out of memory does."""
    tab.evaluate("""() => void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
      .requestExecute({code: 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)'})""")


def test_a_typed_number_that_locks_hold_back_says_so(shown):
    """What was typed, how far it can go, and what is locked."""
    tab = shown()
    tab.get_by_role("button", name="锁定走访入户的权重").click()
    number = tab.get_by_role("spinbutton", name="群众满意权重数值")
    number.fill("95")
    number.press("Enter")
    tab.locator(".gave").get_by_text("群众满意最多到 80，不能到 95：走访入户已锁定，共 20。").wait_for()


def test_nothing_moves_where_no_motion_is_wanted(shown):
    """With prefers-reduced-motion nothing on the screen glides or fades while a weight moves."""
    tab = shown()
    tab.emulate_media(reduced_motion="reduce")
    slider(tab).press("Shift+ArrowRight")
    assert tab.evaluate(MOTION) == [[], 0]


def test_who_leaves_the_award_list_is_said_with_the_reason_and_the_keyboard_is_never_lost(shown):
    """Of all classes, by keyboard: somebody leaves, Enter says why, undo takes it back from there, saving keeps the button."""
    tab = shown()
    tab.get_by_label("组别").select_option(label="全部（60）")
    one = slider(tab, "群众满意")
    for value in ("35", "40", "45", "50"):
        one.press("Shift+ArrowRight")
        reads(one, value)
    leaves = tab.locator(".awardsSaid button").first
    leaves.press("Enter")
    tab.locator(".why").get_by_text(re.compile("为什么退出：.*其中 群众满意 −")).wait_for()
    assert leaves.inner_text() == tab.locator(".row.lit .name").get_attribute("title")
    for value in ("45", "40"):  # the name goes with the first step
        tab.keyboard.press("Control+z")
        reads(one, value)
    _sign(tab, {"改动原因": "试试"})
    tab.locator(".answer.refused").wait_for()
    assert tab.evaluate("document.activeElement.type") == "submit"


def test_saving_refuses_a_bad_reason_and_writes_a_good_file(shown, project):
    """No change, a short reason, one person in both roles are refused; then a new file stands beside the scheme as it was."""
    before = {path.name: path.read_bytes() for path in (project / "params").glob("*.yaml")}
    tab = shown()
    answer = tab.locator(".fengqiao-tuner .answer")
    for fields, refused in REFUSED:
        _sign(tab, fields)
        answer.get_by_text(refused).wait_for()
        slider(tab).press("ArrowRight")
    assert {path.name for path in (project / "params").glob("*.yaml")} == set(before)
    _sign(tab, {"改动原因": REASON, "起草人": "甲", "审核人": "乙"})
    answer.get_by_text("已保存").first.wait_for()
    assert {name: (project / "params" / name).read_bytes() for name in before} == before
    [file] = [path for path in (project / "params").glob("*.yaml") if path.name not in before]
    assert f"params/{file.name}" in answer.inner_text()
    assert f"fengqiao compare runs/demo runs/{file.stem}/demo" in answer.inner_text()
    tab.get_by_role("button", name="保存", exact=True).click()
    answer.get_by_text("已经保存过").wait_for()
    assert len(list((project / "params").glob("*.yaml"))) == len(before) + 1
    assert "reason: " + REASON in file.read_text("utf-8")
    words = [FENGQIAO, "check", "params/demo.yaml", "--set", f"overrides=params/{file.name}"]
    checked = subprocess.run(words, cwd=project, check=True, capture_output=True, text=True)
    assert "未发现差错" in checked.stdout


def _sign(tab, fields: dict[str, str]) -> None:
    for label, text in fields.items():
        tab.get_by_label(re.compile(f"^{label}")).fill(text)
    tab.get_by_role("button", name="保存", exact=True).click()


def test_a_saved_notebook_holds_no_records(shown, project):
    """Saved after use it is small, and no station's name or number is in it."""
    tab = shown()
    slider(tab).press("Shift+ArrowRight")
    settle(tab)
    tab.evaluate(SAVE)
    path = project / "my_notebooks" / "tune-demo.ipynb"
    text = path.read_text("utf-8")
    assert any(cell.get("outputs") for cell in json.loads(text)["cells"])
    assert len(text.encode()) < LARGEST
    names = [name.split("（")[0] for name in tab.locator(".fengqiao-tuner .list .row .name").all_inner_texts() if name]
    assert len(names) > 10
    assert [name for name in names if name in text] == []
    assert "widget-state" not in text


@pytest.mark.parametrize(
    ("parameters", "told", "units"),
    [({"level": "city"}, "本层级只有一个单位", 1), ({"run": "../runs/alike"}, "所有单位总分相同", 18)],
    ids=["one unit", "all alike"],
)
def test_where_there_is_nothing_to_compare_the_screen_says_so(shown, parameters, told, units):
    """One unit, or totals that are all the same: the screen works, says what to do, and shares out no influence."""
    tab = shown(**parameters)
    assert told in tab.get_by_role("list", name="注意").inner_text()
    tab.get_by_text("总分全部相同（或无名次）").wait_for()
    slider(tab).press("Shift+ArrowRight")
    reads(slider(tab), "30")
    rows = [text for text in tab.locator(".fengqiao-tuner .list .row .place").all_inner_texts() if text]
    assert rows == ["1"] * units
    assert tab.get_by_text(re.compile("影响 .*%")).count() == 0
