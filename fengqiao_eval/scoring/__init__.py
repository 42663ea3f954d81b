"""Scores: measures against benchmarks, normalised, weighted, aggregated, adjusted, ranked; numbers only."""
