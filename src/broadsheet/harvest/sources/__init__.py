"""One module a source: generators of pages, each with its records and where to resume."""
