"""Text in a CSV file that a spreadsheet would run as a formula: marked on the way out, unmarked on the way in.

One apostrophe is put before text that starts with = + - @ or a tab or carriage return, whatever apostrophes stand before it
already; exactly such texts lose one on import. So export and import are inverse to each other, and nobody's apostrophe is lost.
"""

import re

# Full-width forms are read as the plain signs by spreadsheets with East Asian settings.
RUNS = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
MARKED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def neutral(text: str) -> str:
    """`text` such that no spreadsheet runs it."""
    return "'" + text if RUNS.match(text) else text


def original(text: str) -> str:
    """The inverse of `neutral`."""
    return text[1:] if MARKED.match(text) else text
