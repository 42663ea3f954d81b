"""What people open in Excel: the results, the proof, and the one table both ways."""
