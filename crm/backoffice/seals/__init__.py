"""Seals: the journal in blocks that nobody can shorten, thin out or write anew unseen.

A row proves its own content, and its place in the history of its record; that a row, or a whole record's history, is missing shows only from
outside. A seal says which rows a block holds and what their digests were; each continues the one before. Its head is signed and also kept in
a file beside the database (`INSTANCE/journal.heads`, a line a seal), which an operator may copy, print or mail: whoever rewrites the journal
must rewrite that too, and holds neither the key nor the copies.
"""
