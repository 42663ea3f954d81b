"""A folder read step by step for a notebook: frames and the draft, and nothing is written."""

from pathlib import Path

import pytest

import fengqiao_eval as fq
from test_draft import HEAD, UNITS, workbook


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Lay a roster and calls, one of an id that lost its noughts, and a sum below them."""
    monkeypatch.chdir(tmp_path)
    workbook("数据/名册.xlsx", UNITS)
    workbook(
        "数据/接处警.xlsx",
        [["接处警"], HEAD, ["1", 3, "2024-10-05 08:00", ""], ["2", "014", "2024.10.6", ""], ["合计", "", "2", ""]],
    )


def test_a_folder_is_read_step_by_step():
    """Files, receipts, ids, tables: each a frame with Chinese headings; the text is what draft would write."""
    seen = fq.read_folder("数据")
    assert seen.files["表"].tolist() == ["单位", "警情案件"]
    receipt = seen.receipts.set_index("文件").loc["接处警.xlsx:Sheet1"]
    assert (receipt["行数"], receipt["读入"], receipt["合计"], receipt["标题和表头"]) == (5, 2, 1, 2)
    ids = seen.ids.set_index(["表", "列"]).loc[("警情案件", "unit_id")]
    assert (ids["照原样对上"], ids["修复"]) == (1, 1)
    assert seen.tables["警情案件"]["unit_id"].tolist() == ["003", "014"]
    assert "records: 数据\n" in seen.text
    assert seen.faults.empty
    assert sorted(path.name for path in Path().iterdir()) == ["数据"]


def test_in_english():
    """The same in the other language, and a fault is a row."""
    workbook("数据/接处警.xlsx", [HEAD, ["1", "003", "gestern", ""]])
    seen = fq.read_folder("数据", lang="en")
    assert seen.files["table"].tolist() == ["单位", "警情案件"]
    assert "cases.received_at" in seen.faults["fault"].iloc[0]


def test_what_citizens_are_called_is_not_shown():
    """Codes of subjects and sentences are in no frame."""
    workbook(
        "数据/走访.xlsx",
        [["走访编号", "单位编号", "走访时间", "对象编码", "事由"], ["V1", "003", "2024-10-05", "H77", "独居老人"]],
    )
    assert not {"subject_id", "purpose"} & set(fq.read_folder("数据").tables["走访"].columns)
