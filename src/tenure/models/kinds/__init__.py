"""The models of the line, one file each: how each is trained on the past, checked, and turned into profile columns."""
