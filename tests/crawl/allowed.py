"""Words in the letters of the other language that may stand on a screen, and why. Anything else in them is a sentence nobody translated."""

import re

from babel.numbers import list_currencies

# Latin in Ukrainian: (what is allowed, why).
LATIN: tuple[tuple[str, str], ...] = (
    (r"Brama( CRM)?", "the product's name"),
    (r"CSV|XLSX|JSONL?|YAML|vCard", "formats of files go by these names in Ukrainian too"),
    (r"\b(PDF|HTML|SVG|XML|ZIP|PNG|JPEG|GIF|WebP|IBAN)\b", "other formats and standards as well"),
    (r"\b(PL\d{10}|UA)\b", "a country by its two letters, in examples of tax codes and bank accounts"),
    (r"\.xlsx?", "endings of files"),
    (r"Ctrl|Shift|Tab|Esc|Enter|F\d+|Delete", "keys as they are written on a keyboard"),
    (r"[\w.+•-]+@[\w•-]+(\.[\w-]+)+", "e-mail addresses, masked ones too"),
    (r"https?://\S+|www\.\S+", "addresses of pages"),
    (r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/[\w/+-]+|UTC|GMT", "time zones go by their names in the IANA list"),
    (r"n = [\d\s]+", "the size of a sample, as statistics writes it"),
    (r"\b(" + "|".join(sorted(list_currencies())) + r")\b", "currency codes of ISO 4217"),
    (r"\bIBAN\b|\(UA і 27|\bPL5260001246\b", "numbers of bank accounts go by that name; the letters of a country that a number begins with"),
    (r"(Chrome|Firefox|Safari|Edge|Opera|Windows|Linux|Android|iOS|iPadOS|macOS|iPhone|iPad)", "browsers and systems go by these names"),
    (r"UTF-8|Windows-1251", "encodings"),
    (r"\b[a-z_]+#\d+", "a rule by the code of its role and its number in it"),
    (r"columns:\s+company: name", "a mapping file's own words, as an example of one"),
    (r"\b(this|last|next)_\w+|\d{4}-Q\d", "periods as one writes them into an address or a command"),
    (r"\b(historic|current|cohort|snapshot|flow):", "keys of what a parameter may be, as one writes them into its address"),
    (r"можна за: [\w, ]+", "keys of what a report is split by, as one writes them into its address"),
)
# Cyrillic in English.
CYRILLIC: tuple[tuple[str, str], ...] = (
    (r"№", "the number sign"),
)

_ALLOWED = {"uk": re.compile("|".join(f"(?:{p})" for p, _ in LATIN)), "en": re.compile("|".join(f"(?:{p})" for p, _ in CYRILLIC))}
FOREIGN = {"uk": re.compile(r"[A-Za-z]"), "en": re.compile(r"[\u0400-\u04ff]")}


def without_allowed(text: str, language: str) -> str:
    """`text` less what may stand in it in the other language's letters."""
    return _ALLOWED[language].sub(" · ", text)
