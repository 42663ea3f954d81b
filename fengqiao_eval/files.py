"""Files on every system: names and links of units, whole writes, private folders, streams, and what the system refuses."""

import errno
import getpass
import hashlib
import io
import os
import re
import shutil
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from glob import escape
from pathlib import Path, PurePath
from typing import IO, Any
from unicodedata import normalize
from urllib.parse import quote

from fengqiao_eval.errors import Fault, FengqiaoError, FileAccessError, InputError, UsageError
from fengqiao_eval.words import HALF, write_halves

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a disk without room is called, and a user without any left of theirs."""

REFUSALS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "denied"),
    **dict.fromkeys(FULL, "full"),
    errno.EROFS: "read_only",
    errno.EIO: "fails",
    getattr(errno, "ESTALE", errno.EIO): "stale",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "many_files"),
    errno.EFBIG: "large",
    errno.ENOTDIR: "no_folder",
    errno.EEXIST: "taken",
    errno.EISDIR: "folder",
    errno.ENAMETOOLONG: "long",
    errno.ELOOP: "loop",
    errno.ENOENT: "gone",
}
"""How the system refuses a file, by what it calls that."""

MISNAMED = ("no_folder", "taken", "folder", "long", "loop", "link", "gone")
"""The refusals that another path would mend; the others are not for the caller to mend."""

PRIVATE = 0o700
"""The mode of a folder that only its owner opens: officers' things, and runs that are not finished."""

OWN = 0o600
"""The mode of a file that only its owner opens."""

_LONGEST = 120
"""Bytes of a file name without its ending; file systems take 255."""

_BESIDE = ".short"
"""What the name of a page ends in that lies beside a card, so that the name of no card ends so."""

