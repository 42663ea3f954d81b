"""JupyterLab for one person on this machine: on copies of the templates, quiet, in Chinese where asked, without extensions."""

import json
import os
import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from fengqiao_eval.runs.templates import fresh_copy
from fengqiao_eval.words import say

QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
"""A closed network has neither news nor updates."""

CHINESE = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}

LEFT_OUT = {"disabledExtensions": {"@jupyterlab/extensionmanager-extension": True}}
"""What would install from elsewhere."""

LAUNCHER = "fengqiao-launcher"
"""Our part of JupyterLab: its first page offers a new notebook from each template."""


def serve(folder: Path, templates: Path, lang: str, port: int | None = None, notebook: str = "", *, browser: bool = True) -> None:
    """Open JupyterLab on a folder, or on a notebook in it, for this machine only, until it is stopped.

    Its page speaks Chinese where lang is zh, unless its user chose another language in it.
    """
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]  # noqa: PLC0415 - half a second, and only here

    with TemporaryDirectory(prefix="fengqiao-") as place:
        settings = Path(place)
        _write_json(settings / "overrides.json", QUIET | (CHINESE if lang == "zh" else {}))
        _write_json(settings / "page_config.json", LEFT_OUT)
        write_launcher(settings / LAUNCHER, templates, folder, lang)
        told = [f"--LabApp.app_settings_dir={place}", f"--LabServerApp.extra_labextensions_path={place}"]
        LabApp.launch_instance([*jupyter_arguments(folder, port, notebook, browser=browser), *told])


def jupyter_arguments(folder: Path, port: int | None = None, notebook: str = "", *, browser: bool = True) -> list[str]:
    """List what JupyterLab is told.

    >>> jupyter_arguments(Path("my_notebooks"), 8890, "tune-demo.ipynb", browser=False)[-3:]
    ['--LabApp.default_url=/lab/tree/tune-demo.ipynb', '--port=8890', '--no-browser']
    """
    told = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder.absolute()}", "--LabApp.news_url=None"]
    told += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly"]
    told += ["--KernelManager.transport=ipc"] if sys.platform != "win32" else []
    told += ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    told += [f"--LabApp.default_url=/lab{f'/tree/{notebook}' if notebook else ''}"]
    return [*told, *([f"--port={port}"] if port else []), *([] if browser else ["--no-browser"])]


def write_launcher(place: Path, templates: Path, folder: Path, lang: str) -> None:
    """Write our part of JupyterLab as it loads one: a description, a script, and the templates as they are copied to a folder."""
    static = place / "static"
    static.mkdir(parents=True)
    build = {"load": "static/launcher.js", "extension": "./extension"}
    _write_json(place / "package.json", {"name": LAUNCHER, "version": "1", "jupyterlab": {"extension": True, "_build": build}})
    (static / "launcher.js").write_text(files(__package__).joinpath("launcher.js").read_text("utf-8"), "utf-8")
    offers = [
        {"name": path.stem, "label": _title(copy := fresh_copy(path, folder), path), "notebook": copy}
        for path in sorted(templates.glob("*.ipynb"))
    ]
    _write_json(static / "templates.json", {"category": say("lab.new", lang), "templates": offers})


def _title(notebook: dict[str, list[dict[str, str]]], path: Path) -> str:
    """Give the heading of a notebook, else its file's name."""
    first = "".join(notebook["cells"][0]["source"]) if notebook["cells"] else ""
    return first.splitlines()[0].removeprefix("# ") if first.startswith("# ") else path.stem


def _write_json(path: Path, told: object) -> None:
    path.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
