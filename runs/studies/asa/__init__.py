"""Paper A, the ant-based swarm algorithm: its runs, claims, figures and tables."""
