"""Numbers of members of the public: identity cards and mobiles, found by shape and checksum however they are written, and hidden.

Landlines are not looked for: in texts of the service they are those of offices.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import NamedTuple

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
_BETWEEN = "._·・•()（）+*＊'’"
"""What people put between digits, beside blanks, dashes and signs without width: of so little weight that any may stand there."""
_LISTED = ",，、/"
"""What stands between the members of a list, and between the digits of one number."""
_NOTHING_JOINS = "<>"
"""Two signs of weight, put in the place of what is no number of a person: it keeps apart what stands beside it."""
_PARTS = re.compile(r"(\d+)(\D*)", re.ASCII)
_RUN = re.compile(r"\d(?: ?\d)*(?: ?X)?")
_PREFIX = r"(?:0*86)?"
_MOBILE = re.compile(rf"{_PREFIX}(1[3-9]\d{{9}})")
_MOBILES = re.compile(r"(?:1[3-9]\d{9}){1,2}")
"""One in a text, or two without anything between them."""
_DIALLED = re.compile(rf"(?:{_PREFIX}|0+|12593|1795\d)(1[3-9]\d{{9}})")
"""A mobile number in a text may have before it what is dialled; an id of a record may begin with noughts."""
_SHAPES = frozenset({(11,), (3, 4, 4), (3, 3, 5), (4, 3, 4), (4, 4, 3), (3, 8), (7, 4), (1,) * 11, (*(2,) * 5, 1)})
"""Of how many digits the groups of a mobile number are."""
_CARD_SHAPES = frozenset({(6, 8, 4), (6, 4, 4, 4), (4, 4, 4, 4, 2), (3,) * 6, (6,) * 3, (1,) * 18})
"""The same of a card's number, where signs of weight are between them."""
_FEW = 3
"""Groups that must stand there where a letter is between them: of two numbers with 和 or 至 nobody makes one."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_CASE_YEAR = re.compile(r"20[12]\d")
"""A year of records: 135/2024/0012 is the number of a case."""
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HOST = re.compile(rf"(?<![\d.{''.join(_HAN)}])(?:{_OCTET}\.){{3}}{_OCTET}(?![\d.{''.join(_HAN)}])")
"""The address of a machine in a network, which may have as many digits as a mobile number."""

# What the engine looks for. It reads no sign twice, so that it finds whatever may stand between digits, the same or not.

_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_ANY = f"0-9０-９{''.join(_HAN)}"
_GAP = r"[\s\p{Z}\p{Cf}\p{Pd}\x{B}\x{1C}-\x{1F}\x{85}" + "".join(f"\\x{{{ord(sign):X}}}" for sign in _BETWEEN + _LISTED) + "]*"


def _digit(ranges: str) -> str:
    """Write a pattern of a digit of any of some ranges, in either width or as a word."""
    words = "".join(word for word, digit in _HAN.items() if re.match(f"[{ranges}]", digit))
    return f"[{ranges}{ranges.translate(_WIDE)}{words}]"


def _signs(*digits: str, gap: str = _GAP) -> str:
    """Write a pattern of digits with anything of a gap between them."""
    return gap.join(map(_digit, digits))


_PHONE = ("1", "3-9", *["0-9"] * 9)
_MONTHS = ("01", "0-9", "0-3", "0-9")
_CARD = ("1-8", *["0-9"] * 5, "12", "09", *["0-9"] * 2, *_MONTHS, *["0-9"] * 3)
_OLD_CARD = ("1-8", *["0-9"] * 5, *["0-9"] * 2, *_MONTHS, *["0-9"] * 3)
_END = "(?:[^0-9０-９]|$)"
_CHECK = f"(?:{_digit('0-9')}{_END}|[{_LAST}])"
SHAPES = "|".join([*(_signs(*digits) + f"{_END}" for digits in (_PHONE, _PHONE * 2, _OLD_CARD)), _signs(*_CARD) + _GAP + _CHECK])
STRANGE = r"[^\P{N}0-9０-９]"
"""Digits of other writings; few cells hold any."""
_DIAL = f"{_digit('0')}*(?:{_signs('8', '6')}|{_signs(*'12593')}|{_signs(*'1795', '0-9')})?{_GAP}"
LIKELY = f"(?:^|[^0-9０-９]){_DIAL}(?:{SHAPES})|{STRANGE}"
"""What the engine looks for: cells that may hold such a number, and few others; names_citizen says of each whether it does."""


def _cut() -> str:
    """Write a pattern of numbers cut in the lengths of _SHAPES and _CARD_SHAPES, which begin alike, by signs of any weight."""
    one, head, any_, gap, last = _digit("1"), _digit("3-9"), f"[{_ANY}]", f"[^{_ANY}]+", f"[^{_ANY}]*{_CHECK}"
    first, born, rest = _digit("1-8"), _signs("12", "09", gap="") + any_ * 2, _signs(*_MONTHS, gap="")
    phones = [
        f"{one}{head}{any_}{gap}(?:{any_}{{4}}{gap}{any_}{{4}}|{any_}{{3}}{gap}{any_}{{5}}|{any_}{{8}})",
        f"{one}{head}{any_}{{2}}{gap}(?:{any_}{{3}}{gap}{any_}{{4}}|{any_}{{4}}{gap}{any_}{{3}})",
        f"{one}{head}{any_}{{5}}{gap}{any_}{{4}}",
        f"{one}{gap}{head}(?:{gap}{any_}){{9}}",
        f"{one}{head}(?:{gap}{any_}{{2}}){{4}}{gap}{any_}",
    ]
    cards = [
        f"{first}{any_}{{5}}{gap}{born}(?:{gap})?{rest}{gap}{any_}{{3}}{last}",
        f"{first}{any_}{{5}}{gap}{any_}{{6}}{gap}{any_}{{3}}(?:{any_}{{2}}{last}|{_END})",
        f"{first}{any_}{{5}}{gap}{any_}{{9}}{_END}",
        f"{first}{any_}{{2}}(?:{gap}{any_}{{3}}){{4}}{gap}{any_}{{2}}{last}",
        f"{first}{any_}{{3}}(?:{gap}{any_}{{4}}){{3}}{gap}{any_}{last}",
        f"{first}(?:{gap}{any_}){{16}}{gap}{last}",
    ]
    return f"(?:{'|'.join(phones)}){_END}|{'|'.join(cards)}"


CUT = _cut()
"""What it looks for besides: as one pattern the two have no room in its memory, and it would look a hundred times as long."""
LONG = rf"(?:[{_ANY}][^{_ANY}]*){{11}}|{STRANGE}"
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
    text = _HOST.sub(_NOTHING_JOINS, text)
    loose = not any(sign in text for sign in _LISTED)  # numbers in a list are not to make one together, but as people cut them
    readings = {text, _HAN_DIGIT.sub(_NOTHING_JOINS, text)}  # of 王五13800138000 the 五 is a name
    return any(_holds_citizen(_digit_groups(one), code=code, cards=cards, loose=loose) for one in readings)


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
    plain = _plain(text).replace(",", " ")
    return re.sub(" +", " ", re.sub(r"[^0-9X ]", "|", plain))


def _plain(text: str) -> str:
    """Write a text with its digits as 0 to 9, the last sign of cards as X, blanks for signs of little weight, commas in lists."""

    def plain(sign: str) -> str:
        if sign in _HAN or (digit := unicodedata.digit(sign, None)) is not None:
            return _HAN.get(sign) or str(digit)
        if sign in _LAST:
            return "X"
        if sign in _LISTED:
            return ","
        return " " if sign in _BETWEEN or sign.isspace() or unicodedata.category(sign) in ("Zs", "Cf", "Pd") else sign

    return "".join(map(plain, text))


class _DigitGroup(NamedTuple):
    """A group of digits in a text, and what stands between it and the next one.

    joint: a blank for signs of little weight, else the one sign that stands there, however often; "" where several do.
    unit: the first sign after the group, but blanks; has_last: whether the last sign of a card follows.
    """

    digits: str
    joint: str
    unit: str
    has_last: bool


def _digit_groups(text: str) -> list[_DigitGroup]:
    """Cut a text into its groups of digits."""
    parts = []
    for found in _PARTS.finditer(_plain(text)):
        signs = set(found[2]) - {" "}
        joint = (signs.pop() if len(signs) == 1 else "") if signs else " "
        parts.append(_DigitGroup(found[1], joint, found[2].lstrip(" ")[:1], found[2].lstrip(" ,")[:1] == "X"))
    return parts


def _holds_citizen(parts: Sequence[_DigitGroup], *, code: bool, cards: bool, loose: bool) -> bool:
    """Say whether groups of digits, side by side, are a citizen's number: all of them, or some next to one another.

    Groups with a sign of weight between them are one, where no more follow by that sign: a list of more is a list, unless all of
    it is such numbers, or a group begins with a nought, as no number in a list does.
    """
    reached = set[tuple[int, str]]()
    for first in range(len(parts)):
        before = parts[first - 1].joint if first else ""
        groups, sign = list[str](), " "
        for last in range(first, len(parts)):
            groups.append(parts[last].digits)
            digits, after = "".join(groups), parts[last].joint if last + 1 < len(parts) else ""
            if len(digits) > _MOST:
                break
            alone = loose and sign == " " and " " not in (before, after)
            marked = [*groups[:-1], groups[-1] + "X"] if parts[last].has_last and len(digits) == _CARD_DIGITS - 1 else groups
            if _is_checked_card(marked, code=code, alone=alone, strict=sign not in " ,"):
                return True
            few = sign.isalpha() and len(groups) < _FEW
            if not few and (
                _is_old_card(groups, code=code) or (not cards and _is_mobile(groups, code=code, alone=alone, listed=sign != " "))
            ):
                begun = sign == " " or before != sign or (first, sign) in reached
                ended = sign == " " or (after != sign and not (sign.isalpha() and parts[last].unit == sign))
                if (begun and ended) or any(group[0] == "0" and len(group) >= _FEW for group in groups[1:]):
                    return True
                if begun:
                    reached.add((last + 1, sign))
            if not after or (sign := _sign_with(sign, after, len(groups))) == "":
                break
    return False


def _sign_with(sign: str, joint: str, count: int) -> str:
    """Give the sign of weight that stands between groups, with one more behind a joint; "" where they do not go together."""
    if sign == joint or (count == 1 and sign == " "):
        return joint
    return "," if {sign, joint} == {" ", ","} else ""


_CARD_DIGITS = 18
_MOST = 24
"""The digits of the longest number, with what may be dialled before it."""


def _is_mobile(groups: Sequence[str], *, code: bool, alone: bool, listed: bool) -> bool:
    """Say whether groups make a mobile number; where they are not all there is, they must be of the lengths that people write."""
    digits = "".join(groups)
    if len(groups) == 1 and (_MOBILE if code else _MOBILES).fullmatch(digits):
        return True
    found = (_MOBILE if code else _DIALLED).fullmatch(digits)
    if not found:
        return False
    before, lengths = len(digits) - 11, []
    for group in groups:
        lengths.append(max(0, len(group) - before))
        before = max(0, before - len(group))
    shape = tuple(filter(None, lengths))
    years = [bool(_YEAR.fullmatch(group)) for group in groups]
    if listed and len(shape) == 1:  # a sign of weight within what is dialled, and none in the number
        return False
    if (code and any(years)) or years[:2] == [True, True] or (listed and _CASE_YEAR.fullmatch(groups[1])):
        return False
    if shape == (3, 8) and groups[-1].startswith("20") and _day(groups[-1]):
        return False
    return shape in _SHAPES or (alone and not code and not any(years))


def _is_old_card(groups: Sequence[str], *, code: bool) -> bool:
    """Say whether groups make an identity-card number of 15 digits, which is none where an id may be one."""
    digits = "".join(groups)
    fits = not code and re.fullmatch(r"[1-8]\d{14}", digits) and tuple(map(len, groups)) in {(15,), (6, 6, 3), (6, 9)}
    return bool(fits) and _day(f"19{digits[6:12]}") is not None


def _is_checked_card(groups: Sequence[str], *, code: bool, alone: bool, strict: bool) -> bool:
    """Say whether groups make an identity-card number of 18 digits; alone in a text they may be cut anywhere."""
    digits = "".join(groups)
    if not re.fullmatch(r"[1-8]\d{16}[\dX]", digits):
        return False
    born = _day(digits[6:14])
    if not born or born > (ADULT[1] if code else date.today()):  # noqa: DTZ011 - a day is near enough
        return False
    cut = tuple(map(len, groups)) in _CARD_SHAPES if strict else _is_cut_as_cards(groups)
    is_cut = cut or (alone and not any(map(_YEAR.fullmatch, groups)))
    checked = _check_sign(digits) == digits[17] and is_cut
    return checked or (len(groups) == 1 and ADULT[0] <= born <= ADULT[1])


def _is_cut_as_cards(groups: Sequence[str]) -> bool:
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
