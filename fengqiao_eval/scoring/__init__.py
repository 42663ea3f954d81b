"""How it counts: numbers only, no files, no pictures."""
