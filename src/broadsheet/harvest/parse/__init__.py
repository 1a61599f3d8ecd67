"""One module per format: bytes in, `Record | Reject` out. Pure and streaming.

Each `parse_*` reads its stream once, keeps no more than one record of it, and raises
nothing but `ParseError`, after the records that could still be read.
"""
