"""The pages. A view parses, calls one function, renders; markup stands only in templates."""
