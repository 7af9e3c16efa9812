"""Dashboards: panels over a grid of twelve columns. One's own is a person's alone; those of roles are configuration."""
