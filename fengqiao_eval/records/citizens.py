"""Members of the public in records: columns by their names, identity-card and mobile numbers by shape and checksum.

Landlines are not looked for: in texts of the service they are those of offices.
"""

import re
import unicodedata
from datetime import date

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

_HAN = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
"""Digits that are written as words."""
_LAST = "XxＸｘ×ХхΧχⅩⅹ✕✖"
"""The last sign of some cards: the letter X, and what looks like it."""
_BETWEEN = "._/·・•()（）+,，'’"
"""What people put between digits, beside blanks, dashes and signs without width."""
_RUN = re.compile(r"\d(?: ?\d)*(?: ?X)?")
_PREFIX = r"(?:0*86)?"
_MOBILE = re.compile(rf"{_PREFIX}(1[3-9]\d{{9}})")
_DIALLED = re.compile(rf"(?:{_PREFIX}|0+|12593|1795\d)(1[3-9]\d{{9}})")
"""A mobile number in a text may have before it what is dialled; an id of a record may begin with noughts."""
_SHAPES = frozenset({(11,), (3, 4, 4), (3, 3, 5), (4, 3, 4), (4, 4, 3), (3, 8), (7, 4), (1,) * 11, (*(2,) * 5, 1)})
"""Of how many digits the groups of a mobile number are."""
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_of_citizens(column: str, table: Table) -> bool:
    """Say whether a column would hold members of the public, by its name.

    >>> from fengqiao_eval.records.tables import TABLES
    >>> is_of_citizens("报警人电话", TABLES["cases"]), is_of_citizens("name", TABLES["units"])
    (True, False)
    """
    only = table.name in (*EVENTS, "notices") and table.column(column) is None
    return bool(CITIZEN.search(column) or (only and CITIZEN_OF_EVENTS.search(column)))


_GAP = r"[\s\p{Z}\p{Cf}\p{Pd}" + "".join(f"\\x{{{ord(sign):X}}}" for sign in _BETWEEN) + "]*"
_ANY = "[0-9０-９]"


