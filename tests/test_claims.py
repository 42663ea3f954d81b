"""Claims held against their own numbers: every sum in the source documents comes out as it was reckoned by hand."""

# ruff: noqa: E501 - what is drawn stands on one line; Chinese counts double

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

import fengqiao_eval as fq
from fengqiao_eval.errors import InputError
from fengqiao_eval.validation.claims import (
    AnyClaim,
    Claims,
    FigureSpan,
    PrintedFigure,
    RateClaim,
    read_figure,
    whole_denominators,
    whole_numerators,
)
from fengqiao_eval.wording.numbers import round_half_up

SHIPPED = Path(__file__).parents[1] / "params" / "examples" / "claims.yaml"
quick = settings(max_examples=150, deadline=None, database=None)

VERDICTS = """
| source | claim                 | code          | reckoned                                                                            | would_fit                           |
| 达州   | 调解成功率            | disagrees     | 38 ÷ 46 = 82.61%                                                                    | 38 ÷ 41; 43 ÷ 46                    |
| 达州   | 一网考位次            | agrees        | 52 ÷ 496 = 10.48%                                                                   |                                     |
| 靖边   | 化解成功率            | disagrees     | 1964 ÷ 3112 = 63.11%                                                                | 1964 ÷ 1995–1996; 3061–3063 ÷ 3112  |
| 靖边   | 化解成功率同比        | ambiguous     | 98.4% ← 8% = 90.40% (in percentage points); 98.4% ← 8% = 91.11% (in per cent of what was) |                               |
| 靖边   | 安全感同比            | ambiguous     |                                                                                     |                                     |
| 靖边   | 满意度同比            | ambiguous     |                                                                                     |                                     |
| 靖边   | 刑事治安警情          | possible      | 刑事 = (-11.12% + 8.6%) ÷ (-12.8% + 8.6%) = 60%                                      |                                     |
| 靖边   | 吹哨与处置            | over          | 1300余 ÷ 1230余 = 105.69%                                                           |                                     |
| 靖边   | 视频防控网覆盖率      | contradictory |                                                                                     |                                     |
| 靖边   | 应覆盖的场所          | possible      |                                                                                     | 380 ÷ 473–477                       |
| 靖边   | 一村（格）一警        | reading       | 62 ÷ (19 + 178) = 0.31; (62 + 189) ÷ (19 + 178) = 1.27                              |                                     |
| 靖边   | 六十二名警力          | repeated      |                                                                                     |                                     |
| 靖边   | 五小警务              | possible      | 238 + 568 + 727 + 612 + 418 = 2,563                                                 |                                     |
| 甘肃   | 警务区                | agrees        | 6136 + 708 = 6,844                                                                  |                                     |
| 甘肃   | 实有人口              | disagrees     | 6844 × 4002 = 27,389,688                                                            |                                     |
| 甘肃   | 社区民警占县局警力    | derived       | 48% × 57% = 27.36%                                                                  |                                     |
| 甘肃   | 两个40%               | agrees        |                                                                                     |                                     |
| 甘肃   | 社区民警人数          | possible      | 6136 + 708 × 2 = 7,552                                                              |                                     |
| 甘肃   | 户长与公安化解的纠纷  | over          | 18万 ÷ 15.4万 = 116.88%                                                             |                                     |
| 甘肃   | 救助与服务            | over          | 600余万 ÷ 320万余 = 187.50%                                                         |                                     |
| 甘肃   | 户长人均化解          | possible      | 18万 ÷ 6.3万 = 2.86                                                                 |                                     |
| 甘肃   | 治安案件两年累计      | derived       | (1 - 17%)^2 - 1 = −31.11%                                                           |                                     |
| 甘肃   | 警情规范率            | uncheckable   |                                                                                     |                                     |
| 甘肃   | 要素录入率            | uncheckable   |                                                                                     |                                     |
| 永昌   | 化解率                | possible      |                                                                                     | 280余 ÷ 280–285                     |
| 永昌   | 警务区平均人口        | possible      | 9万余 ÷ 19 = 4,736.84                                                               |                                     |
| 调研   | 各数均为星号          | uncheckable   |                                                                                     |                                     |
| 大通   | 化解率（422起作化解） | possible      |                                                                                     | 422 ÷ 425                           |
| 大通   | 化解率（422起作受理） | possible      |                                                                                     | 419 ÷ 422                           |
| 侯马   | 发案数升降            | agrees        | 601 ÷ 906 - 1 = −33.66% (in per cent of what was)                                   |                                     |
"""


