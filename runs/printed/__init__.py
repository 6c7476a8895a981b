"""What the command line prints: a run beside what it is compared with, methods side by side, points of a sweep, warnings."""
