"""`fengqiao lab`: copies of the templates in a folder of their user's, and what JupyterLab is told."""

import json
from pathlib import Path

import pytest

import test_cli
from fengqiao_eval.runs import lab, templates
from shared import ROOT, shipped
from test_cli import fengqiao

project = test_cli.project
SHIPPED = shipped("notebooks/*.ipynb")


@pytest.fixture
def served(project, monkeypatch):
    """Put the templates shipped into a project, and list what JupyterLab is asked to show; it is not started."""
    for path in SHIPPED:
        (project / "notebooks" / path.name).write_bytes(path.read_bytes())
    asked = []
    monkeypatch.setattr(lab, "serve", lambda *given, **more: asked.append((*given, more)))
    return asked


def changed(path, old, new):
    """Write other words into a notebook."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_every_template_is_copied_into_a_folder_that_only_its_user_opens(served, project):
    """The copies hold no output, and open the same run as the templates; the templates stay as they are, byte for byte."""
    code, said, _ = fengqiao("lab", "--no-browser")
    folder = project / "my_notebooks"
    assert code == 0
    assert "工作副本在 my_notebooks（只有您能打开" in said
    assert served == [(Path("my_notebooks"), project / "notebooks", project / "runs", "zh", None, {"browser": False})]
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in SHIPPED:
        assert (project / "notebooks" / path.name).read_bytes() == path.read_bytes()
        assert templates.cell_prints(folder / path.name) == templates.cell_prints(path)
        cells = json.loads((folder / path.name).read_text("utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells)


@pytest.mark.usefixtures("served")
def test_a_copy_that_is_there_stays_and_an_older_one_is_named(project):
    """What a user wrote is never replaced; a copy of a template that has changed since is told."""
    fengqiao("lab")
    copy, template = project / "my_notebooks" / "overview.ipynb", project / "notebooks" / "overview.ipynb"
    changed(copy, "# 全省一览", "# 我的一览")
    kept = copy.read_bytes()
    _, said, _ = fengqiao("lab")
    assert "较早的模板" not in said
    changed(template, "## 总体情况", "## 总的情况")
    _, said, _ = fengqiao("lab")
    assert "由较早的模板复制，未改动：overview.ipynb；" in said
    assert copy.read_bytes() == kept


@pytest.mark.usefixtures("served")
def test_copies_elsewhere_open_the_same_run(project):
    """In a folder at another depth the run is named as seen from there."""
    fengqiao("lab", "far/away")
    assert '"run = \\"../../runs/demo\\"' in (project / "far" / "away" / "overview.ipynb").read_text("utf-8")


def test_a_folder_that_others_can_open_is_refused(served, project):
    """An officer's scores may come to stand in a copy: nothing is written where others could read it."""
    (project / "shared").mkdir()
    (project / "shared").chmod(0o755)
    code, _, refused = fengqiao("lab", "shared")
    assert code == 2
    assert "文件夹 shared 别人也能打开" in refused
    assert not served
    assert not list((project / "shared").iterdir())


@pytest.mark.parametrize("folder", ["notebooks", ".", "notebooks/../notebooks"])
def test_the_templates_are_never_opened(served, project, folder):
    """Their own folder, or one that holds it, is no place for copies, even where only its user can open it."""
    for place in (project, project / "notebooks"):
        place.chmod(0o700)
    code, _, refused = fengqiao("lab", folder)
    assert code == 2
    assert "就是模板所在（或包含模板）" in refused
    assert not served


@pytest.mark.parametrize("folder", ["file", "file/below", "dangling"])
def test_a_place_that_is_no_folder_is_refused_in_a_sentence(served, project, folder):
    """A file, something below a file, a link to nowhere."""
    (project / "file").write_text("", "utf-8")
    (project / "dangling").symlink_to("nowhere")
    code, _, refused = fengqiao("lab", folder)
    assert code == 2
    assert f"文件夹 {folder} 不能用（" in refused
    assert not served


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": [{}]}', '{"worksheets": []}', "\udcb9"])
def test_what_is_no_notebook_among_the_templates_is_told_and_left_out(served, project, text):
    """All others are copied and offered."""
    (project / "notebooks" / "theirs.ipynb").write_bytes(text.encode("utf-8", "surrogateescape"))
    code, said, _ = fengqiao("lab")
    assert code == 0
    assert "不是笔记本，未复制：theirs.ipynb" in said
    assert {path.name for path in (project / "my_notebooks").iterdir()} == {path.name for path in SHIPPED}
    assert served


@pytest.mark.usefixtures("served")
def test_a_copy_that_is_a_link_to_its_template_becomes_a_copy(project):
    """Through the link JupyterLab would write the template."""
    (project / "my_notebooks").mkdir(0o700)
    (project / "my_notebooks" / "overview.ipynb").symlink_to(project / "notebooks" / "overview.ipynb")
    fengqiao("lab")
    assert not (project / "my_notebooks" / "overview.ipynb").is_symlink()


