"""The nouns of customer lifecycle: plain values and pure functions, standard library only."""
