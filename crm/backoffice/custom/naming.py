"""Which keys made entities and fields may take. Keys are no names of columns, so words of SQL and of Python are as good as any."""

import re

KEY = re.compile(r"[a-z][a-z0-9_]{0,47}")
# First parts of addresses that lead elsewhere; a test holds them against the routes of the application.
ADDRESSES = frozenset({
    "access_review", "api", "approvals", "board", "calendar", "check", "configuration", "dashboard", "duplicates", "duties", "emergency", "forgot",
    "health", "imports", "invitation", "journal", "mail", "notices", "profile", "quality", "recycle", "report", "reports", "reset", "rights",
    "search", "static", "survey", "timer", "undo", "views",
})
_STORED = re.compile(r"ce_\d+(__.+)?|(.+__)?cf_\d+(__[a-z]+)?")
# Words that conditions, mappings and addresses say of every entity.
WORDS = frozenset({"id", "csrf_token", "row"})


def is_made(stored: str) -> bool:
    """Whether a table or column holds what was made, by its name in the database."""
    return bool(_STORED.fullmatch(stored))
