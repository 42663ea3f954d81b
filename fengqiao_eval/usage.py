"""Help, completion and refusals of wrong calls: in the reader's language, as wide as the console, faults in colour there."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined]
from typer.core import TyperCommand, TyperGroup

from fengqiao_eval.documents import CONTACT, suggest
from fengqiao_eval.errors import UsageError
from fengqiao_eval.identities import hide, look, names_citizen
from fengqiao_eval.words import LANGUAGES, console_text, language, quote, say, text_width

NARROWEST, WIDEST = 40, 100
"""No console is written for as if it were narrower or wider."""
COLUMNS = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
"""The width of the console, asked before a command works in the stated environment, which has none."""
COLOURED = None if not os.environ.get("NO_COLOR") else False
"""Whether faults are in colour: None, where there is a terminal."""
SHELLS = ("bash", "zsh")
"""The shells that commands, options and names of runs are completed in."""
_OPENING = "[\u201c\u2018\uff08\u300a\u3008\u300c\u300e\u3010\u3014]*"
_CLOSING = "[\uff0c\u3002\uff1b\uff1a\uff01\uff1f\uff09\u201d\u2019\u300b\u3009\u300d\u300f\u3011\u3015\u3001\u2026\u2014]*"
_PIECES = re.compile(rf"\s+|{_OPENING}(?:[!-~\u00a1-\u04ff\u2010-\u2015\u2212]+|\S){_CLOSING}")
"""Blanks, words and numbers, single Chinese characters; signs that begin or end no line stand with what they belong to."""
_PARTS = re.compile(r"[^/\\_.,;:=&?-]*[/\\_.,;:=&?-]|[^/\\_.,;:=&?-]+")
"""The parts of a path or an address, by which it is cut where it is longer than a line."""
_SAFE = re.compile(r"[\w.-]+")
_HEAD = re.compile(" *(?:- )?")
_FAULT = re.compile(r"(.+?) (\[[\w.]+\]) (.+)")
_EXTRA = re.compile(r"Got unexpected extra argument\(?s?\)? \((.*)\)", re.DOTALL)


# Help


class Command(TyperCommand):
    """A command whose help is written here, and which takes no citizen's number."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read a call. Raises UsageError where a word of it is the number of a citizen, as a name of a file may be."""
        of_citizens = (arg for arg in args if names_citizen(arg, code=True, cards=arg.startswith(f"{CONTACT}=")))
        if not ctx.resilient_parsing and (found := next(of_citizens, "")):
            raise UsageError("citizen", given=look(found))
        return super().parse_args(ctx, args)

    def get_help(self, ctx: Any) -> str:
        """Write the help of the command."""
        return help_text(self, ctx)


