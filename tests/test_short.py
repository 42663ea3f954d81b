"""The short card: one page to sign, which says as plainly as the card what is missing."""

import re
from dataclasses import replace

import pytest

from fengqiao_eval.pages import short
from fengqiao_eval.results.card import card
from fengqiao_eval.results.firmness import Margin
from fengqiao_eval.results.run import open_run
from runs_fixture import OWN, UNRANKED, write


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Write and open a run once."""
    return open_run(write(tmp_path_factory.mktemp("runs") / "demo"))


def words(page):
    """Read a page as its words."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.split("</style>")[1]).split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_holds_what_is_signed(run, lang):
    """Total, place, state, dimensions, the worst losses and three dated lines to sign stand on it, and nothing that runs."""
    of, page = card(run, OWN, lang), short.page(run, OWN, lang)
    said = words(page)
    worst = max((line for line in of.indicators if line.scored), key=lambda line: line.lost)
    assert all(word in said for word in (of.identity.name, f"{of.standing.total:.2f}", worst.label, of.dimensions[0].label))
    assert {"zh": "草稿", "en": "Draft"}[lang] in said
    assert said.count({"zh": "日期", "en": "Date"}[lang]) == 3
    assert not re.search(r"<script|href=\"http|src=", page)


def test_a_card_in_part_or_unscored_says_so(run):
    """What has no total and no place has none here, and the reason stands beside; no part looks like a whole."""
    said = words(short.page(run, UNRANKED))
    assert "未参加排名" in said
    assert card(run, UNRANKED).standing.reasons[0] in said


def test_what_finds_no_room_is_counted(run, monkeypatch):
    """Of forty caveats some stand there, and how many more the card says is told, with its file."""
    many = replace(card(run, OWN), unknowns=tuple(f"说明{n}" for n in range(40)))
    monkeypatch.setattr(short, "card", lambda *_: many)
    said = words(short.page(run, OWN))
    shown = len(re.findall(r"说明\d+", said))
    assert 0 < shown < 40
    assert f"另有{40 - shown}项，见全卡 {OWN}.html" in said


def test_a_person_signs_in_person(run):
    """An officer's sheet is received by that person."""
    assert "签收（本人签名）" in words(short.page(run, "P0001"))
    assert "签收（被考评单位，签名）" in words(short.page(run, OWN))


def test_the_range_stands_beside_the_place_and_one_sentence_below(run, monkeypatch):
    """A class without an order says so in both; chances and pairs stay on the full card."""
    firm = Margin(low=3, high=15, low_w=2, high_w=16, error=5.3, rankable=0.43, grade=0.72, named=0.1, award=2)
    of = card(run, OWN)
    monkeypatch.setattr(short, "card", lambda *_: replace(of, standing=replace(of.standing, margin=firm)))
    said = words(short.page(run, OWN))
    assert "九成可能：第3–15名 这一类排不出先后" in said
    assert "这一类排不出先后：分差里只有43%是真差别，其余是偶然。" in said
    assert not re.search("权重若也有出入|等次确为|评优名单", said)
