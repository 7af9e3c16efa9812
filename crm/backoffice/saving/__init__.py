"""The steps of a save, each in its module; `records` puts them in order."""
