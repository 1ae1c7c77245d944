"""Stands before a torchcodec that cannot load its library: importable, and empty."""
