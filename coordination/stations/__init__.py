"""Charging stations scheduled together (paper C)."""
