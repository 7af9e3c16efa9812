"""Words reduced to what stays the same however they are spelled: Ukrainian or Latin letters, another transliteration, a forgotten layout."""

import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from crm.backoffice.text import fold

KEY_LENGTH = 5
WHOLE = "="  # begins the key of a whole name
WHOLE_LENGTH = 80
# What says how a company is organised and not which one it is.
LEGAL = frozenset({
    "тов", "тзов", "товариство", "обмеженою", "відповідальністю", "додатковою", "тдв", "пп", "приватне", "підприємство", "фоп", "фг", "фермерське",
    "господарство", "ат", "пат", "прат", "акціонерне", "публічне", "дп", "державне", "кп", "комунальне", "нвп", "нвф", "фірма", "компанія", "група",
    "корпорація", "концерн", "філія", "ооо", "зао", "оао", "ао", "чп", "llc", "ltd", "limited", "inc", "corp", "corporation", "company", "co", "gmbh",
    "ag", "sa", "plc", "llp", "bv", "kft", "sro", "spzoo", "group", "the",
})
LATIN = dict(zip("абвгґдеєжзиіїйклмнопрстуфхцчшщьюяыэёъў", (
    "a", "b", "v", "h", "g", "d", "e", "ie", "zh", "z", "y", "i", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh", "ts", "ch",
    "sh", "shch", "", "iu", "ia", "y", "e", "e", "", "u"), strict=True))
# Letters that one person writes so and another otherwise, made one: h and g, w and v, kh and h, y, j and i.
ALIKE = (("shch", "s"), ("sch", "s"), ("sh", "s"), ("ch", "s"), ("zh", "z"), ("kh", "h"), ("ph", "f"), ("ts", "s"), ("tz", "s"), ("ck", "k"), ("th", "t"))
ONE = str.maketrans({"g": "h", "w": "v", "x": "s", "q": "k", "c": "k", "j": "i", "y": "i"})
VOWELS = frozenset("aeiou")
ENGLISH = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
UKRAINIAN = "йцукенгшщзхїфівапролджєячсмитьбю"
TO_UKRAINIAN, TO_ENGLISH = str.maketrans(ENGLISH, UKRAINIAN), str.maketrans(UKRAINIAN, ENGLISH)


@lru_cache(maxsize=4096)
def latin(word: str) -> str:
    """A folded word in Latin letters without accents."""
    plain = "".join(LATIN.get(c, c) for c in word)
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isascii() and c.isalnum())


@lru_cache(maxsize=4096)
def skeleton(word: str) -> str:
    """The sounds of a word in Latin letters that survive another spelling: its first letter and the consonants after it, none twice."""
    text = latin(word)
    for written, heard in ALIKE:
        text = text.replace(written, heard)
    text = text.translate(ONE)
    kept = [c for n, c in enumerate(text) if n == 0 or c not in VOWELS]
    return "".join(c for n, c in enumerate(kept) if n == 0 or c != kept[n - 1])


def words(text: str) -> list[str]:
    """The telling words of a name, folded; all of them when none tells."""
    every = "".join(c if c.isalnum() else " " for c in fold(text)).split()
    return [w for w in every if w not in LEGAL and (len(w) > 1 or w.isdigit())] or every


def keys(text: str) -> frozenset[str]:
    """What a name is found by: the first sounds of each of its telling words. Short numbers tell records apart and find none."""
    telling = words(text)
    sought = [w for w in telling if not w.isdigit() or len(w) > 2] or telling
    return frozenset(s[:KEY_LENGTH] for w in sought if (s := skeleton(w)))


def whole(text: str) -> str:
    """One key for the whole name: the sounds of all its telling words in whatever order; "" when it has none."""
    heard = sorted({s for w in words(text) if (s := skeleton(w))})
    return (WHOLE + " ".join(heard))[:WHOLE_LENGTH] if heard else ""


def numbers(text: str) -> frozenset[str]:
    """The words of a name that hold a digit: of shops of one chain they are all that differs."""
    return frozenset(latin(w) for w in words(text) if any(c.isdigit() for c in w))


def initials(text: str) -> frozenset[str]:
    """The single letters of a name, in Latin ones."""
    return frozenset(latin(w) for w in "".join(c if c.isalnum() else " " for c in fold(text)).split() if len(w) == 1 and not w.isdigit())


def other_layouts(text: str) -> list[str]:
    """The text as it reads when it was typed in the other keyboard layout; none for what has letters of both alphabets."""
    small = text.casefold()
    letters = [c for c in small if c.isalpha()]
    if letters and all(c.isascii() for c in letters):
        return [small.translate(TO_UKRAINIAN)]
    if letters and all("а" <= c <= "я" or c in "єіїґ" for c in letters):
        return [small.translate(TO_ENGLISH)]
    return []


def resemblance(one: str, other: str) -> float:
    """How much two names are alike, from 0 to 1: their telling words in Latin letters, in whatever order."""
    first = ordered(one)
    return max(SequenceMatcher(None, first, ordered(text), autojunk=False).ratio() for text in (other, *other_layouts(other)))


def ordered(text: str) -> str:
    """The telling words of a name in Latin letters, in alphabetical order: what is compared."""
    return " ".join(sorted(latin(w) for w in words(text)))[:200]
