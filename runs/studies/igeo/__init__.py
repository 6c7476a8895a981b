"""Paper B, a fleet that charges and gives back, grouped by k-means: its runs, claims, figures and tables."""
