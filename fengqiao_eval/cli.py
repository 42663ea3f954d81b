"""The command line, `fengqiao`: demo, draft, read, scheme, check, score, run, lab, tune, explain, compare, verify."""

import os
import platform
import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fengqiao_eval import __version__, usage
from fengqiao_eval.engine import ENGINES
from fengqiao_eval.errors import CardsFailedError, FengqiaoError, InputError, OutputError, UsageError
from fengqiao_eval.files import STDOUT, let_go, open_streams, refusal
from fengqiao_eval.words import console_text, language, say

if TYPE_CHECKING:
    from fengqiao_eval.runs.run import Made

GO_ON = ("run", "score")
"""The commands that keep what they did when they are stopped."""

WRITE = (*GO_ON, "demo", "read", "scheme", "tune", "compare")
"""The commands whose result is files: it stands where nothing can be printed of it."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what a scheduler sends: both stop a command in the same way, and the shell is told which of them it was."""


@contextmanager
def catch_signals() -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt; the list that is given holds the numbers of those that came.

    It is asked rather than the exception: libraries in C turn an interrupt into errors of their own. A signal that whoever
    started the process ignores (nohup, a job in the background of a script) stays ignored.
    """
    came: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        came.append(number)
        raise KeyboardInterrupt

    heard = SIGNALS if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, stop) for number in heard if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(number: int) -> int:
    """Give the exit code that shells know a signal by.

    >>> exit_code(signal.SIGINT), exit_code(signal.SIGTERM)
    (130, 143)
    """
    return 128 + number


class _Plain(usage.CommandGroup):
    """Commands whose refusals are printed plainly, the system's too; anything else is a bug and shows its traceback."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line in a process whose streams and libraries are what they must be; tell what help cannot print."""
        open_streams()
        _settle_interpreter()
        if refused := usage.refuse_language():
            _complain(refused)
            sys.exit(UsageError.exit_code)
        try:
            sys.exit(super().main(*args, **options | {"standalone_mode": False}) or 0)
        except typer.TyperException as error:  # a call that the parser refuses; without any word it is help that is asked for
            helps = type(error).__name__ == "NoArgsIsHelpError"
            _complain(str(error) if helps else usage.refusal_text(error), plain=helps)
            sys.exit(UsageError.exit_code)
        except FengqiaoError as error:  # of an option that has no command
            _complain(say("run.not_printed", why=error) if isinstance(error, OutputError) else str(error))
            sys.exit(error.exit_code)
        except OSError as error:  # of help, or of what typer says of wrong usage
            if error.filename != STDOUT:
                let_go(sys.stderr)
                sys.exit(UsageError.exit_code)
            let_go(sys.stdout)
            _complain(say("run.not_printed", why=error.strerror))
            sys.exit(OutputError.exit_code)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a refusal ends it with the exit code of its kind, Ctrl-C and SIGTERM with that of shells."""
        with catch_signals() as came:
            try:
                return super().invoke(ctx)
            except typer.Exit:
                raise
            except OutputError as error:
                stands = ctx.invoked_subcommand in WRITE
                code = 0 if stands else error.exit_code
                said = say("run.not_printed_stands" if stands else "run.not_printed", why=error)
            except FengqiaoError as error:
                code, said = error.exit_code, str(error)
            except BaseException as error:
                if came:
                    code, said = exit_code(came[0]), say("run.stopped_kept" if ctx.invoked_subcommand in GO_ON else "run.stopped")
                elif isinstance(error, OSError) and error.filename == STDOUT:  # the help of a command
                    let_go(sys.stdout)
                    code = 0 if isinstance(error, BrokenPipeError) else OutputError.exit_code
                    said = say("run.not_printed", why=error.strerror) if code else ""
                elif refused := refusal(error):
                    code, said = refused.exit_code, str(refused)
                else:
                    raise
        if said:
            _complain(said)
        raise typer.Exit(code)


def _settle_interpreter() -> None:
    """Take back what a user's PYTHONPATH and PYTHONWARNINGS would change: nothing they name stands in for what is installed."""
    named = {os.path.abspath(place) for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place}  # noqa: PTH100
    sys.path.sort(key=named.__contains__)
    if sys.warnoptions:
        warnings.resetwarnings()
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)