class CommandGroup(TyperGroup):
    """Commands whose help is written here, and which name the nearest where one is not there."""

    def get_help(self, ctx: Any) -> str:
        """Write the help of all commands."""
        return help_text(self, ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command. Raises UsageError where there is none of that name."""
        if args and not args[0].startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            names = self.list_commands(ctx)
            raise UsageError("no_command", given=quote(args[0]), near=suggest(args[0], names), names=", ".join(names))
        return super().resolve_command(ctx, args)


def help_text(command: Any, ctx: Any) -> str:
    """Write the help of a command: how it is called, what it does, its arguments, options and commands.

    It is as wide as the console, and a Chinese character counts as two columns.
    """
    lines = [*wrap(usage_line(command, ctx), COLUMNS), "", *wrap(command.help or "", COLUMNS)]
    params = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    parts = {
        "arguments": [_param_entry(param) for param in params if param.param_type_name == "argument"],
        "options": [_param_entry(param) for param in params if param.param_type_name == "option"],
        "commands": [(name, command.get_command(ctx, name).help or "") for name in _names(command, ctx)],
    }
    for part, entries in parts.items():
        if entries:
            lines += ["", say(f"help.head.{part}"), *_list_entries(entries, COLUMNS)]
    if not os.environ.get("FENGQIAO_LANG"):
        other = next(lang for lang in LANGUAGES if lang != language())
        lines += ["", *wrap(say("help.other_language", other), COLUMNS)]
    return "\n".join(lines)


def usage_line(command: Any, ctx: Any) -> str:
    """Write in one line how a command is called."""
    words = [param.metavar or param.name.upper() for param in command.get_params(ctx) if param.param_type_name == "argument"]
    words += [say("help.some_command")] if _names(command, ctx) else []
    return say("help.usage", called=" ".join([ctx.command_path, say("help.some_options"), *words]))


def _names(command: Any, ctx: Any) -> Sequence[str]:
    return command.list_commands(ctx) if isinstance(command, TyperGroup) else ()


def _param_entry(param: Any) -> tuple[str, str]:
    """Name an argument or option as it is typed, and say what it is for and what holds where it is not given."""
    said = say("help.help") if "--help" in param.opts else param.help or ""
    if param.param_type_name == "argument":
        return param.metavar or param.name.upper(), said
    typed = " / ".join([*param.opts, *param.secondary_opts])
    if not param.is_flag:
        typed += f" {param.metavar or param.name.upper()}"
        if param.required:
            said += say("help.required")
        elif isinstance(param.default, int | str) and param.default != "":
            said += say("help.default", default=param.default)
    return typed, said


def _list_entries(entries: Sequence[tuple[str, str]], columns: int) -> Iterator[str]:
    """Lay out names and what is said of each in two columns; a name that is too long for its column has a line of its own."""
    left = min(max(text_width(name) for name, _ in entries), columns // 3) + 4
    for name, said in entries:
        lines = wrap(said, columns - left)
        head = f"  {name}"
        if text_width(head) > left - 2:
            yield head
            head = ""
        yield (head + " " * (left - text_width(head)) + (lines[0] if lines else "")).rstrip()
        yield from (" " * left + line for line in lines[1:])


def wrap(text: str, columns: int) -> list[str]:
    """Cut a text into lines of so many columns, between Chinese characters or at blanks; no line begins with a comma.

    >>> wrap("核对一个定稿批次：所有文件与 run 相同。", 16)
    ['核对一个定稿批', '次：所有文件与', 'run 相同。']
    """
    lines, line = list[str](), ""
    pieces = (part for piece in _PIECES.findall(text) for part in _cut(piece, columns))
    for piece in pieces:
        if line and text_width(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += piece if line or not piece.isspace() else ""
    return [*lines, line.rstrip()] if line.strip() else lines


def _cut(piece: str, columns: int) -> Iterator[str]:
    """Cut what is longer than a line at the signs within it, and what is still longer between its letters."""
    if text_width(piece) <= columns or piece.isspace():
        yield piece
        return
    for part in _PARTS.findall(piece):
        yield from (part,) if text_width(part) <= columns else part


def console_columns(stream: Any) -> int | None:
    """Say how wide the terminal of a stream is; None where it is none, as a pipe or a file, or does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None if stream.isatty() else None
    except (OSError, ValueError):
        return None


def break_lines(text: str, columns: int | None) -> str:
    """Break lines for a terminal between words and Chinese characters; what goes on is indented as its line; None: a line stays.

    >>> print(break_lines("  - 警务区有 11 个可评权重低于 70%，不排名次", 28))
      - 警务区有 11 个可评权重低
        于 70%，不排名次
    """
    return "\n".join(part for line in text.split("\n") for part in _break_line(line, columns))


def _break_line(line: str, columns: int | None) -> list[str]:
    if columns is None or text_width(line) <= columns:
        return [line]
    head = _HEAD.findall(line)[0]
    indent = min(len(head), columns // 3)
    first, *more = wrap(line[len(head) :], columns - indent) or [""]
    return [head[len(head) - indent :] + first, *(" " * indent + part for part in more)]


# Wrong calls


def refusal_text(error: Any) -> str:
    """Say what is wrong with a call that the parser of the command line refuses, and how it is called rightly."""
    kind, param = type(error).__name__, getattr(error, "param", None)
    name = "" if param is None else max(param.opts, key=len) if param.param_type_name == "option" else param.metavar or param.name
    match kind:
        case "NoSuchOption":
            near = ", ".join(error.possibilities or ()) or suggest(error.option_name, _options(error.ctx))
            said = say("usage.no_option", given=quote(hide(error.option_name)), near=near or "—")
        case "MissingParameter":
            said = say("usage.missing", name=name)
        case "BadOptionUsage":
            said = say("usage.option_value", name=error.option_name)
        case "BadParameter":
            said = say("usage.bad_value", name=name, why=hide(error.message))
        case _:
            extra = _EXTRA.fullmatch(error.message)
            said = say("usage.extra", given=quote(hide(extra[1]))) if extra else say("usage.call", why=hide(error.message))
    if error.ctx is None:
        return said
    hint = say("usage.see_help", usage=usage_line(error.ctx.command, error.ctx), command=f"{error.ctx.command_path} --help")
    return f"{said}\n{hint}"


def _options(ctx: Any) -> list[str]:
    return [] if ctx is None else [name for param in ctx.command.get_params(ctx) for name in param.opts if name.startswith("--")]


def whole_number(least: int, most: int | None = None) -> Callable[[Any], int]:
    """Give what reads a whole number of an option within its limits; anything else is refused in the reader's language.

    >>> whole_number(1)("2")
    2
    """

    def read(given: Any) -> int:
        try:
            number = int(str(given))
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            limits = say("usage.at_least", least=least) if most is None else say("usage.between", least=least, most=most)
            raise typer.BadParameter(say("usage.whole", limits=limits, given=quote(str(given))))
        return number

    return read


def refuse_language() -> str:
    """Say that there is no such language where FENGQIAO_LANG names another, in all that there are; '' where it names one."""
    given = os.environ.get("FENGQIAO_LANG", "")
    return "\n".join(say("usage.lang", lang, given=given) for lang in LANGUAGES) if given and given not in LANGUAGES else ""


def paint(said: str, columns: int | None = None) -> str:
    """Colour what is refused for a terminal: where it is bold, the rule red; a sentence without a place is red.

    A console that is none, or NO_COLOR, takes the colours away again. columns: see break_lines.
    """
    return "\n".join(part for line in said.split("\n") for part in _paint_line(console_text(line), columns))


def _paint_line(line: str, columns: int | None) -> Iterator[str]:
    fault, at = _FAULT.fullmatch(line), 0
    looks: list[tuple[int, int, dict[str, Any]]] = [(0, len(line), {"fg": "red"})]
    if fault:
        looks = [(*fault.span(1), {"bold": True}), (*fault.span(2), {"fg": "red"})]
    for part in _break_line(line, columns):
        start = line.index(part.lstrip(), at)
        at = start + len(part.lstrip())
        yield part[: len(part) - len(part.lstrip())] + _style(line, start, at, looks)


def _style(line: str, start: int, end: int, looks: Sequence[tuple[int, int, dict[str, Any]]]) -> str:
    """Give a stretch of a line, each part of it in its look."""
    said = ""
    for first, last, style in looks:
        begin, close = max(first, start), min(last, end)
        if begin < close:
            said += line[start:begin] + typer.style(line[begin:close], **style)
            start = close
    return said + line[start:end]


# Completion


def completion_script(shell: str) -> str:
    """Write what a shell runs to complete this command line. Raises UsageError for a shell that is not among SHELLS."""
    if shell not in SHELLS:
        raise UsageError("shell", given=quote(shell), shells=", ".join(SHELLS))
    return get_completion_script(prog_name="fengqiao", complete_var="_FENGQIAO_COMPLETE", shell=shell)


def complete_runs(incomplete: str) -> list[str]:
    """Name the runs in runs/ that begin so."""
    try:
        return sorted(path.name for path in Path("runs").iterdir() if path.name.startswith(incomplete) and path.is_dir())
    except OSError:
        return []


def complete_units(context: typer.Context, incomplete: str) -> list[str]:
    """Name the units of a run, by id and by name, that begin so: of the run that is typed before, else of the latest; no officer.

    A name that a shell would cut or read otherwise is left out; its id is there.
    """
    typed = context.params.get("run") or next(iter(context.args), "")  # behind an option without its value all else is unread
    folders = (Path("runs", Path(typed).stem), Path(typed), Path("runs", _latest()))
    units = next((folder / "units.parquet" for folder in folders if (folder / "units.parquet").is_file()), None)
    if units is None:
        return []
    from pyarrow import ArrowException  # noqa: PLC0415 - of all that reads a run this alone is quick enough for a key
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415

    try:
        columns = ParquetFile(units).read(columns=["unit_id", "name"]).columns
    except (OSError, ArrowException):
        return []
    called = {str(cell) for column in columns for cell in column.to_pylist() if cell}
    return sorted(one for one in called if one.startswith(incomplete) and _SAFE.fullmatch(one))


def _latest() -> str:
    try:
        return Path("runs", "latest").read_text("utf-8").strip()
    except (OSError, UnicodeError):
        return ""


completion_init()
