"""Pools as things with state, on top of the arithmetic in `amm`."""