def _complain(said: str, *, plain: bool = False) -> None:
    """Print to stderr, in colour where that is a terminal; where that cannot be, the exit code has to do."""
    try:
        columns = None if plain else usage.console_columns(sys.stderr)
        typer.echo(usage.paint(said, columns), err=True, color=False if plain else usage.COLOURED)
    except OSError:
        let_go(sys.stderr)


def _help(key: str) -> str:
    """Say what a command, an argument or an option is for."""
    return say(f"help.{key}")


app = typer.Typer(
    cls=_Plain,
    help=_help("app"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _run_argument(key: str) -> Any:
    return typer.Argument(metavar="RUN", readable=False, autocompletion=usage.complete_runs, help=_help(key))


# what a user may not read is refused by us, not by typer: in the user's language, with the right that is missing
Params = Annotated[Path, typer.Argument(metavar="PARAMS", readable=False, help=_help("params"))]
RunFolder = Annotated[Path, _run_argument("run_folder")]
Sets = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help=_help("set"))]
Fresh = Annotated[bool, typer.Option("--fresh", help=_help("fresh"))]
Quiet = Annotated[bool, typer.Option("--quiet", help=_help("quiet"))]


SHELLS = "|".join(usage.SHELLS)


def _show_version(asked: bool) -> None:
    if asked:
        _echo([f"fengqiao_eval {__version__} (Python {platform.python_version()})"])
        raise typer.Exit


def _show_completion(shell: str) -> None:
    if shell:
        _echo(usage.completion_script(shell).split("\n"), whole=True)
        raise typer.Exit


@app.callback()
def _console(
    context: typer.Context,
    _version: Annotated[bool, typer.Option("--version", is_eager=True, help=_help("version"), callback=_show_version)] = False,
    _completion: Annotated[
        str,
        typer.Option("--completion", metavar=SHELLS, is_eager=True, help=_help("completion"), callback=_show_completion),
    ] = "",
) -> None:
    """Let a console that lacks a character show another rather than fail; work in the stated environment.

    JupyterLab, which `tune` and `lab` open, is the user's own, as they have set it up.
    """
    from fengqiao_eval.engine.processes import stated_environment

    if context.invoked_subcommand not in ("tune", "lab"):
        context.with_resource(stated_environment())
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@app.command(cls=usage.Command, help=_help("demo"))
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", readable=False, help=_help("folder"))] = Path("demo"),
    stations: Annotated[int, typer.Option(metavar="N", parser=usage.whole_number(1), help=_help("stations"))] = 60,
    seed: Annotated[int, typer.Option(metavar="N", parser=usage.whole_number(0), help=_help("seed"))] = 0,
) -> None:
    """Invent the records of a province."""
    from fengqiao_eval.demo import write
    from fengqiao_eval.runs import console

    counts = write.write(folder, stations, seed)
    tables = console.count_words(counts.items(), language())
    _echo([say("say.demo", folder=folder, rows=f"{sum(counts.values()):,}", tables=tables)])


@app.command(cls=usage.Command, help=_help("scheme"))
def scheme(
    file: Annotated[Path | None, typer.Argument(metavar="[SCHEME]", readable=False, help=_help("scheme_file"))] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="TABLE", readable=False, help=_help("to"))] = None,
    source: Annotated[Path | None, typer.Option("--from", metavar="TABLE", readable=False, help=_help("from"))] = None,
    new: Annotated[Path | None, typer.Option("--new", metavar="FILE", readable=False, help=_help("new"))] = None,
    force: Annotated[bool, typer.Option("--force", help=_help("force"))] = False,
) -> None:
    """Print the one table as a workbook, read it back, or write a new one to start from."""
    from fengqiao_eval.workbooks import scheme_table

    stood = to is not None and to.exists()
    match file, to, source, new:
        case Path(), Path(), None, None:
            said, found, key = to, scheme_table.export_table(file, to, language()), "say.table_written"
        case Path(), None, Path(), None:
            found, written = scheme_table.import_table(source, file, force=force)
            said, key = file, "say.table_read" if written else "say.table_same"
        case None, None, None, Path():
            said, found, key = new, scheme_table.new_table(new, language(), force=force), "say.table_new"
        case _:
            raise UsageError("table_new" if new or file is None else "table_way")
    _echo([*_replacement(said, stood), say(key, path=said, indicators=len(found.indicators), lines=len(found.consequences))])


