"""Ukrainian text in keys that plain bytes can order and find: neither SQLite nor a C-locale PostgreSQL knows the alphabet."""

import re
import unicodedata

SORT_LENGTH = 200
PRIMARY_LENGTH = 150
ALPHABET = "абвгґдеёєжзиіїйклмнопрстуфхцчшщъыьэюя"  # Ukrainian, foreign Cyrillic letters beside their kin
APOSTROPHES = "'ʼ’‘`´ʹ′＇"
QUOTES = "\"«»„“”‟‹›()[]{}"
LETTERS_OF_THEIR_OWN = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ў": "у"}


def fold(text: str) -> str:
    """`text` for finding: without case, ґ as г, without apostrophes and invisible marks, spaces collapsed. Folding twice changes nothing."""
    if PLAIN.fullmatch(text):
        return " ".join((text.translate(DROPPED) if LEFT_OUT.search(text) else text).casefold().split())
    folded = text
    for _ in range(4):
        before = folded
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded.translate(DROPPED)).casefold()).translate(DROPPED)
        if folded == before:
            break
    return " ".join(folded.split())


def sort_key(text: str) -> str:
    """A key whose bytes stand in the order of `text`: digits, then the Ukrainian alphabet, then Latin, then everything else.

    Case decides only between equal words (small first); apostrophes, quotes and brackets are ignored, dashes and dots are spaces,
    accents of Latin letters fall away. At most 200 characters; numbers inside are compared digit by digit.
    """
    plain = unicodedata.normalize("NFKC", text[: SORT_LENGTH * 2])
    primary = " ".join(plain.casefold().translate(ORDER).split())[:PRIMARY_LENGTH].rstrip()
    capitals = "".join("1" if c.isupper() else "0" for c in plain[: SORT_LENGTH - PRIMARY_LENGTH - 1]).rstrip("0")
    return f"{primary}\t{capitals}" if capitals else primary


class _Order(dict[int, str]):
    """Code point → its place. Filled as letters are met: Unicode has more than is worth listing."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        if kind in ("Mn", "Cf", "Cc", "Cs", "Me"):
            place = " " if char.isspace() else ""
        elif kind[0] in "PZ":
            place = " "
        else:
            bare = "".join(c for c in unicodedata.normalize("NFKD", LETTERS_OF_THEIR_OWN.get(char, char)) if not unicodedata.combining(c))
            place = char if bare == char else "".join(self[ord(c)] for c in bare)
        self[code] = place
        return place


def _order() -> _Order:
    order = _Order({ord(c): c for c in "0123456789 "})
    order.update({ord(c): chr(0x3A + n) for n, c in enumerate(ALPHABET)})
    order.update({ord(c): chr(0x60 + n) for n, c in enumerate("abcdefghijklmnopqrstuvwxyz")})
    order.update({ord(c): "" for c in APOSTROPHES + QUOTES})
    return order


ORDER = _order()
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
DROPPED = {ord(c): None for c in APOSTROPHES + INVISIBLE} | {ord("ґ"): "г", ord("Ґ"): "г"}
# What most texts are made of: letters that have no other form than the small one, and signs that have none.
PLAIN = re.compile(r"[\x00-\x7fЀ-џҐґ«»„“”–—’ʼ‘]*")
LEFT_OUT = re.compile(r"['`’ʼ‘Ґґ]")
