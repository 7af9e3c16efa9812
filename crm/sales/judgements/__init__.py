"""What people say of a forecast: their own figure of a month beside the one that follows from deals."""
