"""Normalise, segment and cut text; every step keeps the offsets of the original."""
