"""What is expected of open deals: how probable they are, by whose word, and in which category they are forecast."""
