"""What happened: the record tables, where they lie, what is wrong with them, and how they are counted."""
