"""Keys proposed from names: Latin letters by the official transliteration of Ukrainian, words joined by underscores."""

import re

# Resolution 55 of the Cabinet of Ministers, 27 January 2010, without its special letters at the beginning of a word.
LATIN = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh", "з": "z", "и": "y", "і": "i", "ї": "i", "й": "i", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "shch", "ь": "", "ю": "iu", "я": "ia", "'": "", "’": "", "ʼ": "",
})
LONGEST = 48


def proposed(*names: str) -> str:
    """A key of the first name that gives one; "" where none does."""
    for name in names:
        made = re.sub(r"[^a-z0-9]+", "_", name.lower().translate(LATIN)).strip("_")
        made = re.sub(r"^[0-9_]+", "", made)[:LONGEST].rstrip("_")
        if made:
            return made
    return ""
