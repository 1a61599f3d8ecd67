"""What can be deleted and built anew: the text index and the vectors, each with its position."""
