"""The pictures that analysts know: each is a chart made of numbers, read as a table or drawn with matplotlib."""
