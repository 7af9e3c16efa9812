"""By what a person is recognised in a text: name in any order of its words, surname where nobody else bears it, addresses and phones of his own.

Whoever may name a person could name him by a word that others use. So a text is *surely* about him only by what is no word of a language: an
address, a phone, a name of several words that is written as names are.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

from sqlalchemy import select

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.parts import in_parts
from crm.backoffice.personal.belonging import Place
from crm.messages import LANGUAGES, m, render

BLANK = "[…]"  # stands where a person was named; in either language alike
SHORTEST = 4  # letters of what is looked for: fewer are met by chance
FEWEST_DIGITS = 7  # of what is a phone wherever it stands
MOST_WORDS = 4  # of a name that is looked for in any order
BY_VALUE = ("email", "phone")
SURNAME = "last_name"
ERASED = m("Erased person")
NOBODY = frozenset({render(ERASED, language) for language in LANGUAGES})


def identifying(session: DataSession, places: Sequence[Place]) -> dict[str, set[str]]:
    """`names` (whole), `surnames` and `addresses` that the person has or had, from his rows and from the journal."""
    found: dict[str, set[str]] = {"names": set(), "surnames": set(), "addresses": set()}
    person = places[0].kind
    for place in places:
        wanted = {spec.key: kept for spec in place.fields if (kept := _kept_as(person, place.kind, spec))}
        for key, kept in wanted.items():
            said = {str(value).strip() for value in _values(session, place, place.kind.fields[key])}
            found[kept] |= {text for text in said - NOBODY if len(text) >= SHORTEST}
    return found


def _kept_as(person: Entity, kind: Entity, spec: Field) -> str:
    if spec.type in BY_VALUE:
        return "addresses"
    if kind is person:
        return "names" if spec.key == kind.declared.title else "surnames" if spec.key == SURNAME else ""
    parent = kind.fields[kind.parent] if kind.parent else None
    return "addresses" if parent is not None and parent.target == person.key and spec.key == kind.declared.title else ""


def _values(session: DataSession, place: Place, spec: Field) -> Iterable[Any]:
    """What the field holds and held; to whom not everything shows, what he sees there now."""
    if session.access is not None and not session.access.unlimited:
        yield from _seen(session, place, spec.key)
        return
    table, journal = place.kind.table, JournalRow.__table__
    for ids in in_parts(place.ids):
        yield from (v for v in session.kernel(select(table.c[spec.attribute]).where(table.c.id.in_(ids))).scalars() if v)
        past = select(journal.c.changes).where(journal.c.entity == place.kind.key, journal.c.record_id.in_(ids), journal.c.version.is_not(None))
        for (changes,) in session.kernel(past):
            yield from (v for v in (changes.get(spec.kept_as) or ()) if isinstance(v, str) and v)


def _seen(session: DataSession, place: Place, key: str) -> Iterable[Any]:
    if key not in session.sight.filterable(place.kind.key):
        return
    for deleted in (False, True):
        source = session.table(place.kind.key, deleted=deleted)
        for ids in in_parts(place.ids):
            yield from (v for v in session.execute(select(source[key]).where(source.visible, source.id.in_(ids))).scalars() if v)


@dataclass(frozen=True)
class Sought:
    """What is looked for in the texts of other records: whole terms and beginnings of words. `shared` are names that are not looked for, since
    another person bears them too; `words` are terms that something else is called as well."""

    whole: tuple[str, ...]
    stems: tuple[str, ...]
    shared: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()

    @cached_property
    def sure(self) -> Mapping[str, tuple[bool, ...] | None]:
        """The terms by which a text is surely about the person, in one case: of a name, which of its words begin with a capital letter."""
        return {
            term.casefold(): None if is_address(term) else _capitals(term) for term in self.whole
            if term not in self.words and (is_address(term) or sum(_capitals(term)) > 1)
        }

    @cached_property
    def _surely(self) -> re.Pattern[str]:
        terms = "|".join(re.escape(term) for term in sorted((t for t in self.whole if t.casefold() in self.sure), key=lambda t: -len(t)))
        return re.compile(rf"(?<!\w)(?:{terms})(?!\w)" if terms else r"(?!)", re.IGNORECASE)

    def surely(self, value: Any) -> bool:
        """Whether a value, of JSON too, is surely about the person; a name counts where its words are written as a name's."""
        if isinstance(value, str):
            return any(self._written(found.group()) for found in self._surely.finditer(value))
        if isinstance(value, dict):
            return any(self.surely(one) for pair in value.items() for one in pair)
        return isinstance(value, list | tuple) and any(self.surely(one) for one in value)

    def _written(self, found: str) -> bool:
        capitals = self.sure.get(found.casefold())
        return capitals is None or all(here or not there for here, there in zip(_capitals(found), capitals, strict=False))

    @cached_property
    def in_sql(self) -> str:
        """An expression that both databases read alike; it may find a little more than `in_text`, for it knows no borders of words."""
        return pattern((*self.whole, *self.stems))

    @cached_property
    def in_text(self) -> re.Pattern[str]:
        """The same for a text that is no JSON; a surname also as it is declined."""
        whole, stems = ("|".join(re.escape(t) for t in sorted(given, key=lambda t: -len(t))) for given in (self.whole, self.stems))
        kinds = [rf"(?<!\w)(?:{whole})(?!\w)"] * bool(whole) + [rf"(?<!\w)(?:{stems})\w{{0,3}}(?!\w)"] * bool(stems)
        return re.compile("|".join(kinds) or r"(?!)", re.IGNORECASE)

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The terms in one case, also as JSON writes a quotation mark in them."""
        terms = {term.casefold() for term in (*self.whole, *self.stems)}
        return tuple(sorted(terms | {json.dumps(term, ensure_ascii=False)[1:-1] for term in terms}))

    def may_stand_in(self, text: str | None) -> bool:
        """What `in_sql` asks, for a database that calls us: many times as fast as an expression over each text."""
        if not text:
            return False
        if "\\u" in text:
            with suppress(ValueError):
                text = json.dumps(json.loads(text), ensure_ascii=False)
        said = text.casefold()
        return any(term in said for term in self.folded)

    def blanked(self, value: Any) -> Any:
        """The value, of JSON too, without the person."""
        if isinstance(value, str):
            return self.in_text.sub(BLANK, value)
        if isinstance(value, list | tuple):
            return [self.blanked(one) for one in value]
        if isinstance(value, dict):
            return {self.blanked(key): self.blanked(one) for key, one in value.items()}
        return value


def everything(session: DataSession, places: Sequence[Place], words: frozenset[str] = frozenset()) -> Sought:
    """Whatever names the person, in rows that are about nobody else; to whom not everything shows, what he sees of that."""
    known = identifying(session, places)
    whole = known["addresses"] | {order for name in known["names"] for order in orders(name)}
    return Sought(tuple(sorted(whole)), tuple(sorted(known["surnames"])), words=words)


def looked_for(session: DataSession, places: Sequence[Place]) -> Sought:
    """What names this person and nobody else."""
    known, person = identifying(session, places), places[0].kind
    shared = tuple(name for name in sorted(known["names"]) if _borne(session, places, name))
    whole = {term for name in known["names"] if name not in shared for term in orders(name)}
    whole |= {value for value in known["addresses"] if not _held(session, places, value)}
    stems = (one for one in known["surnames"] if not _borne_surname(session, person, places[0].ids, one))
    words = frozenset(term for name in known["names"] if _called(session, places, name) for term in orders(name))
    return Sought(tuple(sorted(whole)), tuple(sorted(stems)), shared, words)


def is_address(term: str) -> bool:
    """Whether this is an address or a number, which no word of a language is."""
    return "@" in term or ("/" in term and "." in term) or (sum(c.isdigit() for c in term) >= FEWEST_DIGITS and not any(c.isalpha() for c in term))


def _capitals(term: str) -> tuple[bool, ...]:
    """Of each word, whether it begins as names do; a letter that has no case does."""
    return tuple(any(c.isalpha() for c in word) and not next(c for c in word if c.isalpha()).islower() for word in term.split())


def orders(name: str) -> Iterable[str]:
    """The words of a name in every order."""
    words = name.split()
    return {" ".join(order) for order in permutations(words)} if 1 < len(words) <= MOST_WORDS else {name}


def _borne(session: DataSession, places: Sequence[Place], name: str) -> bool:
    """Whether another person has the name."""
    return any(kind.is_person and _stands(session, places, kind, kind.title, name) for kind in session.catalog.entities.values())


def _called(session: DataSession, places: Sequence[Place], name: str) -> bool:
    """Whether something that is no person, and has nothing to do with this one, is called so: a firm, a product."""
    person = places[0]
    for kind in session.catalog.entities.values():
        if kind.is_person or not kind.is_record or kind.declared.title not in kind.fields:
            continue
        table = kind.table
        found = select(table.c.id).where(table.c[kind.title.attribute] == name)
        for spec in kind.fields.values():
            if spec.target == person.kind.key and not spec.several:
                column = table.c[spec.attribute]
                found = found.where(column.is_(None) | column.not_in(person.ids))
        if session.kernel(found.limit(1)).first() is not None:
            return True
    return False


def _borne_surname(session: DataSession, person: Entity, ids: Sequence[int], surname: str) -> bool:
    for kind in session.catalog.entities.values():
        if not kind.is_person:
            continue
        table = kind.table
        rows = select(table.c.id).where((table.c[SURNAME] == surname) | table.c[kind.title.attribute].contains(surname, autoescape=True))
        if kind.key == person.key:
            rows = rows.where(table.c.id.not_in(ids))
        if session.kernel(rows.limit(1)).first() is not None:
            return True
    return False


def _held(session: DataSession, places: Sequence[Place], value: str) -> bool:
    """Whether an address or a phone is somebody else's too."""
    for kind in session.catalog.entities.values():
        for spec in kind.fields.values():
            own = kind.parent is not None and spec.key == kind.declared.title and spec.personal and not spec.target
            if not spec.several and (spec.type in BY_VALUE or own) and _stands(session, places, kind, spec, value):
                return True
    return False


def _stands(session: DataSession, places: Sequence[Place], kind: Entity, spec: Field, value: str) -> bool:
    table = kind.table
    own = {i for place in places if place.kind.key == kind.key for i in place.ids}
    rows = session.kernel(select(table.c.id).where(table.c[spec.attribute] == value).limit(len(own) + 1)).scalars()
    return any(i not in own for i in rows)


def pattern(terms: Iterable[str]) -> str:
    """An expression that both databases read alike and that finds each term in any case, also as JSON writes it in ASCII."""
    return "|".join("".join(_letter(c) for c in term) for term in sorted(terms, key=lambda t: (-len(t), t)))


def _letter(letter: str) -> str:
    forms = dict.fromkeys(f for f in (letter.lower(), letter.upper(), letter) if len(f) == 1)
    written = [re.escape(f) if f.isascii() and not f.isalnum() else f for f in forms]
    # Where JSON is kept in ASCII, a letter stands as its number; a quotation mark or a backslash has one before it.
    written += [rf"\\u{ord(f):04x}" for f in forms if not f.isascii() and ord(f) < 0x10000]
    if letter in "\"\\":
        written.append(re.escape("\\" + letter))
    return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"
