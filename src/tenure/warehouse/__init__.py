"""The warehouse: the only floor that talks to an analytical engine."""
