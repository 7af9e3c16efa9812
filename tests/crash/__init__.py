"""`make crash`: a long import is killed again and again while a colleague goes on saving; it must end in the same records as undisturbed."""
