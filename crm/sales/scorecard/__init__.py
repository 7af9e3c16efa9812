"""How managers work: eight measures of each, with their intervals, beside the median of the team."""
