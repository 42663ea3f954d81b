"""What happened: the record tables, where they lie, what is wrong with them, and the words in which they are queried."""
