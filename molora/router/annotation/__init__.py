"""Questions labelled with experts by other models."""
