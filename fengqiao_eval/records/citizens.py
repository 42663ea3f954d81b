"""Columns that would hold members of the public, by their names."""

import re

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


def is_of_citizens(column: str, table: Table) -> bool:
    """Say whether a column would hold members of the public, by its name.

    >>> from fengqiao_eval.records.tables import TABLES
    >>> is_of_citizens("报警人电话", TABLES["cases"]), is_of_citizens("name", TABLES["units"])
    (True, False)
    """
    only = table.name in (*EVENTS, "notices") and table.column(column) is None
    return bool(CITIZEN.search(column) or (only and CITIZEN_OF_EVENTS.search(column)))
