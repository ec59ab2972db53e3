"""Deciding whom to write to, and whom to leave in peace: pure functions over columns of candidates."""
