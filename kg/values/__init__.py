"""Grammars of what a text says in figures: sums of money and dates."""
