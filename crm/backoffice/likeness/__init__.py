"""Records that may tell of the same thing: found by words that sound alike, by codes, phones and addresses, in whatever alphabet or keyboard
layout they were typed."""