@pytest.fixture(scope="module")
def shipped():
    """Give the frame of the claims that are shipped."""
    return fq.claims_frame(SHIPPED, "en")


@pytest.mark.parametrize("line", VERDICTS.strip().splitlines()[1:], ids=lambda line: line.split("|")[2].strip())
def test_every_sum_of_the_sources_comes_out_as_reckoned_by_hand(line, shipped):
    """Each claim of the source documents has its verdict, its sums, and the whole numbers that would reproduce it."""
    source, claim, *expected = (cell.strip() for cell in line.strip("| \n").removesuffix("|").split("|"))
    expected += [""] * (3 - len(expected))
    row = shipped[(shipped["claim"] == claim) & shipped["source"].str.contains(source)].iloc[0]
    assert row[["code", "reckoned", "would_fit"]].tolist() == expected


def test_no_claim_of_the_sources_goes_untested(shipped):
    """As many claims are shipped as verdicts are drawn."""
    assert len(shipped) == len(VERDICTS.strip().splitlines()) - 1


def test_a_verdict_is_said_in_both_languages_and_how_far_a_claim_is_off(shipped):
    """The population of all zones is 9.56 % more than that of the province; the rates are off by points."""
    zh = fq.claims_frame(SHIPPED)
    assert zh.loc[0, ["verdict", "off"]].tolist() == ["不符", "−10.39 个百分点"]
    assert shipped.loc[0, ["verdict", "off"]].tolist() == ["does not agree", "−10.39 percentage points"]
    assert shipped.set_index("claim").loc["实有人口", "off"] == "+9.56%"
    assert shipped.set_index("claim").loc["一村（格）一警", "reproduced_by"] == "民警与辅警 ÷ 警务室与工作站"


def claim(kind, **given) -> AnyClaim:
    """Read one claim."""
    said = {"kind": kind, "title": "t", "source": "s", "sentence": "w"}
    return Claims.model_validate({"claims": [said | given]}).claims[0]


def verdict(kind, **given):
    """Give the verdict on one claim."""
    return claim(kind, **given).judge().verdict


FIGURES = """
| written   | value      | rounded                     | cut                        |
| 46        | 46         | 46 to 46                    | 46 to 46                   |
| 93%       | 0.93       | 0.925 below 0.935           | 0.93 below 0.94            |
| 98.40%    | 0.984      | 0.98395 below 0.98405       | 0.984 below 0.9841         |
| -8.6%     | -0.086     | above -0.0865 to -0.0855    | above -0.087 to -0.086     |
| 3‰        | 0.003      | 0.0025 below 0.0035         | 0.003 below 0.004          |
| 15.4万    | 154000     | 153500 below 154500         | 154000 below 155000        |
| 280余     | 280        | 280 below 290               | 280 below 290              |
| 7000多    | 7000       | 7000 below 8000             | 7000 below 8000            |
| 320万余   | 3200000    | 3200000 below 3300000       | 3200000 below 3300000      |
| 600余万   | 6000000    | 6000000 below 7000000       | 6000000 below 7000000      |
| 1.5万余   | 15000      | 15000 below 16000           | 15000 below 16000          |
| 98%以上   | 0.98       | 0.98 and more               | 0.98 and more              |
| 2亿以下   | 200000000  | 0 to 200000000              | 0 to 200000000             |
| 0%        | 0          | above -0.005 below 0.005    | above -0.01 below 0.01     |
"""


