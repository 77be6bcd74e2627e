"""How fast and how large: each module measures one thing and prints a table."""
