"""Measuring what contacts changed: pure functions over counts and sums."""
