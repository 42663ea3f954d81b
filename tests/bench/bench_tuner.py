"""The tuning screen in a real JupyterLab: a move of the mouse to what is painted, and the first show, in milliseconds.

    python tests/bench/bench_tuner.py [UNITS ...]

Beside it, on the same server and the same points, a tuner as notebooks usually have it: ipywidgets sliders, NumPy in the
kernel, a plotly FigureWidget of the first thirty. 40 moves of one step each, the next when the one before is painted, three
before them to warm up; from the timeStamp of the pointer's event to the first task after the frame that shows it. First show:
from running the cell to the frame that shows it, imports done. Bounds: at 1,700 units a median of 33 and a 95th percentile of
100, and 2 s to the first show; at 40,000 units a 95th percentile of 100.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
import pandas as pd
from playwright.sync_api import Browser, Page, sync_playwright

from fengqiao_eval.runs import lab

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests"))
WARM, MOVES = 3, 40
TOKEN = "bench"  # noqa: S105 - of a server on this machine that lives for a minute

OURS = "from fengqiao_eval.tuning.widget import tuner", "screen = tuner('RUN')\nscreen"
PEER = (
    """import ipywidgets, numpy as np, plotly.graph_objects as go
from scipy.stats import rankdata
from fengqiao_eval.tuning.rescore import choose
from fengqiao_eval.results.run import open_run
field = choose(open_run('RUN'))
table, points = field.table, field.sheet.points[:, field.table.columns]
nodes = [int(node) for node in table.nodes]
above = dict(zip(nodes, table.above))
leaves = [nodes.index(int(table.tree.leaves[column])) for column in table.columns]
tops = [n for n in range(1, len(nodes)) if table.above[n] == 0]
member = np.array([[tops.index(int(table.above[leaf])) == d for leaf in leaves] for d in range(len(tops))])
own = table.in_force[leaves] / 100.0
there, filled = ~np.isnan(points), np.nan_to_num(points)
""",
    """def weigh(weights):
    inner = (there * own) @ member.T
    scores = (filled * own) @ member.T / np.where(inner, inner, 1)
    used = np.where(inner > 0, np.array(weights, dtype=float), 0)
    return scores * used / np.maximum(used.sum(axis=1, keepdims=True), 1)

def ranked(parts):
    return rankdata(-np.round(parts.sum(axis=1), 2), method='min').astype(int)

start = [int(table.in_force[top] // 100) for top in tops]
base = weigh(start)
before = ranked(base)
names = field.units['name'].to_numpy()
figure = go.FigureWidget([go.Bar(orientation='h', name=str(top)) for top in tops])
figure.update_layout(barmode='stack', height=640, width=700)
sliders = [ipywidgets.IntSlider(value=value, min=0, max=100) for value in start]
label = ipywidgets.HTML()
busy = False

def show():
    parts = weigh([one.value for one in sliders])
    places = ranked(parts)
    first = np.argsort(places, kind='stable')[:30]
    with figure.batch_update():
        for number, bar in enumerate(figure.data):
            bar.x = parts[first, number]
            bar.y = [f'{places[unit]} {names[unit]} {before[unit] - places[unit]:+d}' for unit in first]
    change = parts.sum(axis=1) - base.sum(axis=1)
    label.value = ' '.join(f'{change[field.group == group].mean():+.2f}' for group in range(len(field.groups)))

def moved(change):
    global busy
    if busy:
        return
    busy = True
    others = [one for one in sliders if one is not change['owner']]
    rest, had = 100 - change['new'], sum(one.value for one in others) or 1
    given = [int(rest * one.value / had) for one in others]
    given[0] += rest - sum(given)
    for one, value in zip(others, given):
        one.value = value
    busy = False
    show()

for one in sliders:
    one.observe(moved, 'value')
show()
ipywidgets.VBox([*sliders, label, figure])""",
)
SHOWN = {"ours": ".fengqiao-tuner .list .row .name", "peer": ".js-plotly-plot .bars .point"}

RUN_ONE = """async () => {
  const {shell, commands} = window.jupyterapp;
  await shell.currentWidget.sessionContext.ready;
  await shell.currentWidget.sessionContext.session.kernel.info;
  await commands.execute('notebook:run-cell-and-select-next');
}"""
TO_SHOWN = """async (selector) => {
  const from = performance.now();
  window.jupyterapp.commands.execute('notebook:run-cell-and-select-next');
  while (!document.querySelector(selector)?.textContent && !document.querySelector(selector)?.getClientRects().length)
    await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done));
  return performance.now() - from;
}"""
LISTEN = """(ours) => {
  window.times = [];
  let stamp = 0, known = '';
  window.addEventListener('pointermove', (event) => (stamp ||= event.timeStamp), true);
  const task = (done) => { const way = new MessageChannel(); way.port1.onmessage = done; way.port2.postMessage(0); };
  const painted = () => { const from = stamp; stamp = 0; if (from) task(() => window.times.push(performance.now() - from)); };
  if (ours) document.addEventListener('tuner:drawn', (event) => {
    const now = event.detail.weights.join();  // drawn within the frame: the next task comes after it
    if (now !== known) { known = now; painted(); }
  });
  else document.querySelector('.js-plotly-plot').on('plotly_afterplot', () => requestAnimationFrame(painted));
}"""


def notebook(cells: tuple[str, ...], run: str, path: Path) -> Path:
    """Write a notebook of some cells."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.replace("RUN", run)) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)
    return path


