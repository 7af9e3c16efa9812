"""How likely the name of a column means a field: both languages, the names people use besides, words, endings, slips of the pen."""

import re
from collections.abc import Iterable, Mapping as Map
from difflib import SequenceMatcher
from functools import lru_cache

from crm.backoffice.entities import Entity
from crm.backoffice.text import fold
from crm.messages import Label

WORD = re.compile(r"[^\W_]+")
CAMEL = re.compile(r"(?<=[a-zа-яіїєґ0-9])(?=[A-ZА-ЯІЇЄҐ])|(?<=[A-Z])(?=[A-Z][a-z])")
SMALL_WORDS = frozenset({"the", "of", "a", "in", "on", "and", "та", "і", "й", "у", "в", "на", "за", "по", "для", "до"})
# Words after an amount that say in which unit it stands.
UNITS: Map[str, int] = {
    "тис": 1000, "тыс": 1000, "тисяч": 1000, "thousand": 1000, "thousands": 1000, "k": 1000,
    "млн": 1_000_000, "мільйонів": 1_000_000, "million": 1_000_000, "millions": 1_000_000, "mln": 1_000_000, "mn": 1_000_000,
}
MONEY = frozenset({"грн", "uah", "usd", "eur", "дол", "євро"})
LEAST = 0.55  # under this a name says nothing

_others: dict[tuple[str, str], tuple[str, ...]] = {}


def also_called(entity: str, names: Map[str, Iterable[str]]) -> None:
    """Declare what fields of `entity` are called in the wild, by key; under "" the entity itself."""
    for key, several in names.items():
        _others[entity, key] = (*_others.get((entity, key), ()), *several)


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name: folded, camelCase and underscores taken apart, small words and units left out."""
    found = WORD.findall(fold(CAMEL.sub(" ", name)))
    kept = tuple(w for w in found if w not in SMALL_WORDS and w not in UNITS and w not in MONEY)
    return kept or tuple(found)


def unit(name: str) -> int | None:
    """1000 for «Сума, тис.», None when the name tells no unit."""
    found = WORD.findall(fold(CAMEL.sub(" ", name)))
    return next((UNITS[w] for w in reversed(found[1:]) if w in UNITS), None)


def likeness(column: str, kind: Entity, key: str, label: Label, *, beside: Entity | None = None) -> float:
    """From 0 to 1: how well the column's name fits the field `key` of `kind`, labelled `label`.

    A field of a list of records `beside` must be named together with them: `contactTitle`.
    """
    asked = words(column)
    own = _names(kind, key, label)
    best = max(_alike(asked, words(name), exact) for name, exact in own)
    prefixes = _prefixes(kind) if beside is None else list(dict.fromkeys([*_prefixes(beside), *_prefixes(kind)]))
    if beside is not None and not any(_names_it(asked, p) for p in prefixes):
        return 0.0
    if key == kind.declared.title and any(_same(asked, p) for p in prefixes):
        best = max(best, 0.98 if beside is None else 0.8)
    for prefix in prefixes:
        rest = _without(asked, prefix)
        if rest and len(rest) < len(asked):
            best = max(best, max(_alike(rest, words(name), exact) for name, exact in own) - 0.03)
    return best if best >= LEAST else 0.0


def _names(kind: Entity, key: str, label: Label) -> list[tuple[str, float]]:
    besides = [(name, score) for entity, score in ((kind.key, 0.95), ("", 0.94)) for name in _others.get((entity, key), ())]
    return [(key, 1.0), (label.uk, 0.99), (label.en, 0.99), *besides]


def _prefixes(kind: Entity) -> list[tuple[str, ...]]:
    """What a record is called: «Назва угоди» and `dealName` name the deal beside its field."""
    named = [kind.key, kind.label.uk, kind.label.en, kind.plural.uk, kind.plural.en, *_others.get((kind.key, ""), ())]
    found = [w for name in named if (w := words(name))]
    # «Категорія продуктів», “product category”: its short name is the category.
    heads = [words(kind.label.uk)[:1], words(kind.label.en)[-1:]]
    return list(dict.fromkeys([*found, *heads]))


def _alike(asked: tuple[str, ...], known: tuple[str, ...], exact: float) -> float:
    """`exact` for the same words, less for kindred ones."""
    if not asked or not known:
        return 0.0
    if asked == known or "".join(asked) == "".join(known):
        return exact
    if len(asked) == len(known) and all(any(_kin(a, k) for k in known) for a in asked):
        return exact - 0.06
    written, meant = "".join(asked), "".join(known)
    if min(len(written), len(meant)) >= 5:
        ratio = SequenceMatcher(None, written, meant).ratio()
        if ratio >= 0.84:
            return exact * ratio * 0.95
    shared = sum(1 for a in asked if any(_kin(a, k) for k in known))
    # What people say besides is said whole; of the product's own names a part may be enough.
    whole = shared == len(known) or (shared == len(asked) and exact > 0.95)
    share = shared / max(len(asked), len(known))
    return exact * (0.5 + 0.3 * share) if whole and share >= 0.5 and any(len(w) >= 4 for w in known) else 0.0


def _same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return len(one) == len(other) and all(_kin(a, b) for a, b in zip(one, other, strict=True))


def _names_it(asked: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
    return len(_without(asked, prefix)) < len(asked)


def _without(asked: tuple[str, ...], prefix: tuple[str, ...]) -> tuple[str, ...]:
    """`asked` less the words of `prefix`, which may stand before or after («назва угоди», `deal name`)."""
    left = list(asked)
    for word in prefix:
        found = next((w for w in left if _kin(w, word)), None)
        if found is None:
            return asked
        left.remove(found)
    return tuple(left)


def _kin(one: str, other: str) -> bool:
    """The same word in another case or number: угода, угоди; account, accounts."""
    if one == other:
        return True
    stem = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        stem += 1
    return stem >= 4 and max(len(one), len(other)) - stem <= 2
