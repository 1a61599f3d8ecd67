"""The bundled library: facts of real papers, summaries of our own."""
