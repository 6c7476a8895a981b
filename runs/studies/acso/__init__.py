"""Paper C: the advanced competitive swarm and the multi-stage schedule of charging stations."""
