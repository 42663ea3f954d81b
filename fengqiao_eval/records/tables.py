"""The record tables as one declaration: columns, types, meaning and rules (names fixed by the design)."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "time", "date", "number", "whole", "flag"]


@dataclass(frozen=True)
class Column:
    """One column: its name, type, meaning in Chinese, and whether a table may lack it.

    `fact` marks a time at which something came true: dated after as_of it has not happened yet. `since` names the time before
    which that cannot be. `due` marks a deadline: what happens before it is early, and no stretch of time begins with it.
    `default` fills empty cells; `words` lists the only values allowed, `least` and `most` bound them.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    fact: bool = False
    default: float | None = None
    since: str = ""
    due: bool = False
    words: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Table:
    """One record table: what a row is, the column that identifies it, and its columns."""

    name: str
    label: str
    key: str
    own_date: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """Find a declared column; other columns are welcome and read as text or as the file types them."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def required(self) -> tuple[str, ...]:
        """Name the columns no table of this name may lack."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def facts(self) -> tuple[str, ...]:
        """Name the times that may not have come yet."""
        return tuple(column.name for column in self.columns if column.fact)


def _required_column(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, meaning, required=True)


_OFFICER = Column("officer_id", "text", "承办人编号")


_RECORDED = Column("recorded_at", "time", "录入时间")


_SUBJECT = Column("subject_id", "text", "对象编码（绝非姓名）")


PERSONS = ("officer_id", "entered_by", "checked_by")
"""The columns of records that hold persons of the service: who they are stands nowhere but among officers."""


EVENTS = ("cases", "visits", "disputes", "surveys", "duties")
"""The tables whose rows are counted for a unit and credited to officers."""


_DECLARED = (
    Table("units", "单位", "unit_id", "", (
        _required_column("unit_id", "text", "单位编号，文本：'003' 不是 '3'"), _required_column("name", "text", "名称"),
        _required_column("level", "text", "层级"), Column("parent_id", "text", "上级编号，最上级为空"),
        Column("peer_class", "text", "类别"), Column("residents", "whole", "实有人口", least=0), Column("households", "whole", "户数", least=0),
        Column("valid_from", "date", "启用日"), Column("valid_to", "date", "撤销日（含当日）"), Column("successor_id", "text", "并入单位"),
    )),
    Table("postings", "任职", "", "from_date", (
        _required_column("officer_id", "text", "人员编号"), _required_column("unit_id", "text", "任职单位"), _required_column("from_date", "date", "到任日"),
        Column("to_date", "date", "离任日（含当日）"), Column("role", "text", "岗位：民警、辅警、网格员"),
        Column("share", "number", "投入比例，0 至 1", default=1, least=0, most=1), Column("coefficient", "number", "系数", default=1, least=0),
    )),
    Table("cases", "警情案件", "case_id", "received_at", (
        _required_column("case_id", "text", "编号"), _required_column("unit_id", "text", "单位"), _required_column("received_at", "time", "接报时间"), _OFFICER,
        Column("category", "text", "类别"), Column("tier", "text", "等级"), _RECORDED,
        Column("arrived_at", "time", "到场时间", fact=True, since="received_at"), Column("due_at", "time", "办理期限", due=True), Column("closed_at", "time", "办结时间", fact=True, since="received_at"),
        Column("status", "text", "状态"), Column("elements_required", "whole", "应填要素数", least=0), Column("elements_filled", "whole", "已填要素数", least=0),
        Column("audited", "flag", "是否抽查"), Column("passed", "flag", "抽查是否合格"),
    )),
    Table("visits", "走访", "visit_id", "visited_at", (
        _required_column("visit_id", "text", "编号"), _required_column("unit_id", "text", "单位"), _required_column("visited_at", "time", "走访时间"), _OFFICER, _SUBJECT,
        Column("purpose", "text", "事由"), Column("verified", "flag", "核验结果：真实为是，空为未抽查"), _RECORDED,
    )),
    Table("disputes", "矛盾纠纷", "dispute_id", "received_at", (
        _required_column("dispute_id", "text", "编号"), _required_column("unit_id", "text", "单位"), _required_column("received_at", "time", "受理时间"), _OFFICER,
        Column("tier", "text", "预警颜色", words=("blue", "yellow", "red")), Column("due_at", "time", "化解期限", due=True),
        Column("resolved_at", "time", "化解时间", fact=True, since="received_at"), Column("outcome", "text", "化解方式"), Column("performed", "flag", "协议是否履行"),
        Column("recurred_at", "time", "复发时间", fact=True, since="received_at"), Column("escalated", "flag", "是否激化"), _RECORDED,
    )),
    Table("surveys", "群众评价", "survey_id", "asked_at", (
        _required_column("survey_id", "text", "编号"), _required_column("unit_id", "text", "单位"), _required_column("asked_at", "time", "询问时间"), _OFFICER,
        Column("channel", "text", "渠道"), Column("answer", "text", "回答，空为已问未答"), Column("score", "number", "评分"), _RECORDED,
    )),
    Table("duties", "应办事项", "duty_id", "due_at", (
        _required_column("duty_id", "text", "编号"), _required_column("unit_id", "text", "单位"), _required_column("kind", "text", "事项:visit、revisit、reply、record、briefing 等"),
        Column("due_at", "time", "期限", required=True, due=True), Column("due_from", "time", "起始时间"), _OFFICER, _SUBJECT, Column("class", "text", "对象类别"),
        Column("times", "whole", "应办次数", default=1, least=0), Column("done_at", "time", "完成时间", fact=True), _RECORDED,
    )),
    Table("credits", "协作份额", "", "", (
        Column("table", "text", "所在表", required=True, words=(*EVENTS, "notices")), _required_column("record_id", "text", "记录编号"), _required_column("officer_id", "text", "人员编号"),
        Column("role", "text", "作用"), Column("share", "number", "份额，0 至 1", least=0, most=1),
    )),
    Table("notices", "通报", "notice_id", "happened_on", (
        _required_column("notice_id", "text", "编号"), _required_column("happened_on", "time", "发生日期"), Column("unit_id", "text", "单位"), _OFFICER,
        _required_column("code", "text", "事项代码"), Column("matter", "text", "同一事项的编号"), Column("value", "number", "数值"),
        Column("reason", "text", "事由"), Column("source", "text", "依据"),
        Column("entered_by", "text", "录入人"), Column("checked_by", "text", "审核人"),
        Column("status", "text", "状态，只有 upheld 计", required=True, words=("proposed", "upheld", "withdrawn")), _RECORDED,
    )),
    Table("figures", "外部数据", "", "", (
        _required_column("unit_id", "text", "单位"), _required_column("indicator", "text", "指标"), _required_column("period", "text", "期间，如 2024Q4"),
        Column("numerator", "number", "分子"), Column("denominator", "number", "分母", least=0), Column("value", "number", "数值"),
        Column("n", "whole", "样本量", least=0), Column("design_effect", "number", "设计效应", default=1, least=0), Column("source", "text", "出处"),
    )),
)  # fmt: skip


TABLES = {table.name: table for table in _DECLARED}
"""Every record table by name, in the order of the design."""
