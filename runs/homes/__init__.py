"""EVs at home that choose for themselves: the part of a run below its transformers (paper A)."""
