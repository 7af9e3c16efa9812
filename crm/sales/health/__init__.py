"""How an open deal is doing: what speaks against it, each with its figure, and a score of what is left."""
