"""Views of lists that people keep: a list's address under a name. One's own are a person's alone; shared ones are configuration."""
