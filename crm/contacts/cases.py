"""Ukrainian names in their cases: «Петренку», «з Іваненком», «Ользі» lead to Петренко, Іваненко, Ольга. Words are folded (`crm.backoffice.text.fold`).

Forms are made from the nominative and compared: what somebody is called is known, what a case was made of is a guess.
"""

from functools import lru_cache

SOFTENED = {"г": "з", "к": "ц", "х": "с"}  # before і: Ольга → Ользі
VOWELS = frozenset("аеєиіїоуюя")
_HARD = ("а", "у", "ові", "еві", "ом", "ем", "і", "е", "ю")
_SOFT = ("я", "ю", "еві", "ові", "ем", "і")
_ADJECTIVE = ("ого", "ому", "им", "ім", "ій")
ENDINGS = tuple(sorted({
    "а", "я", "у", "ю", "и", "і", "ї", "е", "є", "о", "ь", "й", "ом", "ем", "єм", "ою", "ею", "єю", "ові", "еві", "єві", "ого", "ому", "ього", "ьому", "им",
    "ім", "ій", "ої", "ьої", "ам", "ям", "ами", "ями", "ах", "ях", "ів", "їв",
}, key=len, reverse=True))
_LATIN = (
    ("shch", "щ"), ("zgh", "зг"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"), ("ya", "я"), ("ye", "є"), ("yi", "ї"), ("yu", "ю"),
    ("ia", "ія"), ("ie", "іє"), ("iu", "ію"), ("lskyi", "льський"), ("lska", "льська"), ("skyi", "ський"), ("ska", "ська"), ("yy", "ий"), ("iy", "ій"),
    *zip("abvhgdezyiklmnoprstufjcwq", "абвггдезиіклмнопрстуфйквк", strict=True), ("x", "кс"),
)
_SPELLINGS = tuple(sorted(_LATIN, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=4096)
def forms(word: str) -> frozenset[str]:
    """Every form that a name may take, itself among them. A word that is not Ukrainian has one."""
    found = {word}
    if len(word) < 3 or not "а" <= word[0] <= "ї":
        return frozenset(found)
    last, stem = word[-1], word[:-1]
    if last == "й":
        found |= {stem + e for e in ("я", "ю", "єм", "єві", "ї", "є")}
        if stem[-1] in "иі":
            soft = stem[-1] == "і"
            found |= {stem[:-1] + ("ь" if soft and e[0] == "о" else "") + e for e in _ADJECTIVE}
    elif last == "а":
        found |= {stem + e for e in ("и", "і", "у", "ою", "ею", "о", "е", "ої", "ій")} | {stem[:-1] + SOFTENED.get(stem[-1], stem[-1]) + "і"}
    elif last == "я":
        found |= {stem + e for e in ("і", "ї", "ю", "ею", "єю", "е", "є", "ьої", "ій", "ям")}
    elif last in "ое":
        found |= {stem + e for e in (*_HARD, "я", "ям", "ім")}
    elif last in "иі":
        found |= {stem + e for e in ("ам", "ям", "ами", "ями", "ах", "ях", "ів", "їв", "их", "им", "ими", "")}
    elif last == "ь":
        found |= {base + e for base in _bases(stem) for e in _SOFT}
    elif last not in VOWELS:
        found |= {base + e for base in _bases(word) for e in (*_HARD, "и")}
    return frozenset(found)


def _bases(stem: str) -> set[str]:
    """What endings are added to: Сидір → Сидор-, Кравец → Кравц-, Голубок → Голубк-."""
    found = {stem}
    if len(stem) > 3:
        if stem[-2] in "іїео" and stem[-1] in "цкнрл":
            found.add(stem[:-2] + stem[-1])
        if stem[-2] in "ії":
            found |= {stem[:-2] + v + stem[-1] for v in ("оеє" if stem[-2] == "і" else "є")}
    return found


@lru_cache(maxsize=4096)
def stems(word: str) -> tuple[str, ...]:
    """Beginnings of one of which every name begins whose form `word` may be: what a database is asked by before forms are compared.
    At most a dozen."""
    found = {word[: len(word) - len(e)] for e in ENDINGS if word.endswith(e) and len(word) - len(e) >= 2} | {word}
    for stem in tuple(found):
        back = next((k for k, soft in SOFTENED.items() if stem.endswith(soft)), None)
        if back:
            found.add(stem[:-1] + back)
        if len(stem) > 2 and stem[-1] in "цкнрл" and stem[-2] not in VOWELS | {"ь"}:
            found |= {stem[:-1] + vowel + stem[-1] for vowel in "ео"}
        if len(stem) > 2 and stem[-2] in "оеє":
            found.add(stem[:-2] + ("ї" if stem[-2] == "є" else "і") + stem[-1])
    least = [s for s in found if len(s) >= min(3, len(word))]
    # What begins with a longer one begins with the shorter one too.
    return tuple(sorted(s for s in least if not any(s != other and s.startswith(other) for other in least)))


def spelled(word: str) -> tuple[str, ...]:
    """The word, and where it is Latin the Ukrainian one that passports write so: petrenko → петренко."""
    if not word.isascii() or not word.isalpha():
        return (word,)
    left, found = word, []
    while left:
        latin, letter = next((pair for pair in _SPELLINGS if left.startswith(pair[0])), (left[0], left[0]))
        found.append(letter)
        left = left[len(latin):]
    return (word, "".join(found))


def names(name: str, word: str) -> bool:
    """Whether `word` is a form of the one-word name `name`."""
    return any(spelling in forms(name) for spelling in spelled(word))
