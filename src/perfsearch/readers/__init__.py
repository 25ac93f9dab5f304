"""Bytes to Document: one reader a format."""
