"""A run: its parameters, its cards by papermill, its folder, and what explains it."""
