"""What competitors do on the market."""