def bounds(span: FigureSpan) -> str:
    """Write a span as it is drawn."""
    low, high = (None if end is None else f"{float(end):.10g}" for end in (span.low, span.high))
    low = low if span.with_low else f"above {low}"
    return f"{low} and more" if high is None else f"{low} {'to' if span.with_high else 'below'} {high}"


@pytest.mark.parametrize("line", FIGURES.strip().splitlines()[1:])
def test_a_figure_stands_for_all_that_is_printed_so(line):
    """What is rounded half-up or cut to it, what words leave open, and of a whole count itself alone."""
    written, value, rounded, cut = (cell.strip() for cell in line.strip("| ").split("|"))
    figure = read_figure(written, signed=True)
    spans = (figure.rounded, figure.cut)
    assert (figure.value, *(bounds(span).replace("2e+08", "200000000") for span in spans)) == (Fraction(value), rounded, cut)


@pytest.mark.parametrize(
    "given",
    ["", "约46", "4 6", "-3", "1e5", "46\n", "４６", "9" * 16, "280余以上", "7多余", True, None, 4.5, [], {}, "=1+1", "%"],
)
def test_what_is_no_figure_is_refused(given):
    """Neither words, signs, full width, floats nor lists are guessed at."""
    with pytest.raises(PydanticCustomError, match="refused"):
        read_figure(given)


def test_the_one_of_several_denominators_that_reproduces_a_rate_is_named():
    """Of accepted, closed and due it is the closed ones; by rounding, not by cutting."""
    made = claim("rate", printed="93%", numerators={"settled": 38}, denominators={"accepted": 46, "closed": 41, "due": 43})
    found = made.judge()
    assert (found.verdict, [(one.names, one.way) for one in found.reckoned if one.way]) == (
        "reading",
        [("settled ÷ closed", "rounded")],
    )


def test_a_rate_that_was_cut_is_told_from_one_that_was_rounded(tmp_path):
    """38 of 41 is 92.68 per cent: printed as 92 it was cut, printed as 91 or 94 it is something else."""
    ways = {
        p: claim("rate", printed=p, numerators={"n": 38}, denominators={"d": 41}).judge().reckoned[0].way
        for p in ("91%", "92%", "93%", "94%")
    }
    assert ways == {"91%": "", "92%": "cut", "93%": "rounded", "94%": ""}
    (tmp_path / "c.yaml").write_text(
        "claims: [{title: t, source: s, sentence: w, kind: rate, printed: 92%, numerators: {n: 38}, denominators: {d: 41}}]",
        "utf-8",
    )
    assert fq.claims_frame(tmp_path / "c.yaml", "en").loc[0, "reproduced_by"] == "n ÷ d (cut, not rounded)"


def test_a_half_is_rounded_up():
    """One of eight, 12.5 per cent, is printed as 13; whoever prints 12 has cut it. A fall of a half goes down as far."""
    ways = {
        p: claim("rate", printed=p, numerators={"n": 1}, denominators={"d": 8}).judge().reckoned[0].way for p in ("12%", "13%")
    }
    assert ways == {"12%": "cut", "13%": "rounded"}
    falls = [claim("growth", of="count", before=8, after=7, printed=p).judge().reckoned[0].way for p in ("-12%", "-13%")]
    assert falls == ["cut", "rounded"]
    assert (whole_numerators(8, read_figure("13%")), whole_numerators(8, read_figure("12%"))) == ((1, 1), None)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [("-5个百分点", "possible"), ("-5.0%", "reading"), ("-5.6%", "reading"), ("-5%", "ambiguous"), ("-9%", "disagrees")],
)
def test_a_change_of_a_rate_may_be_meant_in_points_or_in_per_cent(printed, expected):
    """From 90.0 to 85.0 it fell by 5 points or, as both are rounded, by 5.45 to 5.66 per cent, which may be printed as 5."""
    assert verdict("growth", of="rate", before="90.0%", after="85.0%", printed=printed) == expected


