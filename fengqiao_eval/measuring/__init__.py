"""Measures: records counted for every unit, indicator and period, and the way back to the records."""
