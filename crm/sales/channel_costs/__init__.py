"""What sales channels cost, and what comes back of it."""
