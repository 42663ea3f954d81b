"""What the notebook of the tuning screen prints: on what weights are tuned, and what was kept."""

from pathlib import Path

from fengqiao_eval.scorecards.wording import period_words, plain, term
from fengqiao_eval.words import say
from fengqiao_eval.workbench.tuner import Tuner


def headline(screen: Tuner) -> str:
    """Say which units are placed, by which weights, and what must be known of the choice."""
    field, head = screen.field, screen.head
    lang, comma = field.lang, say("explain.comma", field.lang)
    given = {"level": term("level", field.level, lang), "period": period_words(str(field.period), lang)}
    counts = {"units": len(field.units), "placed": int((field.base.place > 0).sum()), "version": head["version"]}
    tops = [node for node in head["nodes"][1:] if node["above"] == 0]
    weights = comma.join(say("tune.weight", lang, label=node["label"], weight=plain(node["weight"] / 100, 2)) for node in tops)
    return "\n".join([say("tune.headline", lang, **given, **counts), weights, *head["warnings"]])


def kept(screen: Tuner) -> str:
    """Say which override files were saved on the screen, whom they affect, and how to score with the last one."""
    lang = screen.field.lang
    if not screen.saved:
        return say("tune.nothing_kept", lang)
    lines = [say("tune.kept", lang, path=_from_project(one.path), affected=one.text(lang)) for one in screen.saved]
    name = screen.field.run.manifest["run"]
    params = f"params/{name}.yaml" if Path("..", "params", f"{name}.yaml").is_file() else "PARAMS"
    last = f"{params} --set overrides={_from_project(screen.saved[-1].path)}"
    calls = [f"fengqiao check {last}", f"fengqiao score {last} --set out=runs/tuned"]
    return "\n".join([*lines, say("tune.then", lang), *(f"  {call}" for call in calls)])


def _from_project(path: Path) -> str:
    """Write a path as it is typed in the project folder, which lies above the notebook's."""
    project = Path("..").resolve()
    whole = path.resolve()
    return whole.relative_to(project).as_posix() if whole.is_relative_to(project) else str(whole)
