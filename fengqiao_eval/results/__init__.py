"""A finished run read back: standings, cards, caveats, gains, and two runs compared; data only."""