_DEVICES = frozenset({"con", "prn", "aux", "nul", "index", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names that Windows keeps for its devices, whatever their ending; and that of the page which lists cards beside them."""


def file_name(text: str) -> str:
    """Turn a text, as an id, into a file name without ending; letters, digits, - and _ stay, all else is percent-encoded.

    No two texts share a name, none leaves its folder, and Windows takes all of them.

    >>> file_name("坪山.一"), file_name("../etc"), file_name("a b"), file_name("NUL"), file_name("index"), file_name("S1.short")
    ('坪山.一', '%2E.%2Fetc', 'a%20b', '%4EUL', '%69ndex', 'S1%2Eshort')
    """
    encoded = "".join(map(_encode, text))
    if encoded.startswith(".") or encoded.split(".")[0].lower() in _DEVICES:
        encoded = _percent_encode(text[0]) + "".join(map(_encode, text[1:]))
    if encoded.endswith("."):
        encoded = encoded[:-1] + _percent_encode(".")
    if encoded.lower().endswith(_BESIDE):
        encoded = encoded[: -len(_BESIDE)] + _percent_encode(".") + encoded[1 - len(_BESIDE) :]
    return encoded if len(encoded.encode()) <= _LONGEST else _mark(encoded, text)


def file_names(ids: Iterable[str]) -> dict[str, str]:
    """Turn the ids of a folder into file names: those of file_name, each with a fingerprint where they would meet on some disk.

    Windows and macOS take a for A, and macOS one form of Unicode for another.

    >>> file_names(["S007", "s008", "a1", "A1"])
    {'S007': 'S007', 's008': 's008', 'a1': 'a1~f55ff16f66f43360', 'A1': 'A1~16a36e86f6fed5d4'}
    """
    names = {one: file_name(one) for one in ids}
    folded = {one: normalize("NFC", normalize("NFD", normalize("NFD", name).casefold()).upper()) for one, name in names.items()}
    met = Counter(folded.values())
    return {one: name if met[folded[one]] == 1 else _mark(name, one) for one, name in names.items()}


def link(name: str, level: str = "") -> str:
    """Write where a card of that file name lies as a link, from the folder of its level, or from the one above: level/name.html.

    The percent signs of a name are part of it, so they are encoded again.

    >>> link("S007"), link("a%2Fb", "police zone")
    ('S007.html', 'police%2520zone/a%252Fb.html')
    """
    return (f"{quote(file_name(level))}/" if level else "") + quote(f"{name}.html")


def _encode(character: str) -> str:
    return character if character.isalnum() or character in "-_." else _percent_encode(character)


def _percent_encode(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _mark(encoded: str, text: str) -> str:
    """End a name, cut to leave room, with a fingerprint of what it stands for; no other name holds a ~."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{encoded.encode()[: _LONGEST - 20].decode('utf-8', 'ignore')}~{digest}"


def temporary_path(path: Path) -> Path:
    """Say where a file is written until it takes its place; what was killed in between leaves it there."""
    return path.with_name(f".{path.name}.tmp")


def refuse_link(path: Path) -> None:
    """Refuse a link where something is about to be written: it would be written wherever the link leads."""
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def is_open(folder: Path) -> bool:
    """Say whether others may move or replace what this user puts into a folder: a group or all write to it, without sticky bit.

    A group that is called as its user is that user's own, as Debian and Red Hat make them; on Windows nothing is asked.
    """
    if sys.platform == "win32":
        return False
    import grp  # noqa: PLC0415 - POSIX only

    found = folder.stat()
    with suppress(KeyError):  # a group may have no name
        if grp.getgrgid(found.st_gid).gr_name == user_name():
            return bool(found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX)
    return bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX)


def own_folder(folder: Path) -> None:
    """Make a folder for its owner alone, or take the one that is there; refuse a link, and what is another's."""
    folder.mkdir(PRIVATE, exist_ok=True)
    check_own(folder)


def check_own(place: Path, *, linked: bool = False) -> None:
    """Refuse what is another user's where this user alone is to write, and a link, unless it is to be replaced itself."""
    if not linked:
        refuse_link(place)
    if sys.platform != "win32" and os.path.lexists(place) and place.lstat().st_uid != os.geteuid():
        raise foreign_fault("foreign", place)


def foreign_fault(rule: str, place: Path) -> FileAccessError:
    """Make what is raised where others may put things, or have put them, where this user alone is to write."""
    return FileAccessError(Fault(str(place), "", f"system.{rule}", {"place": place, "user": user_name()}), 2)


@contextmanager
def replace_whole(path: Path) -> Iterator[Path]:
    """Give a place beside a file to write it anew; it takes the file's place in one step, or goes where the writing fails.

    A link is replaced itself, and what it leads to stays. A device, pipe or socket is never replaced (FileAccessError).
    """
    if path.exists() and not (path.is_symlink() or path.is_file() or path.is_dir()):
        raise FileAccessError(Fault(str(path), "", "system.special", {"place": path, "user": user_name()}), 2)
    aside = temporary_path(path)
    try:
        aside.unlink(missing_ok=True)  # a link that somebody put there would be followed
        yield aside
        aside.replace(path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path.parent)  # the system does not say where it refuses to take more
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file in one step, text in UTF-8 with its ends of lines as they are: it is there whole, or not at all.

    private: its owner alone may open it, from the moment it is there.
    """
    with replace_whole(path) as aside:
        if private:
            aside.touch(OWN, exist_ok=False)
        with aside.open("r+b" if private else "xb") as file:
            file.write(write_halves(content).encode() if isinstance(content, str) else content)


TEMPORARY = "fqtmp-"
"""How the temporary folders of this program begin."""


@contextmanager
def temporary_folder(place: str | None = None) -> Iterator[Path]:
    """Give a temporary folder that its owner alone opens and that goes at the end; remove those of processes that died (POSIX).

    A lock on the folder says that its process lives: it ends with the process, however that ends.
    """
    if sys.platform == "win32":
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=place, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    import fcntl  # noqa: PLC0415 - POSIX only

    def lock(folder: Path) -> int | None:
        held = None
        try:
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # somebody lives in it, or it is gone, or another's
            if held is not None:
                os.close(held)
            return None
        return held

    def sweep() -> None:
        for left in Path(place or tempfile.gettempdir()).glob(f"{TEMPORARY}????????"):
            with suppress(OSError):  # another process removes it as well
                if left.lstat().st_uid == os.geteuid() and (held := lock(left)) is not None:
                    shutil.rmtree(left, ignore_errors=True)
                    os.close(held)

    sweep()
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=place))
    held = lock(folder)
    if not folder.is_dir():  # another process took it for one that was left, before it was locked
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=place))
        held = lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)
        sweep()  # who died while we began may have lived a moment longer


def fingerprint_file(path: Path) -> str:
    """Fingerprint one file (SHA-256)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# What the system refuses


def stops_all(error: BaseException) -> bool:
    """Say whether the system tells of a disk without room, right or life, which is no fault of what was being written."""
    return REFUSALS.get(getattr(error, "errno", None) or 0, "gone") not in (*MISNAMED, "many_files", "large")


def find_refusal(error: BaseException | None) -> OSError | None:
    """Find what the system refused, in an error or in what a library made of it; some libraries only quote the system.

    An error of Python's own is a mistake of ours, whatever was being handled at the time, unless it names its cause.
    """
    if isinstance(error, OSError) and not isinstance(error, io.UnsupportedOperation):
        lost = error.filename is None and "temporary" in str(error)
        return OSError(errno.EACCES, "", os.environ.get("TMPDIR", "/tmp")) if lost else error  # noqa: S108 - only named
    if error is None or type(error).__module__ == "builtins":
        return find_refusal(error.__cause__) if error else None
    if code := next((code for code in REFUSALS if os.strerror(code) in str(error)), None):
        named = re.search(r"""["'](\S[^"']*[/\\][^"']*)["']""", str(error))
        return OSError(code, os.strerror(code), named[1] if named else None)
    return find_refusal(error.__cause__ or error.__context__)


def to_path(given: object) -> Path:
    """Take a path as it is handed over in a call: a text or a path. Raises UsageError where it is neither.

    >>> to_path("params/one_table.yaml") == to_path(Path("params", "one_table.yaml"))
    True
    """
    if isinstance(given, str | PurePath):
        return Path(given)
    raise UsageError("path", given=type(given).__name__)


def absence(path: Path) -> str:
    """Name the rule by which no file can be read at a path: nothing is there, or a folder, a link that leads nowhere, a pipe.

    >>> absence(Path("/nowhere/a.yaml")), absence(Path("/"))
    ('document.not_there', 'document.folder')
    """
    if path.is_dir():
        return "document.folder"
    return "document.special" if path.exists() else "document.dangling" if path.is_symlink() else "document.not_there"


def access_fault(error: OSError, path: Path | None = None, name: str | None = None) -> Fault:
    """Say as a fault what the system refused: the path, which right is lacking where, and to whom.

    path: where the error names none; name: what the path is called in faults.
    """
    given = [name for name in (error.filename, getattr(error, "filename2", None)) if name and isinstance(name, (str, bytes))]
    places = [Path(os.fsdecode(name)) for name in given] or [path or Path()]
    place, rule = places[-1], REFUSALS.get(error.errno or 0, "other")
    lacks = place
    if rule == "loop" and place.exists() and place.is_symlink():  # where no link is followed, each is called a circle
        rule = "link"
    if rule == "denied":  # of two files that are renamed, either may lack it
        rule, lacks = min(map(_missing_right, places), key=lambda found: found[0] == "denied")
    why = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return Fault(name or str(place), "", f"system.{rule}", {"place": lacks, "user": user_name(), "why": why})


def refusal(error: BaseException, path: Path | None = None) -> FengqiaoError | None:
    """Say what the system refused (exit 2 where another path would do, else 3); None for an error of another kind."""
    if isinstance(error, UnicodeEncodeError) and HALF.search(str(error.object)):
        return UsageError("bytes")
    if (cause := find_refusal(error)) is None:
        return None
    fault = access_fault(cause, path)
    return FileAccessError(fault, 2 if fault.rule.removeprefix("system.") in MISNAMED else 3)


def _missing_right(path: Path) -> tuple[str, Path]:
    """Find which right is lacking on the way to a path, and where."""
    how = {"effective_ids": os.access in os.supports_effective_ids}
    try:
        whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() asks for the rights that are lacking
    except OSError:  # the current folder is gone
        return "denied", path
    for place in reversed(whole.parents):
        if os.path.lexists(place) and not os.access(place, os.X_OK, **how):
            return "enter", place
    for place, right, rule in ((whole, os.R_OK, "read"), (whole, os.W_OK, "write"), (whole.parent, os.W_OK, "write")):
        if os.path.lexists(place) and not os.access(place, right, **how):
            return rule, place
    return "denied", whole


def user_name() -> str:
    """Name the user as whom this process acts, by number where there is no name."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd  # noqa: PLC0415 - POSIX only

    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user may have no name
        return str(number)


@contextmanager
def input_faults(path: Path, name: str | None = None) -> Iterator[None]:
    """Let what the system refuses of a file that is read be a fault of the input (InputError); name: what it is called there."""
    try:
        yield
    except OSError as error:
        raise InputError([access_fault(error, path, name)]) from None


HIDDEN = (".", "~$")
"""What the names of files begin with that are not meant by a pattern: hidden ones, and those by which an office locks a file."""
_ESCAPE = re.compile(r"\[([*?\[])\]")


def outright(pattern: str) -> str:
    """Write a pattern, or a name of one, without the brackets by which a sign is made a plain letter.

    >>> outright("data[*]/2024-*")
    'data*/2024-*'
    """
    return _ESCAPE.sub(r"\1", pattern)


def expand(pattern: str, base: Path, suffixes: Sequence[str] = ()) -> list[Path]:
    """Find what lies there by a pattern below a folder, sorted: `* ? [ ]` stand for signs of one name, never for a whole path.

    suffixes: endings that the last name may have beyond what is written. A sign never stands for a link, nor for what is hidden;
    what is written outright is taken at its word.
    """
    path = PurePath(pattern)
    found = [Path(path.anchor) if path.anchor else base]
    names = path.parts[1:] if path.anchor else path.parts
    for number, name in enumerate(names, 1):
        ends = suffixes if number == len(names) else ()
        found = [inner for folder in found if folder.is_dir() for inner in _inner(folder, name, ends)]
    return sorted(found)


def _inner(folder: Path, name: str, suffixes: Sequence[str]) -> list[Path]:
    """Find in a folder what a name of a pattern means."""
    plain = outright(name)
    if escape(plain) == name and not suffixes:
        return [folder / plain] if (folder / plain).exists() else []

    def fits(path: Path) -> bool:
        return fnmatchcase(path.name, name) or (path.suffix.lower() in suffixes and fnmatchcase(path.stem, name))

    there = (path for path in folder.iterdir() if not (path.is_symlink() or path.name.startswith(HIDDEN)))
    return [path for path in there if fits(path)]


def plain_path(path: Path) -> Path:
    """Give a path for libraries that know UTF-8 alone: where it is none, by a folder that this process holds open (Linux)."""
    if not HALF.search(str(path)):
        return path
    parts = path.absolute().parts
    odd = max(number for number, part in enumerate(parts) if HALF.search(part)) + 1
    opened = Path(*parts[:odd])
    found = opened.stat()
    return Path("/proc/self/fd", str(_hold_open(opened, found.st_dev, found.st_ino)), *parts[odd:])


@lru_cache
def _hold_open(path: Path, *_which: int) -> int:
    return os.open(path, os.O_RDONLY)


# The streams of a process

STDOUT = "<stdout>"


class StandardStream:
    """A standard stream whose errors say which it is (<stdout>, <stderr>); all else is as it was."""

    def __init__(self, stream: Any, name: str) -> None:
        """Stand before a stream."""
        self._stream, self._called = stream, name

    def __getattr__(self, name: str) -> Any:
        """Give what the stream has."""
        return getattr(self._stream, name)

    def write(self, text: Any) -> Any:
        """Write as the stream does."""
        return self._named(self._stream.write, text)

    def flush(self) -> None:
        """Flush as the stream does."""
        self._named(self._stream.flush)

    def _named(self, do: Callable[..., Any], *given: Any) -> Any:
        try:
            return do(*given)
        except OSError as error:
            error.filename = self._called
            raise


def open_streams() -> None:
    """Put something in place of the standard streams that are closed, else the next file that is opened would be taken for one.

    What is written to a closed stdout fails; what is written to a closed stderr is lost.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            nothing = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - open as long as the process
    for name in ("stdout", "stderr"):
        if not isinstance(stream := getattr(sys, name), StandardStream):
            setattr(sys, name, StandardStream(stream, f"<{name}>"))


def let_go(stream: IO[Any]) -> None:
    """Lose what a stream still holds that cannot be written, which Python would try to write once more at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
