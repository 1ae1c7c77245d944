"""A report of `Result` files for people: one HTML file that needs nothing else, and one Markdown file."""
