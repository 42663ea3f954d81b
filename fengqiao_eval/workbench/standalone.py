"""The tuning screen as one file that needs no server and asks for nothing: read-only, without a name of an officer."""

import html
import json
from pathlib import Path

from fengqiao_eval.errors import UsageError
from fengqiao_eval.scorecards.folder import Run, open_run
from fengqiao_eval.words import say
from fengqiao_eval.workbench import payload
from fengqiao_eval.workbench.choice import choose

HERE = Path(__file__).parent
PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<noscript>{no_script}</noscript>
<main id="tuner"></main>
<script type="application/json" id="data">{data}</script>
<script type="module">
{script}
</script>
<script type="module">
const {{ head, texts, arrays }} = JSON.parse(document.getElementById("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const buffers = Object.fromEntries(Object.entries(arrays).map(([name, text]) => [name, new DataView(bytes(text).buffer)]));
window.fengqiaoTuner(head, {{ ...texts, ...buffers }}, document.getElementById("tuner"));
</script>
</body>
</html>
"""


def write_standalone(
    run: Run | str | Path, path: str | Path, level: str | None = None, group: str | None = None, period: str | None = None
) -> Path:
    """Write the tuning screen into one HTML file, for somebody without Jupyter: weights move, nothing can be saved.

    Arguments as those of tuner. Officers are numbered, neither named nor known by id.
    Raises UsageError where only a kernel can reckon, and as tuner does.
    """
    chosen = choose(run if isinstance(run, Run) else open_run(run), level, period)
    if why := payload.why_kernel(chosen.field):
        raise UsageError("tune.alone", why=why)
    head = payload.head(chosen, group, readonly=True)
    arrays, texts = payload.encoded(payload.arrays(chosen.field)), payload.texts(chosen.field, nameless=True)
    page = PAGE.format(
        lang="zh-CN" if head["lang"] == "zh" else head["lang"],
        title=html.escape(f"{head['words']['tuner.title']} · {head['title']}"),
        style=(HERE / "tuner.css").read_text("utf-8").replace("</style", "<\\/style"),
        no_script=html.escape(say("tune.no_script", head["lang"])),
        data=_inert({"head": head, "texts": texts, "arrays": arrays}),
        script=(HERE / "tuner.js").read_text("utf-8").replace("</script", "<\\/script"),
    )
    Path(path).write_text(page, "utf-8", newline="\n")
    return Path(path)


def _inert(data: object) -> str:
    """Write JSON in which nothing can be taken for markup."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
