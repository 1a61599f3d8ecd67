"""Documents written in standard formats. Pure: documents in, pieces of text out, streaming."""
