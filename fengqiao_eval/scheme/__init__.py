"""What counts: the one table as declarations, read and checked."""
