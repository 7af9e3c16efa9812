"""Words reduced to what stays the same however they are spelled: Ukrainian or Latin letters, another transliteration, a forgotten layout."""

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from crm.backoffice.text import fold

KEY_LENGTH = 5
WHOLE = "="  # begins the key of a whole name
WHOLE_LENGTH = 80
TOLD = 200  # letters of a name that are compared
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
ROMAN, CYRILLIC = frozenset("abcdefghijklmnopqrstuvwxyz"), frozenset("абвгґдеєжзиіїйклмнопрстуфхцчшщъыьэюя")
WORD = re.compile(r"[^\W_]+")
KNOWN_WORDS, KNOWN_NAMES = 1 << 15, 1 << 12  # remembered: few words make up many names, and one name is looked at several times in a row


@lru_cache(maxsize=KNOWN_WORDS)
def latin(word: str) -> str:
    """A folded word in Latin letters without accents."""
    plain = "".join(LATIN.get(c, c) for c in word)
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isascii() and c.isalnum())


@lru_cache(maxsize=KNOWN_WORDS)
def skeleton(word: str) -> str:
    """The sounds of a word in Latin letters that survive another spelling: its first letter and the consonants after it, none twice."""
    text = latin(word)
    for written, sound in ALIKE:
        text = text.replace(written, sound)
    text = text.translate(ONE)
    kept = [c for n, c in enumerate(text) if n == 0 or c not in VOWELS]
    return "".join(c for n, c in enumerate(kept) if n == 0 or c != kept[n - 1])


@dataclass(frozen=True, slots=True)
class Heard:
    """What is to be known of a name to compare it: `told`, its telling words in Latin letters in alphabetical order, which is what is compared;
    `keys`, the first sounds of each, by which it is found; `whole`, one key for the whole name, the sounds of all in whatever order ("" when it has
    none); `numbers`, the words that hold a digit: of shops of one chain they are all that differs; `initials`, its single letters in Latin ones."""

    told: str
    keys: frozenset[str]
    whole: str
    numbers: frozenset[str]
    initials: frozenset[str]


@lru_cache(maxsize=KNOWN_NAMES)
def heard(text: str) -> Heard:
    """A name as it is heard."""
    every = WORD.findall(fold(text))
    telling = _telling(every)
    # Short numbers tell records apart and find none.
    sought = [w for w in telling if not w.isdigit() or len(w) > 2] or telling
    sounds = sorted({s for w in telling if (s := skeleton(w))})
    return Heard(
        " ".join(sorted(latin(w) for w in telling))[:TOLD],
        frozenset(s[:KEY_LENGTH] for w in sought if (s := skeleton(w))),
        (WHOLE + " ".join(sounds))[:WHOLE_LENGTH] if sounds else "",
        frozenset(latin(w) for w in telling if not w.isalpha() and any(c.isdigit() for c in w)),
        frozenset(latin(w) for w in every if len(w) == 1 and not w.isdigit()),
    )


def words(text: str) -> list[str]:
    """The telling words of a name, folded; all of them when none tells."""
    return _telling(WORD.findall(fold(text)))


def _telling(every: list[str]) -> list[str]:
    return [w for w in every if w not in LEGAL and (len(w) > 1 or w.isdigit())] or every


def other_layouts(text: str) -> list[str]:
    """The text as it reads when it was typed in the other keyboard layout; none for what has letters of both alphabets."""
    small = text.casefold()
    letters = {c for c in small if c.isalpha()}
    if not letters:
        return []
    return [small.translate(TO_UKRAINIAN)] if letters <= ROMAN else [small.translate(TO_ENGLISH)] if letters <= CYRILLIC else []


@lru_cache(maxsize=KNOWN_NAMES)
def spelled(text: str) -> tuple[str, ...]:
    """What is compared of a name: as it stands, and as it reads in other layouts."""
    return tuple(heard(one).told for one in (text, *other_layouts(text)))


def resemblance(one: str, other: str, enough: float = 0.0) -> float:
    """How much two names are alike, from 0 to 1: their telling words in Latin letters, in whatever order. 0 for less than `enough`."""
    first = heard(one).told
    return max(likeness(first, second, enough) for second in spelled(other))


def likeness(one: str, other: str, enough: float = 0.0) -> float:
    """How much two texts are alike letter by letter, from 0 to 1; 0 for less than `enough`. What cannot be alike enough is told by the letters that
    both have in the same order, which are no fewer than those of the blocks that count, and are found a hundred times as fast."""
    if one == other:
        return 1.0
    both = len(one) + len(other)
    if 2.0 * min(len(one), len(other)) / both < enough or 2.0 * _in_order(one, other) / both < enough:
        return 0.0
    much = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return much if much >= enough else 0.0


def _in_order(one: str, other: str) -> int:
    """The length of the longest common subsequence, by whole rows of bits (H. Hyyrö, “Bit-parallel LCS-length computation revisited”, 2004)."""
    places, everything = _places(other), (1 << len(other)) - 1
    row = everything
    for letter in one:
        met = row & places.get(letter, 0)
        row = (row + met) | (row - met)
    return len(other) - (row & everything).bit_count()


@lru_cache(maxsize=KNOWN_NAMES)
def _places(text: str) -> dict[str, int]:
    """Letter → a bit for each place where it stands."""
    found: dict[str, int] = {}
    for place, letter in enumerate(text):
        found[letter] = found.get(letter, 0) | 1 << place
    return found
