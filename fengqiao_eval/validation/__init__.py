"""Records held against rules before they are scored: what each step tested, what failed, and what the score does about it."""
