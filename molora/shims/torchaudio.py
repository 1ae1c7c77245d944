"""Stands before a torchaudio that cannot load its library: importable, and empty."""