OTHERS = """
| kind     | given                                                                                | verdict       |
| growth   | {of: rate, before: 100%, after: 92%, printed: -8%}                                   | ambiguous     |
| growth   | {of: rate, after: 92%, printed: -8个百分点}                                            | derived       |
| growth   | {of: count, before: 100, after: 69, printed: -17%, years: 2}                         | agrees        |
| growth   | {of: count, before: 100, after: 66, printed: -17%, years: 2}                         | disagrees     |
| growth   | {of: count, before: 0, after: 66, printed: 17%}                                      | uncheckable   |
| growth   | {of: count, before: "*", after: "*", printed: 17%}                                   | uncheckable   |
| growth   | {of: count, before: 906, after: 601, printed: -33.6%}                                | agrees        |
| growth   | {of: count, before: 906, after: 601, printed: -33.8%}                                | disagrees     |
| mixture  | {parts: {a: -12.8%, b: -8.6%}, printed: -13%}                                        | possible      |
| mixture  | {parts: {a: -12.8%, b: -8.6%}, printed: -14%}                                        | disagrees     |
| mixture  | {parts: {a: -12.8%, b: "*"}, printed: -13%}                                          | uncheckable   |
| sum      | {parts: {a: 55, b: 105, c: 1}, printed: 161}                                         | agrees        |
| sum      | {parts: {a: 79, b: 86, c: 4}, printed: 170}                                          | disagrees     |
| sum      | {parts: {a: 6136, b: 708}, times: {b: 3}, printed: 7000多, at_least: true}             | disagrees     |
| sum      | {parts: {a: 1, b: 2}}                                                                | derived       |
| within   | {part: 46, whole: 46}                                                                | agrees        |
| within   | {part: 280余, whole: 283}                                                            | possible      |
| within   | {part: 1, whole: 0}                                                                  | uncheckable   |
| standard | {figures: {a: 48%, b: 39.9%}, least: 40%}                                            | disagrees     |
| standard | {figures: {a: 40%以上}, least: 40%}                                                   | agrees        |
| standard | {figures: {a: 40%以上}, least: 41%}                                                   | possible      |
| standard | {figures: {a: 40%以下}, least: 40%}                                                   | possible      |
| standard | {figures: {a: 40%以下}, least: 41%}                                                   | disagrees     |
| standard | {figures: {a: 40余}, least: 45}                                                       | possible      |
| same     | {figures: {a: 80%, b: 80.4%, c: 80.44%}}                                             | agrees        |
| repeated | {figures: {a: 62, b: 63}}                                                            | agrees        |
| product  | {factors: {a: 6844, b: 4002}, printed: 2739万}                                       | agrees        |
| rate     | {numerators: {a: 1}, denominators: {b: 0}, printed: 1%}                              | uncheckable   |
| rate     | {numerators: {a: 18万}, denominators: {b: 6.3万}, between: [2.9, 24]}                 | possible      |
| rate     | {numerators: {a: 18万}, denominators: {b: 6.3万}, between: [4, 24]}                   | disagrees     |
| product  | {factors: {a: 0, b: 48%}, printed: 0}                                                | agrees        |
| rate     | {numerators: {a: 0}, denominators: {b: 6.3万}, between: [0, 0]}                       | possible      |
| rate     | {numerators: {a: 97}, printed: 93.25%}                                               | disagrees     |
"""

