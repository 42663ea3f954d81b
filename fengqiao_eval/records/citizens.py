"""Members of the public in records: columns by their names, identity-card and mobile numbers by shape and checksum."""

import re
from datetime import date
from unicodedata import normalize

from fengqiao_eval.records.tables import EVENTS, Table

CITIZEN = re.compile(
    r"身份证|公民身份|证件号|手机|电话|联系方式|姓名|当事人|报警人|群众名|住址|id_?card|identity|passport|phone|mobile|telephone"
    r"|(citizen|resident|caller|victim|party|subject|person)_?name|^(gmsfhm|sfzh?m?|zjhm|sjhm?|lxdh|lxfs|(bjr|dsr)?xm)$",
    re.IGNORECASE,
)
"""Names of columns that would hold a member of the public, also by the initials that police tables use (gmsfhm 公民身份号码)."""
CITIZEN_OF_EVENTS = re.compile(
    r"地址|住所|户籍|出生|[报投求举信]\w?[案诉助报访]人|[联系被访来电申请嫌疑受害]{2}人|complainant|applicant|claimant|suspect"
    r"|(first|last|middle|given|family|full|sur|maiden|nick)_?name|address|birth|e_?mail|(^|_)(dob|tel|ssn|citizen|contact)(_|$)"
    r"|^(name|names|dh|dz|zz|csrq|hjdz|lxr|bfr)$",
    re.IGNORECASE,
)
"""The same of tables of events and notices, in which nobody but members of the public has a name or an address."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""The weights of the first 17 digits of an identity-card number (GB 11643-1999)."""
CHECKS = "10X98765432"
"""The last sign, by what is left of their sum when it is divided by 11."""
ADULT = (date(1900, 1, 1), date(2014, 12, 31))
"""Days of birth by which 18 digits are taken for a person's number though the checksum is wrong; ids of cases hold their day."""

_MOBILE = re.compile(r"(?<!\d)(?:\+?0*86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
_SPACED = re.compile(r"(?<!\d)1 ?[3-9](?: ?\d){9}(?!\d)")
_CARD = re.compile(r"(?<!\d)([1-8]\d{5})([ -]?)(\d{8})[ -]?(\d{3}) ?([\dXx])(?![\dXx])")
_OLD_CARD = re.compile(r"(?<!\d)[1-8]\d{5}(\d{6})\d{3}(?!\d)")


def is_of_citizens(column: str, table: Table) -> bool:
    """Say whether a column would hold members of the public, by its name.

    >>> from fengqiao_eval.records.tables import TABLES
    >>> is_of_citizens("报警人电话", TABLES["cases"]), is_of_citizens("name", TABLES["units"])
    (True, False)
    """
    only = table.name in (*EVENTS, "notices") and table.column(column) is None
    return bool(CITIZEN.search(column) or (only and CITIZEN_OF_EVENTS.search(column)))


def _signs(*digits: str) -> str:
    """Write a pattern of digits, each of any of a range, in either width, with blanks or a hyphen between them."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    return r"[\s\x{a0}\x{3000}]?[-－‐–]?[\s\x{a0}\x{3000}]?".join(f"[{one}{one.translate(wide)}]" for one in digits)


_MONTHS = ("01", "0-9", "0-3", "0-9")
SHAPES = "|".join(
    [
        _signs("1", "3-9", *["0-9"] * 9),
        _signs("1-8", *["0-9"] * 5, "12", "09", *["0-9"] * 2, *_MONTHS, *["0-9"] * 3, "0-9Xx"),
        _signs("1-8", *["0-9"] * 5, *["0-9"] * 2, *_MONTHS, *["0-9"] * 3),
    ]
)
LIKELY = f"(?:^|[^0-9０-９])(?:0*[8８]?[6６]?)(?:{SHAPES})(?:[^0-9０-９]|$)"
"""What the engine looks for: cells that may hold such a number, and few others; names_citizen says of each whether it does."""
LONG = r"(?:[0-9０-９][\s+()（）\x{a0}\x{3000}－-]*){11}"
"""The same for the code of a person: eleven digits, whatever stands between them."""


def names_citizen(text: str, *, code: bool = False, bare: bool = False) -> bool:
    """Say whether a text holds the number of a member of the public, in whatever width, with blanks, hyphens or +86.

    An identity-card number of 18 digits holds a day of birth and a checksum; in one piece, the day of an adult's birth is enough.
    code: the text is the id of a record or a unit, in which 15 digits may be an area, a day and a number. bare: the text is
    the code of a person, of which nothing but a number is made: digits are joined, whatever stands between them.

    >>> names_citizen("电话 １３８ ００１３ ８０００"), names_citizen("110105-19491231-002X"), names_citizen("110105491231002")
    (True, True, True)
    >>> names_citizen("440310-20241231-0001"), names_citizen("110105491231002", code=True), names_citizen("14-2024-00123")
    (False, False, False)
    """
    plain = re.sub(r"[‐–－]", "-", re.sub(r"\s+", " ", normalize("NFKC", text)))
    if bare:
        joined = re.sub(r"[\s+()（）-]+", "", plain)
        return bool(re.search(r"(?<!\d)(?:\d{17}[\dXx]|[1-8]\d{14}|(?:0*86)?1[3-9]\d{9})(?!\d)", joined))
    if _MOBILE.search(plain) or _SPACED.search(plain) or any(map(_is_card, _CARD.finditer(plain))):
        return True
    return not code and any(_day(f"19{found[1]}") for found in _OLD_CARD.finditer(plain))


def _is_card(found: re.Match[str]) -> bool:
    area, gap, birth, number, last = found.groups()
    born = _day(birth)
    if not born or born > date.today():  # noqa: DTZ011 - a day is near enough
        return False
    digits = area + birth + number
    checked = CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11] == last.upper()
    return checked if gap or " " in found[0] else checked or ADULT[0] <= born <= ADULT[1]


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
