"""What was made cheap for many records answers as the plain way does, which looks at everything: text, names, and what an import finds."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from random import Random

import pytest
from hypothesis import given, strategies as st

from crm.backoffice.likeness import many
from crm.backoffice.likeness.index import ENOUGH, keys_of
from crm.backoffice.likeness.many import resembling_many
from crm.backoffice.likeness.words import LEGAL, heard, latin, likeness, other_layouts, resemblance, skeleton
from crm.backoffice.text import DROPPED, PLAIN, fold
from tests.company import Company

LETTERS = st.text(alphabet="абвґєїʼ'’ «»-–12Ёщья", max_size=30) | st.text(alphabet="abcWXz -_.1№ßı", max_size=30) | st.text(max_size=30)
PARTS = ("Агро", "Зоря", "Криниця", "Крениця", "Нива", "Лан", "Обрій", "Обрии", "Зірка", "Захід", "Буд")
FORMS = ("ТОВ «{}»", "ПП {}", "{} LLC", "{}", "{} 2")


def plain_fold(text: str) -> str:
    folded = text
    for _ in range(4):
        before = folded
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded.translate(DROPPED)).casefold()).translate(DROPPED)
        if folded == before:
            break
    return " ".join(folded.split())


def plain_words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in plain_fold(text)).split()


def plain_telling(text: str) -> list[str]:
    every = plain_words(text)
    return [w for w in every if w not in LEGAL and (len(w) > 1 or w.isdigit())] or every


@given(LETTERS)
def test_folding_takes_the_short_way_to_the_same_end(text: str) -> None:
    assert fold(text) == plain_fold(text)


def test_every_letter_that_takes_the_short_way_may_take_it() -> None:
    short = [chr(code) for code in range(0x30000) if PLAIN.fullmatch(chr(code))]
    assert len(short) > 200
    assert [c for c in short if fold(f"а{c}б {c}{c}") != plain_fold(f"а{c}б {c}{c}")] == []


@given(LETTERS)
def test_a_name_is_heard_as_its_parts_are(text: str) -> None:
    name, telling = heard(text), plain_telling(text)
    assert name.told == " ".join(sorted(latin(w) for w in telling))[:200]
    sought = [w for w in telling if not w.isdigit() or len(w) > 2] or telling
    assert name.keys == {s[:5] for w in sought if (s := skeleton(w))}
    sounds = sorted({s for w in telling if (s := skeleton(w))})
    assert name.whole == (("=" + " ".join(sounds))[:80] if sounds else "")
    assert name.numbers == {latin(w) for w in telling if any(c.isdigit() for c in w)}
    assert name.initials == {latin(w) for w in plain_words(text) if len(w) == 1 and not w.isdigit()}


def test_what_cannot_be_alike_enough_is_told_without_comparing_it() -> None:
    """Whatever the threshold: the letters in common are never fewer than those that count."""
    rng, alike = Random(1), 0
    for _ in range(3000):
        one = "".join(rng.choice("abcde ") for _ in range(rng.randrange(30)))
        other = list(one if rng.random() < 0.7 else reversed(one))
        for _ in range(rng.randrange(6)):
            other.insert(rng.randrange(len(other) + 1), rng.choice("abcde "))
        two, enough = "".join(other), rng.choice((0.84, 0.88, rng.random()))
        ratio = SequenceMatcher(None, one, two, autojunk=False).ratio()
        assert likeness(one, two, enough) == (ratio if ratio >= enough else 0.0)
        alike += ratio >= enough
    assert 500 < alike < 2500


def names(count: int, seed: int) -> list[str]:
    rng = Random(seed)
    made = []
    for _ in range(count):
        name = rng.choice(FORMS).format(" ".join(rng.choice(PARTS) for _ in range(rng.randint(1, 3))))
        if rng.random() < 0.2:
            name = next(iter(other_layouts(name)), name)
        if rng.random() < 0.3:
            place = rng.randrange(len(name))
            name = name[:place] + rng.choice("аеk ") + name[place + 1 :]
        made.append(name)
    return made


def plainly(company: Company, asked: str, stored: Mapping[int, str]) -> dict[int, float]:
    """What `resembling_many` finds of a name, by looking at every record with every key."""
    spec = company.catalog.entity("account").fields["name"]
    sounds = {i: keys_of(spec, text) for i, text in stored.items()}
    often = Counter(key for keys in sounds.values() for key in keys)
    meant = next((text for text in (asked, *other_layouts(asked)) if any(key in often for key in keys_of(spec, text))), None)
    if meant is None:
        return {}
    keys = sorted((often[key], key) for key in keys_of(spec, meant) if key in often)
    if keys[0][0] > many.COMMON and len(keys) < 2:
        return {}
    base = {key for _, key in keys[: 1 if keys[0][0] <= many.COMMON else 2]}
    near = sorted((i for i in stored if base <= sounds[i]), key=lambda i: (-len(sounds[i] & {key for _, key in keys}), i))[: many.LOOKED_AT]
    told = heard(meant).told
    same = {i: 1.0 for i in near if heard(stored[i]).told == told}
    ratios = {i: SequenceMatcher(None, heard(stored[i]).told, told, autojunk=False).ratio() for i in near}
    return same or {i: much for i, much in ratios.items() if much >= ENOUGH}


@pytest.mark.parametrize(("common", "looked_at"), [(200, 8), (40, 3)])
def test_an_import_finds_what_looking_at_everything_finds(company: Company, monkeypatch: pytest.MonkeyPatch, common: int, looked_at: int) -> None:
    monkeypatch.setattr(many, "COMMON", common)
    monkeypatch.setattr(many, "LOOKED_AT", looked_at)
    there = names(150, seed=looked_at)
    stored = dict(zip(company.make("account", *({"name": name} for name in there)), there, strict=True))
    asked = dict(enumerate((*names(250, seed=5), "Немає такої", "ТОВ", "!")))
    with company.system(write=False) as session:
        found = resembling_many(session, company.catalog.entity("account"), {n: {"name": name} for n, name in asked.items()}, most=looked_at)
    expected = {n: best for n, name in asked.items() if (best := plainly(company, name, stored))}
    assert {n: {one.id: one.much for one in several} for n, several in found.items()} == expected
    assert 50 < len(expected) < len(asked)
    assert max(map(len, expected.values())) >= 3


def test_resemblance_below_what_is_enough_is_none() -> None:
    assert resemblance("Криниця", "Обрій") > 0
    assert resemblance("Криниця", "Обрій", 0.84) == 0
    assert resemblance("Криниця", "Rhbybwz", 0.84) == 1


def held(company: Company, wanted: Sequence[tuple[str, ...]], most: int) -> dict[tuple[str, ...], list[int]]:
    with company.system(write=False) as session:
        return many._holding(session, company.catalog.entity("account"), "name", set(wanted), most)


def test_no_more_holders_of_a_key_are_fetched_than_are_asked_for(company: Company) -> None:
    numbers = company.make("account", *({"name": f"Криниця {part}"} for part in ("Захід", "Обрій", "Захід", "Лан")))
    (well,), (west,) = heard("Криниця").keys, heard("Захід").keys
    assert held(company, [(well,), (well, west), ("нема",)], 3) == {(well,): numbers[:3], (well, west): [numbers[0], numbers[2]]}
