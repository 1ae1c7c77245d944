"""Trains the router by the answers that it leads to, end to end through the gated mixture: stages 2 and 3."""
