"""All that touches vLLM. `interface` is what the server sees of it; vLLM itself is imported on start."""
