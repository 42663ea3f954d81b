"""A run from its parameters to its folder: locked, logged, resumable, explained."""
