"""Runs of a fleet that charges and gives back for the grid (paper B): a scenario with a section ``[peak_shaving]``."""