ENDS = """
| kind    | given                                                                      | verdict     | why                                     |
| growth  | {of: count, before: 5, after: 0, printed: -100%, years: 2}                 | agrees      | all is gone, and nothing of nothing     |
| growth  | {of: count, before: 5, after: 0, printed: -100%}                           | agrees      | all is gone                             |
| growth  | {of: count, before: 1000000, after: 1, printed: -100%, years: 2}           | agrees      | a thousandth each year                  |
| growth  | {of: count, before: 5, after: 1, printed: -100%, years: 2}                 | disagrees   | more is left than can be                |
| growth  | {of: count, before: 5, after: 0, printed: -99%, years: 2}                  | disagrees   | a little is left of it                  |
| growth  | {of: count, before: 5, after: 0, printed: -300%, years: 2}                 | disagrees   | nothing falls by more than all of it    |
| growth  | {of: count, before: 5, printed: -300%}                                     | uncheckable | nothing falls by more than all of it    |
| growth  | {of: count, before: 5, after: 0, printed: -90%以上, years: 2}              | agrees      | all is more than nine tenths            |
| growth  | {of: count, before: 1000, after: 996, printed: 0%}                         | agrees      | a fall of 0.4 % is printed as none      |
| growth  | {of: count, before: 1000, after: 995, printed: 0%}                         | agrees      | 0.5 % too where it is cut               |
| growth  | {of: count, before: 1000, after: 990, printed: 0%}                         | disagrees   | 1 % is 1 %                              |
| growth  | {of: rate, before: 0%, after: 0%, printed: 0个百分点}                      | possible    | both may be a little more               |
| rate    | {numerators: {a: 0}, denominators: {b: 9}, printed: 0%}                    | agrees      | none of nine                            |
| rate    | {numerators: {a: 9}, denominators: {b: 9}, printed: 100%}                  | agrees      | nine of nine                            |
| rate    | {numerators: {a: 5}, denominators: {b: 2以上}, printed: 0}                 | disagrees   | five are five among ever so many        |
| rate    | {numerators: {a: 5}, denominators: {b: 2以上}, printed: 0%}                | possible    | of ever so many five may be so few      |
| product | {factors: {a: 0%, b: 0%}, printed: 0}                                      | possible    | each may be 0                           |
| product | {factors: {a: 0, b: 2以上}, printed: 5}                                    | disagrees   | nothing, however many times             |
| within  | {part: 0%, whole: 0.4%}                                                    | possible    | as both are rounded                     |
| same    | {figures: {a: 0%, b: 0}}                                                   | agrees      | a share of 0 may be 0                   |
| same    | {figures: {a: 280余, b: 290}}                                              | contradictory | 290 is not 280 and some               |
| same    | {figures: {a: 280余, b: 285, c: 2以上, d: 285以下}}                        | agrees      | 285                                     |
| same    | {figures: {a: 280余, b: 285以上, c: 284以下}}                              | contradictory | no number is both                     |
"""

GROWTH_OF_RATES = """
| kind    | given                                                       | verdict     | why                                                  |
| growth  | {of: rate, before: 40%, after: 88%, printed: 120%}          | reading     | it rose by 120 % of what it was, and by 48 points    |
| growth  | {of: rate, after: 88%, printed: 120%}                       | derived     | it was 40 %; no share lay 120 points lower           |
| growth  | {of: rate, before: 40%, printed: 120%}                      | derived     | it is 88 %; no share lies 120 points higher          |
| growth  | {of: rate, before: 60%, printed: 120%}                      | disagrees   | 132 % is no share, nor is 180 %                      |
| growth  | {of: rate, before: 45%, printed: 122%}                      | derived     | 99.9 % is                                            |
| growth  | {of: rate, printed: 120%}                                   | possible    | in per cent of what was alone                        |
| growth  | {of: rate, printed: 100%}                                   | ambiguous   | from nothing to all, or doubled                      |
| growth  | {of: rate, printed: -120%}                                  | disagrees   | nothing falls by more than all, in neither reading   |
| growth  | {of: rate, printed: 120个百分点}                            | disagrees   | no share has so many points                          |
| growth  | {of: rate, after: 88%, printed: 120个百分点}                | disagrees   | it would have been less than nothing                 |
| growth  | {of: rate, after: 95%, printed: -8%}                        | disagrees   | it would have been more than all                     |
| growth  | {of: rate, after: 92.4%, printed: -8%}                      | ambiguous   | as 8 % may be 7.5                                    |
| growth  | {of: rate, before: 12.5, printed: 120%}                     | ambiguous   | without a sign it is no share                        |
| growth  | {of: rate, before: 60%, printed: 120%, years: 2}            | disagrees   | 290 % is no share                                    |
| growth  | {of: rate, before: 40%, after: 88%, printed: 1.2倍}         | possible    | a rise by 1.2 times is one of 120 %                  |
| growth  | {of: count, before: 100, after: 220, printed: 120%}         | agrees      | of a count too                                       |
| growth  | {of: count, before: 100, after: 220, printed: 1.2倍}        | agrees      | and in times                                         |
"""