def test_jupyterlab_is_told_to_keep_to_this_machine(monkeypatch, tmp_path):
    """It listens on the loopback, asks for no news, updates or extensions, speaks Chinese here only, offers templates."""
    started = []

    class Lab:
        @staticmethod
        def launch_instance(words):
            [place] = [Path(word.partition("=")[2]) for word in words if "app_settings_dir" in word]
            settings, pages = (json.loads((place / name).read_text("utf-8")) for name in ("overrides.json", "page_config.json"))
            offers = json.loads((place / lab.LAUNCHER / "static" / "templates.json").read_text("utf-8"))
            started.append((words, settings, pages, offers, place))

    monkeypatch.setattr("jupyterlab.labapp.LabApp", Lab)
    for lang in ("zh", "en"):
        lab.serve(tmp_path, ROOT / "notebooks", tmp_path / "runs", lang, None, "tune-q4.ipynb", browser=False)
    (words, chinese, pages, offers, place), (_, english, _, _, _) = started
    assert {"--ServerApp.ip=127.0.0.1", "--LabApp.news_url=None", "--LabApp.default_url=/lab/tree/tune-q4.ipynb"} <= set(words)
    assert f"--LabServerApp.extra_labextensions_path={place}" in words
    assert chinese.pop("@jupyterlab/translation-extension:plugin") == {"locale": "zh_CN"}
    assert chinese == english == {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    assert pages == {"disabledExtensions": {"@jupyterlab/extensionmanager-extension": True}}
    assert offers["category"] == "从模板新建"
    assert "#4DA3E0" in offers["style"]
    assert "单位计分卡" in [offer["label"] for offer in offers["templates"]]
    assert not place.exists()


def test_what_the_templates_do_is_noted():
    """The package knows the notebooks it was shipped with; after a change of one: make templates."""
    noted = json.loads((ROOT / "fengqiao_eval" / "runs" / "templates.json").read_text("utf-8"))
    assert noted == {path.name: templates.cell_prints(path) for path in SHIPPED}


def test_outputs_and_kernels_are_no_difference(tmp_path):
    """A template that JupyterLab has run and saved does on a card what it did before."""
    for path in SHIPPED:
        notebook = json.loads(path.read_text("utf-8"))
        notebook["metadata"]["kernelspec"] = {"name": "mine", "display_name": "mine"}
        for cell in notebook["cells"]:
            cell.update({"outputs": [], "execution_count": 7} if cell["cell_type"] == "code" else {})
            cell["metadata"]["trusted"] = True
        (tmp_path / path.name).write_text(json.dumps(notebook), "utf-8")
    assert templates.find_differences(tmp_path, ["station", "officer", ""]) == []


@pytest.mark.parametrize(
    ("kind", "cells"),
    [("changed", ["trend"]), ("added", ["own"]), ("removed", ["trend"]), ("moved", ["title", "parameters"])],
)
def test_a_template_that_differs_is_named_with_its_cells(tmp_path, kind, cells):
    """A cell with other words, one more, one less, another order; only the cards of its levels are concerned."""
    for path in SHIPPED:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "station_scorecard.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    at = [cell["id"] for cell in notebook["cells"]].index("trend")
    if kind == "changed":
        notebook["cells"][at]["source"] = ["pass"]
    elif kind == "added":
        notebook["cells"].append({**notebook["cells"][at], "id": "own"})
    elif kind == "removed":
        del notebook["cells"][at]
    else:
        notebook["cells"][:2] = reversed(notebook["cells"][:2])
    path.write_text(json.dumps(notebook), "utf-8")
    [told] = templates.find_differences(tmp_path, ["city", "station", "officer", ""])
    none = {key: [] for key in ("changed", "added", "removed", "moved")}
    assert told == {"name": path.name, "levels": ["city", "station"], **none, kind: cells}


def test_a_second_cell_of_one_id_is_seen(tmp_path):
    """Whichever of the two is the one shipped, the template differs."""
    for path in SHIPPED:
        notebook = json.loads(path.read_text("utf-8"))
        at = [cell["id"] for cell in notebook["cells"]].index("title")
        notebook["cells"].insert(at, {**notebook["cells"][at], "source": ["sneaked in"]})
        (tmp_path / path.name).write_text(json.dumps(notebook), "utf-8")
    [told] = templates.find_differences(tmp_path, [""])
    assert (told["changed"], told["added"]) == (["title"], ["title#2"])


def test_cells_without_ids_and_ends_of_lines_of_windows_are_no_difference(tmp_path):
    """An older Jupyter writes no ids, a Windows editor other ends of lines."""
    for path in SHIPPED:
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            del cell["id"]
            cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
        (tmp_path / path.name).write_text(json.dumps(notebook), "utf-8")
    assert templates.find_differences(tmp_path, ["station", "officer", ""]) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{}]}'])
def test_what_is_no_notebook_differs_in_every_cell(tmp_path, text):
    """It prints no card either; the difference is told all the same."""
    for path in SHIPPED:
        (tmp_path / path.name).write_text(text, "utf-8")
    [told] = templates.find_differences(tmp_path, [""])
    assert told["removed"] == list(templates.cell_prints(ROOT / "notebooks" / "overview.ipynb"))
