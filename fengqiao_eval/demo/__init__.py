"""An invented province to try everything on; none of its records is real."""
