"""Load and quality, driven over HTTP like any client."""
