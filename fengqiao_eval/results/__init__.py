"""A finished run read back: standings, cards, caveats, gains, and how two runs differ; data and sentences, no pages."""
