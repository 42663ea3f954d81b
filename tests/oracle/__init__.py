"""The specification as a program: from records to places a second time, plain and slow.

Every definition of docs/GLOSSARY.md is written out here as it reads: rows are dicts, numbers are whole or fractions, and sums are
loops. Nothing of fengqiao_eval is imported, and nothing is quick. A word of the scheme language that is not written out here
raises NotImplementedError: the oracle never guesses. tests/test_oracle.py holds every cell of the frames of a run against it.

Read it in this order:

- `records`: the tables as rows, what was known at a moment, periods;
- `units`: who is in force, who hangs on whom, whose record it is, days served;
- `scheme`: the one table as it is written, numbers as fractions;
- `measures`: rows to numerator, denominator, value, n and status;
- `points`: values held against their references, then made points by rules;
- `totals`: points weighed and added up, limits, lines outside the hundred, means of totals;
- `places`: coverage, places, grades and flags;
- `frames`: all of it as the frames of a run.
"""
