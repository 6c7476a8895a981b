"""A file or a folder a paper: what it claims, and what we find."""
