"""Where rows come from: files and databases, as the files in `sources/` describe them."""
