"""Whose a row is: a notice's unit or officer, the persons credited with a record, the visits paid to a duty's subject."""

import pandas as pd

from fengqiao_eval.records.counting import Cell, Rows, constant, exact, small

UPHELD = "upheld"
"""The status of a notice that counts; what is only proposed, or withdrawn, is told and not counted."""


def upheld(rows: Rows) -> Rows:
    """Keep the notices that count, with a unit_id and an officer_id each, empty where the table has no such column."""
    rows = rows.filter(rows.status == UPHELD)
    return rows.mutate(unit_id=_id(rows, "unit_id"), officer_id=_id(rows, "officer_id"))


def _id(rows: Rows, column: str) -> Cell:
    return rows[column] if column in rows.columns else constant(None, "string")


def nobodys(notices: Rows) -> Cell:
    """Say of each notice that counts whether it names neither unit nor officer."""
    return notices.unit_id.isnull() & notices.officer_id.isnull()


def housed(notices: Rows, homes: pd.DataFrame) -> Rows:
    """Give each notice that counts the unit it counts for: the one it names, else the home of its officer.

    homes: home_of (an officer) and home (the unit they belong to). A notice that names nobody is left out; one whose officer
    has no home keeps the officer in the unit's place, so that an unknown id is told as any other.
    """
    found = notices.filter(~nobodys(notices)).left_join(small(homes), [("officer_id", "home_of")])
    return found.mutate(unit_id=found.unit_id.fill_null(found.home.fill_null(found.officer_id))).drop("home_of", "home")


def credited(rows: Rows, key: str, credit_rows: Rows, table: str) -> Rows:
    """Give each row once per person with a credit in it, with `share_`; rows without credits stay with their officer.

    A credit without a share is an equal part of the record. Shares have the six places that sums of them have.
    """
    mine = credit_rows.filter(credit_rows.table == table)
    equal = 1.0 / mine.count().over(group_by="record_id").cast("float64")
    given = mine.share.cast("float64").fill_null(equal) if "share" in mine.columns else equal
    mine = mine.select(credited_record="record_id", credited_officer="officer_id", credited_share=exact(given))
    rows = rows.left_join(mine, rows[key] == mine.credited_record)
    own = rows.officer_id if "officer_id" in rows.columns else constant(None, "string")
    return rows.mutate(officer_id=rows.credited_officer.fill_null(own), share_=rows.credited_share.fill_null(1.0))


def with_visits(duties: Rows, visits: Rows, wanted: Cell) -> Rows:
    """Add `visits_made` to duties: the visits paid to the duty's subject from due_from to due_at; 0 where they are not wanted.

    Few of all duties are looked at so, and to look for the visits of every other would cost most of the memory of a run.
    """
    seen = visits.select(visited_subject="subject_id", visited_at="visited_at")
    asked = duties.filter(wanted).select(who_="subject_id", since_="due_from", until_="due_at").distinct()
    joined = asked.inner_join(
        seen, [asked.who_ == seen.visited_subject, seen.visited_at >= asked.since_, seen.visited_at <= asked.until_]
    )
    made = joined.group_by("who_", "since_", "until_").agg(visits_counted=joined.count())
    mine = [duties.subject_id == made.who_, duties.due_from == made.since_, duties.due_at == made.until_]
    found = duties.left_join(made, mine)
    return found.mutate(visits_made=found.visits_counted.fill_null(0)).drop("who_", "since_", "until_", "visits_counted")