@pytest.mark.parametrize(
    "line", [*OTHERS.strip().splitlines()[1:], *ENDS.strip().splitlines()[1:], *GROWTH_OF_RATES.strip().splitlines()[1:]]
)
def test_each_kind_of_claim_holds_or_does_not(line, tmp_path):
    """What is printed is reproduced, can hold, fails, or cannot be checked."""
    kind, given, expected, *_ = (cell.strip() for cell in line.strip("| ").split("|"))
    (tmp_path / "c.yaml").write_text(f"claims: [{{title: t, source: s, sentence: w, kind: {kind}, {given[1:-1]}}}]", "utf-8")
    assert fq.claims_frame(tmp_path / "c.yaml")["code"].tolist() == [expected]


@quick
@given(d=st.integers(1, 10**6), share=st.fractions(0, 1), decimals=st.integers(0, 4))
def test_a_rate_printed_from_a_denominator_is_reproduced_by_it(d, share, decimals):
    """Whatever n and d, the rounded rate agrees with d, and n and d are among the whole numbers that fit."""
    n = int(share * d)
    printed = f"{round_half_up(Fraction(100 * n, d), decimals):f}%"
    assert verdict("rate", printed=printed, numerators={"n": n}, denominators={"d": d}) == "agrees"
    below, above = whole_denominators(n, read_figure(printed)), whole_numerators(d, read_figure(printed))
    assert below[0] <= d <= (below[1] or d)
    assert above[0] <= n <= (above[1] if above[1] is not None else n)


@quick
@given(n=st.integers(1, 500), tenths=st.integers(1, 1000))
def test_the_whole_numbers_that_fit_are_all_there_are(n, tenths):
    """Inside the ends every number reproduces the rate, and the next on either side does not."""
    printed = read_figure(f"{Decimal(tenths) / 10:.1f}%")

    def fits(d: int) -> bool:
        return d >= n and round_half_up(Fraction(100 * n, d), 1) == Decimal(tenths) / 10

    found = whole_denominators(n, printed)
    near = int(n * 1000 / tenths)
    around = [d for d in range(max(1, near - 2), near + 3) if fits(d)]
    assume(found or around)
    assert found is not None, f"none was found, but {around}"
    least, most = found
    assert most is not None
    assert [fits(d) for d in (least, most, least - 1, most + 1)] == [True, True, False, False]


@quick
@given(before=st.integers(1, 10**6), after=st.integers(0, 10**6), decimals=st.integers(0, 3))
def test_a_growth_printed_from_two_counts_agrees_with_them(before, after, decimals):
    """The amount of the change is rounded half-up, whether it rises or falls."""
    change = 100 * Fraction(after - before, before)
    printed = f"{'-' if change < 0 else ''}{round_half_up(abs(change), decimals):f}%"
    assert verdict("growth", of="count", before=before, after=after, printed=printed) == "agrees"


def test_nothing_is_rounded_on_the_way():
    """Numbers that no float tells apart are told apart: one in 10^15 is not printed as 0, nor as what it is not."""
    almost = claim("rate", printed="50.0000000000%", numerators={"n": 499999999999999}, denominators={"d": 999999999999999})
    assert almost.judge().verdict == "agrees"
    assert verdict("sum", parts={"a": 999999999999999, "b": 1}, printed="1000万") == "disagrees"
    assert isinstance(almost, RateClaim)
    assert isinstance(almost.printed, PrintedFigure)


