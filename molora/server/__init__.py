"""HTTP: our own routes in front of vLLM's chat serving, and the command line."""
