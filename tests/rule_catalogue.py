"""The catalogue of rules that real appraisal tables use, by number, and which of them are still waiting for their issue."""

RULES = tuple(f"R{number}" for number in range(1, 48))

PEOPLE, GRADES = "people over time", "grades and their ledger"
WAITING = {
    **dict.fromkeys(("R24", "R25", "R26", "R27", "R29", "R30", "R31", "R41", "R42", "R44"), PEOPLE),
    **dict.fromkeys(("R36", "R37", "R38"), GRADES),
}
"""Rules that the engine does not reckon yet, and what they wait for. Of R47 objection and undo wait too (people over time)."""
