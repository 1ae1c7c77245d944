"""One file a command of `molora bench`."""
