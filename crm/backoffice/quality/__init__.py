"""How good the data are: what is missing, double, dead, nobody's or forgotten, counted for each reader, with the records behind every figure."""
