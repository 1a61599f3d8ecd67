"""What can be found out about a document beyond its records."""
