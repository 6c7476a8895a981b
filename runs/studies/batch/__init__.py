"""How many EVs may share one communication round: batch sizes over fleets, rounds, losses and delays."""
