"""How good a head is."""
