"""Taking in: fetching, parsing, and one module a source. Sources never touch the store."""
