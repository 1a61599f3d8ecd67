"""Broadsheet: your front page of research."""

__version__ = "0.1.0"
