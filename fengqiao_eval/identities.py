"""Numbers of members of the public: identity cards and mobiles, found by shape and checksum however they are written, and hidden.

Landlines are not looked for: in texts of the service they are those of offices.
"""

import re
import unicodedata
from datetime import date
from itertools import accumulate

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""The weights of the first 17 digits of an identity-card number (GB 11643-1999)."""
CHECKS = "10X98765432"
"""The last sign, by what is left of their sum when it is divided by 11."""
ADULT = (date(1900, 1, 1), date(2014, 12, 31))
"""Days of birth by which 18 digits are taken for a person's number though the checksum is wrong; ids of cases hold their day."""

_HAN = dict(zip("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789", strict=True))
"""Digits that are written as words; 幺 is said on the radio."""
_HAN_DIGIT = re.compile(f"[{''.join(_HAN)}]")
_LAST = "XxＸｘ×ХхΧχⅩⅹ✕✖"
"""The last sign of some cards: the letter X, and what looks like it."""
_BETWEEN = "._/·・•()（）+,，、*＊'’"
"""What people put between digits, beside blanks, dashes and signs without width."""
_LISTED = re.compile("[,，、]")
_RUN = re.compile(r"\d(?: ?\d)*(?: ?X)?")
_PREFIX = r"(?:0*86)?"
_MOBILE = re.compile(rf"{_PREFIX}(1[3-9]\d{{9}})")
_MOBILES = re.compile(r"(?:1[3-9]\d{9}){1,2}")
"""One in a text, or two without anything between them."""
_DIALLED = re.compile(rf"(?:{_PREFIX}|0+|12593|1795\d)(1[3-9]\d{{9}})")
"""A mobile number in a text may have before it what is dialled; an id of a record may begin with noughts."""
_SHAPES = frozenset({(11,), (3, 4, 4), (3, 3, 5), (4, 3, 4), (4, 4, 3), (3, 8), (7, 4), (1,) * 11, (*(2,) * 5, 1)})
"""Of how many digits the groups of a mobile number are."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_HOST = re.compile(rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\d.])", re.ASCII)
"""The address of a machine in a network, which may have as many digits as a mobile number."""

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
        _signs(*("1", "3-9", *["0-9"] * 9) * 2),
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


def names_citizen(text: str, *, code: bool = False, bare: bool = False, cards: bool = False) -> bool:
    """Say whether a text holds the number of a member of the public, in whatever digits, with blanks, signs or +86.

    An identity-card number of 18 digits holds a day of birth and a checksum; in one piece, the day of an adult's birth is enough.
    code: the text is the id of a record or a unit, in which 15 digits may be an area, a day and a number, and a group of digits a
    year. bare: the text is the code of a person, of which nothing but a number is made: digits are joined, whatever stands
    between them. cards: identity cards alone are looked for, as where an office says its telephone.

    >>> names_citizen("电话 １３８ ００１３ ８０００"), names_citizen("110105-19491231-002X"), names_citizen("110105491231002")
    (True, True, True)
    >>> names_citizen("王五13800138000"), names_citizen("报警人李四 110105 19491231 002X")
    (True, True)
    >>> names_citizen("①③⑧.0013·8000"), names_citizen("(138)001-38000"), names_citizen("一三八〇〇一三八〇〇〇")
    (True, True, True)
    >>> names_citizen("postgresql://reader@192.168.10.100:5432/records"), names_citizen("138.0013.8000")
    (False, True)
    >>> names_citizen("138、0013、8000"), names_citizen("幺三八〇〇幺三八〇〇〇")
    (True, True)
    >>> names_citizen("13800138000x"), names_citizen("1380013800013900139000")
    (True, True)
    >>> names_citizen("2024-10, 2024-11, 2024-12"), names_citizen("1101 0519 4912 3100 2X"), names_citizen("1101051949 1231002 X")
    (False, True, True)
    >>> names_citizen("440310-20241231-0001"), names_citizen("110105491231002", code=True), names_citizen("14-2024-00123")
    (False, False, False)
    """
    if not _has_digits(text):
        return False
    if bare:
        whole = "".join(_RUN.findall(_digits(text))).replace(" ", "")
        return bool(re.search(r"(?<!\d)(?:\d{17}[\dX]|[1-8]\d{14}|(?:0*86)?1[3-9]\d{9})(?!\d)", whole))
    text = _HOST.sub("|", text)
    readings = {text, _HAN_DIGIT.sub("|", text)}  # of 王五13800138000 the 五 is a name
    runs = [run.split() for one in readings for run in _RUN.findall(_digits(one))]
    loose = not _LISTED.search(text)  # numbers in a list are not to make one together, but in the lengths that people write
    return any(_is_citizen(run, code=code, cards=cards, loose=loose) for run in runs)


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


def _is_citizen(run: list[str], *, code: bool, cards: bool, loose: bool) -> bool:
    """Say whether groups of digits, side by side, are a citizen's number: all of them, or some next to one another."""
    for first in range(len(run)):
        for last in range(first + 1, len(run) + 1):
            groups = run[first:last]
            digits = "".join(groups)
            if len(digits) > _MOST:
                break
            alone = loose and len(groups) == len(run)
            if len(groups) == 1 and not cards and (_MOBILE if code else _MOBILES).fullmatch(digits.rstrip("X")):
                return True
            if _is_card(groups, digits, code=code, alone=alone) or (
                not cards and _is_mobile(groups, digits, code=code, alone=alone)
            ):
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


