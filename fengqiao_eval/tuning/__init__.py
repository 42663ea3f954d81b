"""The tuning screen: weights moved by hand, consequences seen at once, kept as an override file or dropped."""
