"""Ranking mathematics: arrays in, arrays out; no I/O, no clock, no chance, no logging."""
