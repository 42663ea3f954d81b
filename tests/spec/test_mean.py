"""A mean: a column, or the minutes between two times, over the rows that have it."""

MINUTES = "{kind: mean, table: cases, date: received_at, of: {minutes: [received_at, arrived_at]}}"
CASES = """
    | case_id | unit_id | received_at      | arrived_at       | score |
    | K1      | S1      | 2024-10-05 08:00 | 2024-10-05 08:10 | 4     |
    | K2      | S1      | 2024-10-05 23:55 | 2024-10-06 00:15 |       |
    | K3      | S1      | 2024-10-05 08:00 |                  | 5     |
"""


def test_minutes_between_two_times(count):
    """10 and 20 minutes, one across midnight, are 15 on average; who never arrived is left out."""
    found = count(MINUTES, cases=CASES, unit="分钟").frame.loc["S1"]
    assert (found["counted"], found["value"], found["n"]) == ("30/2", 15, 2)


def test_seconds_add_up_to_whole_minutes(count):
    """Three times twenty seconds are one minute, and their mean is a third of one, as is that of a minute and two noughts."""
    cases = """
        | case_id | unit_id | received_at         | arrived_at          |
        | K1      | S1      | 2024-10-05 08:00:00 | 2024-10-05 08:00:20 |
        | K2      | S1      | 2024-10-06 08:00:00 | 2024-10-06 08:00:20 |
        | K3      | S1      | 2024-10-07 08:00:00 | 2024-10-07 08:00:20 |
        | K4      | S2      | 2024-10-05 08:00:00 | 2024-10-05 08:01:00 |
        | K5      | S2      | 2024-10-06 08:00:00 | 2024-10-06 08:00:00 |
        | K6      | S2      | 2024-10-07 08:00:00 | 2024-10-07 08:00:00 |
    """
    frame = count(MINUTES, cases=cases, unit="分钟").frame
    assert frame.loc[["S1", "S2"], "counted"].tolist() == ["1/3", "1/3"]
    assert frame.loc[["S1", "S2"], "value"].tolist() == [1 / 3, 1 / 3]


def test_mean_of_a_column(counted):
    """Scores of 4 and 5 add up to 9 of 2 rows; the empty one is no zero."""
    assert counted("{kind: mean, table: cases, date: received_at, of: score}", cases=CASES) == "9/2"


def test_the_county_weighs_every_record_alike(count):
    """The county's mean is that of all its records: (10 + 20 + 60) / 3, not the mean of 15 and 60."""
    cases = CASES + "| K4 | S2 | 2024-10-05 08:00 | 2024-10-05 09:00 | |"
    assert count(MINUTES, cases=cases, unit="分钟").frame.loc["X", "value"] == 30
