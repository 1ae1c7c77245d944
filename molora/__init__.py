"""Molora: an OpenAI-compatible endpoint that routes each question to the right LoRA expert."""
