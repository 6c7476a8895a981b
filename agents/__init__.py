"""Who acts: the Mesa agents of the grid's hierarchy."""