@app.command(cls=usage.Command, help=_help("draft"))
def draft(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER…", readable=False, help=_help("folders"))],
    to: Annotated[Path | None, typer.Option("--to", metavar="PARAMS", readable=False, help=_help("draft_to"))] = None,
    sets: Sets = [],
) -> None:
    """Propose a params file from what lies in folders."""
    from fengqiao_eval.intake import draft as drafts

    _echo(drafts.write_draft(folders, to, drafts.period_of(sets)))


@app.command("read", cls=usage.Command, help=_help("read"))
def read_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", readable=False, help=_help("read_files"))],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", readable=False, help=_help("read_to"))],
    code: Annotated[list[str], typer.Option("--code", metavar="COLUMN", help=_help("code"))] = [],
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", readable=False, help=_help("key"))] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help=_help("encoding"))] = None,
    heading: Annotated[
        int | None, typer.Option("--heading", metavar="N", parser=usage.whole_number(1), help=_help("heading"))
    ] = None,
) -> None:
    """Write clean tables from files as offices have them."""
    from fengqiao_eval.intake.clean import ReadOptions, write_clean
    from fengqiao_eval.records.headings import read_headings

    own = Path("params", "headings.yaml")
    headings = read_headings(own if own.is_file() else None)
    _echo(write_clean(files, to, ReadOptions(encoding, heading, tuple(code), key), headings, language()))


@app.command(cls=usage.Command, help=_help("check"))
def check(
    params: Params,
    sets: Sets = [],
    to: Annotated[Path | None, typer.Option("--to", metavar="FOLDER", readable=False, help=_help("check_to"))] = None,
    sql: Annotated[bool, typer.Option("--sql", help=_help("check_sql"))] = False,
) -> None:
    """List every fault, note and finding; what must be dropped and nobody answers for is exit 1.

    With --sql list what a database is asked instead.
    """
    from fengqiao_eval.runs import console
    from fengqiao_eval.runs import job as jobs
    from fengqiao_eval.validation import page as report

    if to:
        report.check_folder(to)
    read, lang = list[jobs.Seen](), language()
    job = jobs.Job(params, sets, seen=read.append)
    _begin(params)
    if sql:
        _echo(jobs.statements(job), whole=True)
        return
    try:
        scheme, records, scores = jobs.score_job(job)
    except InputError:
        if to and read:  # what is refused is listed all the same
            _echo(console.validation_lines(read[-1], to, lang))
        raise
    for place in (job.out, job.part):  # they need not be there, but must be places where something can be
        with suppress(FileNotFoundError):
            place.lstat()
    found = jobs.lint_scheme(job.params, scheme, scores)
    _echo(console.check_lines(job.params, scheme, records, scores, lang))
    _echo(console.validation_lines(jobs.Seen(records, (), job.params.span), to, lang))
    _echo(console.finding_lines(found, lang))
    _echo(console.proposal_lines(job.params, scheme, scores, lang))
    if any(one.open for one in found):
        raise typer.Exit(1)


@app.command(cls=usage.Command, help=_help("score"))
def score(params: Params, sets: Sets = [], fresh: Fresh = False, quiet: Quiet = False) -> None:
    """Score and write the frames."""
    from fengqiao_eval.runs.job import Job
    from fengqiao_eval.runs.run import run

    _begin(params, quiet=quiet)
    _tell(run(Job(params, sets, fresh=fresh, cards=False)), quiet=quiet)


