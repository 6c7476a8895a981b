"""Runs of charging stations on a feeder (paper C): a scenario with a section ``[stations]``."""
