"""What people read on a screen or a sheet: pages, figures, plain text."""
