"""Finding papers: the query language, ranking by word and meaning, facets, reasons."""
