"""Text without meaning: identifiers, cleaning, folding, names, sentences. All pure."""
