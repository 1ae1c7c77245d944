"""How the demo world's weights are made: a small Qwen2-VL from scratch, then one LoRA adapter per reasoning type."""