def _is_card(groups: list[str], digits: str, *, code: bool, alone: bool) -> bool:
    """Say whether groups make an identity-card number, of 18 digits or, in a text, of 15; alone, 18 may be cut anywhere."""
    if re.fullmatch(r"[1-8]\d{14}", digits):
        return not code and tuple(map(len, groups)) in {(15,), (6, 6, 3), (6, 9)} and _day(f"19{digits[6:12]}") is not None
    if not re.fullmatch(r"[1-8]\d{16}[\dX]", digits):
        return False
    born = _day(digits[6:14])
    if not born or born > (ADULT[1] if code else date.today()):  # noqa: DTZ011 - a day is near enough
        return False
    is_cut = _is_cut_as_cards(groups) or (alone and not any(map(_YEAR.fullmatch, groups)))
    checked = _check_sign(digits) == digits[17] and is_cut
    return checked or (len(groups) == 1 and ADULT[0] <= born <= ADULT[1])


def _is_cut_as_cards(groups: list[str]) -> bool:
    """Say whether 18 digits are cut as people do, around the day of birth or into pieces alike; months in a list are not."""
    ends = {*accumulate(map(len, groups))}
    return {6, 14} <= ends or len({*map(len, groups[:-1])}) <= 1


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


# What is shown in their place


def look(text: object) -> str:
    """Show how a cell is written without what is written: it may be a citizen's.

    >>> look("24/10/1 08:05"), look("王小明 13812345678")
    ('99/99/9 99:99', '字字字 99999999999')
    """
    signs = ("9" if c.isdigit() else "a" if c.isascii() and c.isalpha() else "字" if c.isalnum() else c for c in str(text)[:30])
    return "".join(sign if sign.isprintable() else "·" for sign in signs)


def hide(path: object, between: str = "/") -> str:
    """Write a path with only the look of each of its names that holds a citizen's number, and with it what stands beside it.

    >>> hide("2024/张三13812345678/cases.csv"), hide("tables.cases.rename.13812345678", between=".")
    ('2024/字字99999999999/cases.csv', 'tables.cases.rename.99999999999')
    """
    written = str(path)
    if not _has_digits(written):
        return written
    shown = between.join(look(name) if names_citizen(name) else name for name in written.split(between))
    return look(written) if names_citizen(shown) else shown


def _has_digits(text: str) -> bool:
    """Say whether a text has digits enough for such a number; few have."""
    return len(text) >= SHORTEST and sum(map(str.isnumeric, text)) >= SHORTEST


SHORTEST = 11
"""The digits of the shortest number."""
