"""One file a paper: what it claims, and what we find."""
