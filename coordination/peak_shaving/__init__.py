"""Peak shaving by a fleet that charges and discharges (paper B)."""
