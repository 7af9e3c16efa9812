"""Dashboards on the screen: what a panel shows, and how a person arranges his own."""
