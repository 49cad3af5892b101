"""Writes of booking, one module per noun."""
