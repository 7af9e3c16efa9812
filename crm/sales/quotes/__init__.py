"""Quotes of deals: their lines, versions, the discount that a seller may give by himself, and the yes that a larger one needs."""
