"""What the agents act in: time slots, loads, fleets, boards, messages, the grid's tree."""