def _signs(*digits: str) -> str:
    """Write a pattern of digits, each of any of a range, in either width, with anything of _BETWEEN between them."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    return _GAP.join(f"[{one}{one.translate(wide)}]" for one in digits)


_MONTHS = ("01", "0-9", "0-3", "0-9")
SHAPES = "|".join(
    [
        _signs("1", "3-9", *["0-9"] * 9),
        _signs("1-8", *["0-9"] * 5, "12", "09", *["0-9"] * 2, *_MONTHS, *["0-9"] * 3, f"0-9{_LAST}"),
        _signs("1-8", *["0-9"] * 5, *["0-9"] * 2, *_MONTHS, *["0-9"] * 3),
    ]
)
STRANGE = rf"[^\P{{N}}0-9０-９]|(?:[{''.join(_HAN)}]{_GAP}){{11}}"
"""Digits of other writings; few cells hold any."""
LIKELY = f"(?:^|[^0-9０-９])(?:0*(?:{_signs('8', '6')}|12593|1795{_ANY})?{_GAP})(?:{SHAPES})(?:[^0-9０-９]|$)|{STRANGE}"
"""What the engine looks for: cells that may hold such a number, and few others; names_citizen says of each whether it does."""
LONG = rf"(?:{_ANY}{_GAP}){{11}}|{STRANGE}"
"""The same for the code of a person: eleven digits, whatever stands between them."""


def names_citizen(text: str, *, code: bool = False, bare: bool = False) -> bool:
    """Say whether a text holds the number of a member of the public, in whatever digits, with blanks, signs or +86.

    An identity-card number of 18 digits holds a day of birth and a checksum; in one piece, the day of an adult's birth is enough.
    code: the text is the id of a record or a unit, in which 15 digits may be an area, a day and a number, and a group of digits a
    year. bare: the text is the code of a person, of which nothing but a number is made: digits are joined, whatever stands
    between them.

    >>> names_citizen("电话 １３８ ００１３ ８０００"), names_citizen("110105-19491231-002X"), names_citizen("110105491231002")
    (True, True, True)
    >>> names_citizen("①③⑧.0013·8000"), names_citizen("(138)001-38000"), names_citizen("一三八〇〇一三八〇〇〇")
    (True, True, True)
    >>> names_citizen("440310-20241231-0001"), names_citizen("110105491231002", code=True), names_citizen("14-2024-00123")
    (False, False, False)
    """
    runs = [run.split() for run in _RUN.findall(_digits(text))]
    if bare:
        whole = "".join("".join(run) for run in runs)
        return bool(re.search(r"(?<!\d)(?:\d{17}[\dX]|[1-8]\d{14}|(?:0*86)?1[3-9]\d{9})(?!\d)", whole))
    return any(_is_citizen(run, code=code) for run in runs)


def plain_number(text: str) -> str:
    """Write a citizen's number in one way for all its spellings: a mobile number of 11 digits, a card of 18; else what it is.

    Of a card of 15 digits the century and the last sign are put back, as the law of 1999 has it.

    >>> plain_number("+86 138-0013-8000"), plain_number("一三八〇〇一三八〇〇〇"), plain_number("110105491231002")
    ('13800138000', '13800138000', '11010519491231002X')
    """
    digits = _digits(text).replace(" ", "")
    if found := _DIALLED.fullmatch(digits):
        return found[1]
    if re.fullmatch(r"[1-8]\d{14}", digits) and _day(f"19{digits[6:12]}"):
        digits = f"{digits[:6]}19{digits[6:]}"
        return digits + _check_sign(digits)
    return digits if re.fullmatch(r"[1-8]\d{16}[\dX]", digits) else text


def _check_sign(digits: str) -> str:
    return CHECKS[sum(int(digit) * weight for digit, weight in zip(digits[:17], WEIGHTS, strict=True)) % 11]


def _digits(text: str) -> str:
    """Write a text with its digits as 0 to 9, the last sign of cards as X, one blank for what may stand between, else a bar."""

    def plain(sign: str) -> str:
        if sign in _HAN or (digit := unicodedata.digit(sign, None)) is not None:
            return _HAN.get(sign) or str(digit)
        if sign in _LAST:
            return "X"
        return " " if sign in _BETWEEN or sign.isspace() or unicodedata.category(sign) in ("Zs", "Cf", "Pd") else "|"

    return re.sub(" +", " ", "".join(map(plain, text)))


def _is_citizen(run: list[str], *, code: bool) -> bool:
    """Say whether groups of digits, side by side, are a citizen's number: all of them, or some next to one another."""
    for first in range(len(run)):
        for last in range(first + 1, len(run) + 1):
            groups = run[first:last]
            digits = "".join(groups)
            if len(digits) > _MOST:
                break
            if _is_mobile(groups, digits, code=code, alone=len(groups) == len(run)) or _is_card(groups, digits, code=code):
                return True
    return False


_MOST = 24
"""The digits of the longest number, with what may be dialled before it."""


def _is_mobile(groups: list[str], digits: str, *, code: bool, alone: bool) -> bool:
    """Say whether groups make a mobile number; where they are not all there is, they must be of the lengths that people write."""
    found = (_MOBILE if code else _DIALLED).fullmatch(digits)
    if not found:
        return False
    before, lengths = len(digits) - 11, []
    for group in groups:
        lengths.append(max(0, len(group) - before))
        before = max(0, before - len(group))
    shape = tuple(filter(None, lengths))
    if code and any(map(_YEAR.fullmatch, groups)):
        return False
    return shape in _SHAPES or (alone and not code and not any(map(_YEAR.fullmatch, groups)))


def _is_card(groups: list[str], digits: str, *, code: bool) -> bool:
    """Say whether groups make an identity-card number, of 18 digits or, in a text, of 15."""
    if re.fullmatch(r"[1-8]\d{14}", digits):
        return not code and tuple(map(len, groups)) in {(15,), (6, 6, 3), (6, 9)} and _day(f"19{digits[6:12]}") is not None
    if not re.fullmatch(r"[1-8]\d{16}[\dX]", digits):
        return False
    born = _day(digits[6:14])
    if not born or born > (ADULT[1] if code else date.today()):  # noqa: DTZ011 - a day is near enough
        return False
    checked = _check_sign(digits) == digits[17]
    return checked or (len(groups) == 1 and ADULT[0] <= born <= ADULT[1])


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
