"""LoRA weights: the demo world and how it is built."""
