"""A shop whose truth is known: customers with stated traits live day by day, and answer contacts as the truth says."""
