"""Units of work: each is finished or as if it had not begun."""