def test_every_fault_of_a_document_is_told_at_its_line(tmp_path):
    """What is no figure, no part, no change, no kind and no key: all in one go, with its line."""
    (tmp_path / "c.yaml").write_text(
        """claims:
  - {title: t, source: s, sentence: w, kind: rate, numerators: {a: about 46}, denominators: {b: -3}, printed: 93%}
  - {title: t, source: s, sentence: w, kind: sum, parts: {a: 1}, times: {b: 2}, printed: 1}
  - {title: t, source: s, sentence: w, kind: growth, of: count, printed: 8个百分点}
  - {title: t, source: s, sentence: w, kind: guess}
  - {title: t, source: s, sentence: w, kind: within, part: 1, whole: 2, printed: 50%}
  - {title: t, source: s, sentence: w, kind: rate, numerators: {a: 1}, printed: 1%, between: [1, 2]}
  - {title: t, source: s, sentence: w, kind: rate, numerators: {a: 1}, denominators: {b: 1}, between: [2, 1]}
""",
        "utf-8",
    )
    with pytest.raises(InputError) as refused:
        fq.claims_frame(tmp_path / "c.yaml")
    assert sorted((fault.file, fault.rule) for fault in refused.value.faults) == [
        ("c.yaml:2", "claims.figure"),
        ("c.yaml:2", "claims.figure"),
        ("c.yaml:3", "claims.times"),
        ("c.yaml:4", "claims.change"),
        ("c.yaml:5", "document.value"),
        ("c.yaml:6", "document.unknown_key"),
        ("c.yaml:7", "claims.both"),
        ("c.yaml:8", "claims.between"),
    ]
    said = [fault.text("en") for fault in refused.value.faults]
    assert any("“about 46” is no figure" in one for one in said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("kind: same, figures: {MANY}", "figures [document.value]"),
        ("kind: repeated, figures: {MANY}", "figures [document.value]"),
        ("kind: sum, parts: {MANY}, printed: 1", "parts [document.value]"),
        ("kind: sum, parts: {a: 1}, times: {MANY}", "times [document.value]"),
        ("kind: standard, figures: {MANY}, least: 1", "figures [document.value]"),
        ("kind: mixture, parts: {MANY}, printed: 1%", "parts [document.value]"),
        ("kind: rate, numerators: {MANY}, denominators: {b: 1}", "numerators [document.value]"),
        ("kind: rate, numerators: {a: 1}, denominators: {MANY}", "denominators [document.value]"),
        ("kind: rate, numerators: {a: [LIST]}, denominators: {b: 1}", "numerators.a [document.value]"),
        (
            "kind: rate, numerators: {SOME}, denominators: {SOME}",
            "[claims.pairs] numerators and denominators make 225 pairs, and 200",
        ),
    ],
)
def test_a_claim_of_more_figures_than_anybody_prints_is_refused(given, said, tmp_path):
    """As many as 200 figures stand in one place, and as many pairs are divided: a line of few signs asks for no hour of sums."""
    many, some = (", ".join(f"n{i}: 7" for i in range(n)) for n in (201, 15))
    given = given.replace("MANY", many).replace("SOME", some).replace("LIST", ", ".join("7" * 201))
    (tmp_path / "c.yaml").write_text(f"claims:\n- {{title: t, source: s, sentence: w, {given}}}\n", "utf-8")
    with pytest.raises(InputError) as refused:
        fq.claims_frame(tmp_path / "c.yaml")
    text = refused.value.faults[0].text("en")
    assert said in text
    assert text.endswith("wanted: […] ≤ 200") or "[claims.pairs]" in text


def test_a_document_holds_a_thousand_claims_at_most():
    """The thousand and first is refused."""
    one = {"kind": "within", "part": 1, "whole": 2, "title": "t", "source": "s", "sentence": "w"}
    assert len(Claims.model_validate({"claims": [one] * 1000}).claims) == 1000
    with pytest.raises(ValidationError, match="at most 1000"):
        Claims.model_validate({"claims": [one] * 1001})