@app.command("run", cls=usage.Command, help=_help("run"))
def run_(
    params: Params,
    sets: Sets = [],
    only: Annotated[
        list[str], typer.Option("--only", metavar="UNIT", autocompletion=usage.complete_units, help=_help("only"))
    ] = [],
    workers: Annotated[int | None, typer.Option(metavar="N", parser=usage.whole_number(1), help=_help("workers"))] = None,
    notebooks: Annotated[bool, typer.Option("--notebooks", help=_help("notebooks"))] = False,
    engine: Annotated[str, typer.Option(metavar="|".join(ENGINES), help=_help("engine"))] = ENGINES[0],
    pdf: Annotated[bool, typer.Option("--pdf", help=_help("pdf"))] = False,
    short: Annotated[bool, typer.Option("--short", help=_help("short"))] = False,
    public: Annotated[bool, typer.Option("--public", help=_help("public"))] = False,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Score and print the cards."""
    if engine not in ENGINES:
        raise UsageError("engine", given=engine)
    from fengqiao_eval.runs.job import Job
    from fengqiao_eval.runs.run import run

    _begin(params, quiet=quiet)
    _tell(run(Job(params, sets, only, workers, notebooks, engine, pdf, fresh, short=short, public=public)), quiet=quiet)


@app.command(cls=usage.Command, help=_help("tune"))
def tune(
    params: Params,
    sets: Sets = [],
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", readable=False, help=_help("tune_html"))] = None,
    level: Annotated[str | None, typer.Option("--level", metavar="LEVEL", help=_help("tune_level"))] = None,
    period: Annotated[str | None, typer.Option("--period", metavar="PERIOD", help=_help("tune_period"))] = None,
    port: Annotated[int | None, typer.Option(metavar="N", parser=usage.whole_number(1, 65535), help=_help("port"))] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help=_help("browser"))] = True,
) -> None:
    """Open the tuning screen on the run of a params file, or write it as a page; the run is scored where it is not there."""
    from fengqiao_eval.runs import job as jobs
    from fengqiao_eval.runs import lab as screen
    from fengqiao_eval.runs import templates
    from fengqiao_eval.runs.params import project_folder

    job = jobs.Job(params, sets, cards=False)
    if not html:
        screen.check_port(port)
    _begin(params)
    scored, made = screen.run_to_tune(job)
    given, lang = {key: value for key, value in (("level", level), ("period", period)) if value}, screen.screen_language(job)
    if html:
        from fengqiao_eval.tuning.payload import write_standalone

        stood = html.exists()
        page = write_standalone(scored, html, lang=lang, **given)
        if made:
            _tell(made)
        path = jobs.short_path(page)
        _echo([*_replacement(path, stood), say("say.tune_html", path=path)])
        return
    project = project_folder(params)
    sources = templates.find_notebooks(project, screen.NOTEBOOK)
    folder = templates.work_folder(project / templates.WORK, sources)
    notebook = screen.write_notebook(sources, folder, scored, {"lang": lang, **given})
    with suppress(OutputError):  # the screen is there all the same
        if made:
            _tell(made)
        _echo([say("say.tune", path=jobs.short_path(notebook))])
    screen.serve(folder, sources, scored.path.parent, lang, port, notebook.name, browser=browser)


@app.command(cls=usage.Command, help=_help("lab"))
def lab(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help=_help("work"), show_default=False)] = Path("my_notebooks"),
    port: Annotated[int | None, typer.Option(metavar="N", parser=usage.whole_number(1, 65535), help=_help("port"))] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help=_help("browser"))] = True,
) -> None:
    """Open JupyterLab on working copies of the notebooks."""
    from fengqiao_eval.runs import templates
    from fengqiao_eval.runs.lab import check_port, serve

    check_port(port)
    sources, runs = templates.find_notebooks(Path.cwd()), Path.cwd() / "runs"
    older = list(templates.copy_templates(sources, templates.work_folder(folder, sources), runs))
    told = [say("say.lab", path=folder)]
    if older:
        told.append(say("say.lab_older", names=", ".join(older)))
    if unread := sorted(
        {path.name for path in sources.glob("*.ipynb")} - {path.name for path in templates.list_templates(sources)}
    ):
        told.append(say("say.lab_unread", names=", ".join(unread)))
    with suppress(OutputError):  # the screen is there all the same
        _echo(told)
    serve(folder, sources, runs, language(), port, browser=browser)


@app.command(cls=usage.Command, help=_help("explain"))
def explain(
    run: RunFolder,
    unit: Annotated[str, typer.Argument(metavar="UNIT", autocompletion=usage.complete_units, help=_help("unit"))],
    indicator: Annotated[str | None, typer.Argument(metavar="[INDICATOR]", help=_help("indicator"))] = None,
    whole: Annotated[bool, typer.Option("--all", help=_help("all"))] = False,
) -> None:
    """Explain a total, or one indicator down to its record ids."""
    from fengqiao_eval.runs import reopen

    _echo(reopen.explain_unit(run, unit, indicator, language(), whole=whole))


@app.command(cls=usage.Command, help=_help("compare"))
def compare(
    before: Annotated[Path, _run_argument("compare_before")],
    after: Annotated[Path, _run_argument("compare_after")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", readable=False, help=_help("compare_out"))] = None,
) -> None:
    """Say what changed between two runs, and write it as a page."""
    from fengqiao_eval.runs import job as jobs
    from fengqiao_eval.runs import reopen

    said, page, stood = reopen.compare_runs(before, after, out, language())
    path = jobs.short_path(page)
    _echo([*said, *_replacement(path, stood), say("say.look_compare", path=path)])


@app.command(cls=usage.Command, help=_help("verify"))
def verify(run: RunFolder) -> None:
    """Say whether a final run is as it was sealed."""
    from fengqiao_eval.runs import reopen

    _echo(reopen.verify_run(run, language()))


def _begin(params: Path, *, quiet: bool = False) -> None:
    """Say, before a large province is read in silence, that it is: to a terminal alone, files and mail are read later."""
    if sys.stderr.isatty() and not quiet:
        with suppress(OSError):
            said = console_text(say("run.begin", params=params))
            typer.echo(usage.break_lines(said, usage.console_columns(sys.stderr)), err=True)


def _replacement(path: object, stood: bool) -> list[str]:
    """Say that what stood at a path was written anew, where something stood there."""
    return [say("say.replaced", path=path)] if stood else []


def _tell(made: "Made", *, quiet: bool = False) -> None:
    """Say what a run has to say, its summary last; cards that failed are exit 3. Where it cannot be said, that is logged."""
    from fengqiao_eval.runs import console, log

    told = console.quiet_lines(made, language()) if quiet else console.result_lines(made, language())
    lost = _print([*told, console.summary(made, language())], usage.console_columns(sys.stdout))
    if lost:
        logged = log.Log(made.folder.parent / log.NAME, made.folder.name, made.params.timezone)
        logged.write("not_printed", why=lost.strerror)
    if made.failures:
        raise CardsFailedError("\n".join(console.failure_lines(made, language())))
    _refuse_loss(lost)


def _echo(lines: Iterable[str], *, whole: bool = False) -> None:
    """Print lines, whole ones for other programs; raise OutputError where stdout takes none."""
    _refuse_loss(_print(lines, None if whole else usage.console_columns(sys.stdout)))


def _print(lines: Iterable[str], columns: int | None) -> OSError | None:
    """Print lines, broken for a terminal of so many columns; give the first error of a stdout that takes none any more."""
    lost: OSError | None = None
    for line in lines:
        try:
            typer.echo(usage.break_lines(console_text(line), columns))
        except OSError as error:
            let_go(sys.stdout)
            lost = lost or error
    return lost


def _refuse_loss(error: OSError | None) -> None:
    """Refuse where lines were lost, but for those that nobody reads any more (a pipe to `head`)."""
    if error and not isinstance(error, BrokenPipeError):
        raise OutputError(error.strerror)
