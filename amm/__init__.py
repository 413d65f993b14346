"""Uniswap V2's pool arithmetic as pure functions of integers."""
