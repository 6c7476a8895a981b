"""How agents decide: pure rules and optimisers on arrays. No Mesa, no files, no clock, no global state."""
