"""THIRD_PARTY.md of a wheelhouse: what each wheel says of its licence, and where in it the texts stand."""

import re
from collections.abc import Sequence
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

UNKNOWN = "unknown"
LICENCE_FILE = re.compile(r"(?i)^(.*licen[cs]e.*|copying.*|notice.*)(?<!\.py)$")
LONGEST_NAME = 60
"""Above it the field License holds no name but the text."""
PAGES = ("homepage", "source", "repository", "github", "code", "documentation")
"""Labels of addresses, the best first."""
HEAD = "| package | version | licence | home page | licence texts in the wheel |\n| --- | --- | --- | --- | --- |\n"


def page(wheels: Sequence[Path]) -> str:
    """Write the page: what names no licence first, then every wheel."""
    rows = [_row(wheel) for wheel in wheels]
    unknown = [f"{row[0]} {row[1]}" for row in rows if row[2] == UNKNOWN]
    told = f"**Of unknown licence 许可证不明：{', '.join(unknown)}**" if unknown else "Of unknown licence 许可证不明: none 无"
    lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"# Third parties 第三方组件\nAs the wheels themselves say. 依各安装包自述。\n\n{told}\n\n{HEAD}{lines}"


def _row(wheel: Path) -> tuple[str, ...]:
    with ZipFile(wheel) as packed:
        names = packed.namelist()
        metadata = next(name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        told = HeaderParser().parsestr(packed.read(metadata).decode("utf-8"))
    texts = dict.fromkeys(re.sub(r"^[^/]+\.dist-info/", "", name) for name in names if _is_licence(name))
    return str(told["Name"]), str(told["Version"]), licence(told), home(told), "<br>".join(texts) or "–"


def _is_licence(path: str) -> bool:
    return bool(LICENCE_FILE.match(path.rpartition("/")[2]))


def licence(told: Message) -> str:
    r"""Name the licence of a wheel by its metadata: the expression, a short name, else the classifiers.

    >>> licence(HeaderParser().parsestr("License: Copyright of\n many\nClassifier: License :: OSI Approved :: MIT License"))
    'MIT License'
    """
    short = str(told["License"] or "").strip()
    named = short if short.upper() != "UNKNOWN" and "\n" not in short and len(short) <= LONGEST_NAME else ""
    classified = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License ::")]
    return str(told["License-Expression"] or named or ", ".join(classified) or UNKNOWN)


def home(told: Message) -> str:
    r"""Find the address of a wheel's home page.

    >>> home(HeaderParser().parsestr("Project-URL: Funding, https://a.org\nProject-URL: Home Page, https://b.org"))
    'https://b.org'
    """
    pairs = [line.partition(", ")[::2] for line in told.get_all("Project-URL", [])]
    known = {re.sub("[^a-z]", "", label.lower()): address for label, address in pairs}
    found = [address for address in (told["Home-page"], *map(known.get, PAGES), *known.values()) if address]
    return str(found[0]) if found else "–"
