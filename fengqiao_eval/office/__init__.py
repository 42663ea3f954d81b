"""Files as offices have them: where a table lies in a sheet, what its cells say, and a receipt for every row of it."""
