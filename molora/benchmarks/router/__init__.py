"""How long the router takes for a question, and how well it does. Command: `molora bench router`."""
