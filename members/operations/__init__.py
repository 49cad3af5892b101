"""Writes of members, one module per noun."""
