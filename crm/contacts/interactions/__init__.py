"""The contact history of the company: what was planned and held with counterparties, by whom, about what, how long."""