def drag(tab: Page, who: str) -> list[float]:
    """Drag the first slider step by step, and give the milliseconds from each move to what is painted."""
    tab.evaluate(LISTEN, who == "ours")
    track = tab.locator(".fengqiao-tuner input[type=range]" if who == "ours" else ".noUi-target").first
    track.scroll_into_view_if_needed()
    box, handle = track.bounding_box(), 16 if who == "ours" else 0
    assert box
    step, y = (box["width"] - handle) / 100, box["y"] + box["height"] / 2
    x = box["x"] + handle / 2 + 25 * step
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.wait_for_timeout(500)
    tab.evaluate("window.times.length = 0")
    for number in range(WARM + MOVES):
        tab.mouse.move(x + (number + 1) * step, y)
        tab.wait_for_function("(count) => window.times.length > count", arg=number, timeout=10_000, polling=10)
    tab.mouse.up()
    return [float(one) for one in tab.evaluate("window.times")[WARM:]]


def measured(browser: Browser, address: str, who: str, path: Path) -> tuple[float, float, float]:
    """Open a notebook and measure: milliseconds to the first show, median and 95th percentile of a move."""
    tab = browser.new_page(viewport={"width": 1366, "height": 1000})
    tab.goto(f"{address}/lab/tree/{path.name}?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    tab.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    tab.evaluate(RUN_ONE)
    first = tab.evaluate(TO_SHOWN, SHOWN[who])
    tab.wait_for_timeout(3000)
    times = drag(tab, who)
    tab.close()
    return first, statistics.median(times), statistics.quantiles(times, n=20)[-1]


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start JupyterLab as `fengqiao tune` does, and wait for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / ".jupyter").mkdir()
    (folder / ".jupyter" / "jupyter_server_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    home = {**os.environ, "HOME": str(folder), "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "JUPYTER_TOKEN": TOKEN}
    words = [sys.executable, "-m", "jupyterlab", *lab.jupyter_arguments(folder / "runs", port, "any.ipynb", browser=False)]
    running = subprocess.Popen(words, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2).read()  # noqa: S310 - the loopback
        except OSError:
            time.sleep(0.5)
        else:
            break
    return running, address


def add_errors(run: Path) -> None:
    """Give every point of a run an error, so that ties and ranges are drawn as well."""
    points, ranks = (pd.read_parquet(run / f"{name}.parquet") for name in ("points", "ranks"))
    points["se"] = (100 - points["points"]).clip(1, 8)
    squares = (points["se"] * points["weight_used"]) ** 2
    sums = squares.groupby([points["unit_id"].astype("str"), points["period"].astype("str")]).sum() ** 0.5
    keys = pd.MultiIndex.from_frame(ranks[["unit_id", "period"]].astype("str"))
    ranks["se_total"] = sums.reindex(keys).to_numpy()
    points.to_parquet(run / "points.parquet")
    ranks.to_parquet(run / "ranks.parquet")


def main() -> None:
    """Measure both at every size, and print them with their ratios."""
    from run_folders import write_run  # noqa: PLC0415 - found by the path above

    chromium = shutil.which("chromium")
    if chromium is None:
        print("no chromium here: nothing measured")
        return
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as started:
        folder = Path(temporary)
        (folder / "runs").mkdir()
        running, address = serve(folder)
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print(f"{'units':>8}  {'':22}{'first show':>11}{'median':>8}{'95 %':>8}   ms")
        for units in map(int, sys.argv[1:] or ("1700", "40000")):
            write_run(folder / "runs" / f"n{units}", stations=units, zones=0, officers=0, months=False)
            add_errors(folder / "runs" / f"n{units}")
            found = {}
            for who, cells in (("ours", OURS), ("peer", PEER)):
                path = notebook(cells, f"n{units}", folder / "runs" / f"{who}-{units}.ipynb")
                found[who] = measured(browser, address, who, path)
                name = "tuner.js" if who == "ours" else "ipywidgets + plotly"
                print(f"{units:>8,}  {name:22}{found[who][0]:>11,.0f}{found[who][1]:>8.0f}{found[who][2]:>8.0f}")
            times = [theirs / ours for ours, theirs in zip(found["ours"], found["peer"], strict=True)]
            print(f"{'':>8}  {'times faster':22}{times[0]:>11.1f}{times[1]:>8.1f}{times[2]:>8.1f}")
        print("bounds: 1,700 units 33 and 100, first show 2,000; 40,000 units 95 % 100")
        browser.close()
        running.terminate()
        running.wait(20)


if __name__ == "__main__":
    main()
