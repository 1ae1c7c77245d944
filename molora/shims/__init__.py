"""Modules that child processes find before the libraries of the same name; see `molora.compat`."""
