"""Which texts of others lose the name of a person who is erased: asked of whoever erases, place by place, with a rule for those he says nothing of.

He is shown the places that he sees, by what he sees of the person. A text that is surely about the person is blanked wherever it stands; any other
only where its eraser could change the text himself: whoever may name a person by a common word shall not blank it in what others wrote.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.parts import in_parts
from crm.backoffice.personal import mentions, names, traces
from crm.backoffice.personal.belonging import Place, person_kind, places, the_same
from crm.backoffice.personal.mentions import GRADES, Grade, Takes
from crm.backoffice.personal.names import Sought
from crm.backoffice.types import FileRef

LISTED = 200  # places told one by one
BESIDE = 70  # characters of a text beside the name, at most
SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
TAG = re.compile(r"<[^>]*>")
RULE: frozenset[Grade] = frozenset({"sure", "likely"})
Said = tuple[tuple[str, bool], ...]  # pieces of a text, and whether each is the name


@dataclass(frozen=True)
class Choice:
    """Which places are blanked: of these grades, and `blank` besides, but none of `keep`."""

    blank: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    grades: frozenset[Grade] = RULE

    def takes(self, known: Mapping[str, Grade]) -> Takes:
        """The same as a question, of a place and the grade of one text of it; `known` are the grades of whole places."""

        def asked(place: str, grade: Grade) -> bool:
            return place not in self.keep and (place in self.blank or min(grade, known.get(place, grade), key=GRADES.index) in self.grades)

        return asked

    def as_args(self) -> dict[str, list[str]]:
        """As JSON, for a job."""
        return {"blank": sorted(self.blank), "keep": sorted(self.keep), "grades": sorted(self.grades)}

    @classmethod
    def of_args(cls, args: Mapping[str, Any]) -> "Choice":
        return cls(frozenset(args["blank"]), frozenset(args["keep"]), frozenset(args["grades"])) if args else cls()


@dataclass(frozen=True)
class Named:
    """A text of somebody else that names the person. `spec` is None where it stands in a table of the product, a file, or the past of a field;
    `may`: whether this eraser may choose it, where it is not surely about the person."""

    place: str
    grade: Grade
    said: Said
    kind: Entity | None = None
    id: int = 0
    key: str = ""
    code: str = ""
    may: bool = True

    @property
    def taken(self) -> bool:
        """Whether the rule takes it."""
        return self.grade in RULE

    def as_dict(self) -> dict[str, Any]:
        text = "".join(f"«{piece}»" if marked else piece for piece, marked in self.said)
        return {"place": self.place, "entity": self.kind.key if self.kind else None, "code": self.code or None, "field": self.key or None, "text": text,
                "grade": self.grade, "blanked": self.taken, "may": self.may or self.grade == "sure"}


@dataclass(frozen=True)
class Listing:
    """The places, those first about which the rule is least sure, at most `LISTED` of them; how many there are besides, by grade; and those that
    only the whole list tells."""

    named: tuple[Named, ...] = ()
    more: Mapping[Grade, int] = field(default_factory=dict)

    @property
    def doubtful(self) -> bool:
        """Whether something stands there that the rule does not take and the eraser may."""
        return bool(self.more.get("word")) or any(one.may and not one.taken for one in self.named)

    def as_dict(self) -> dict[str, Any]:
        return {"named": [one.as_dict() for one in self.named], "named_more": {grade: number for grade, number in self.more.items() if number}}


def listing(engine: Engine, session: DataSession, entity: str, record_id: int, *, instance: Path, kept: Path, most: int = LISTED) -> Listing:
    """The places that this session sees. The person has been judged."""
    kind = person_kind(session.catalog, entity)
    own = places(session, kind, the_same(session, kind, record_id))
    found = sorted(_all(engine, session, own, instance, kept), key=lambda one: (-GRADES.index(one.grade), one.kind.key if one.kind else "~", one.id, one.place))
    more: dict[Grade, int] = dict.fromkeys(GRADES, 0)
    for one in found[most:]:
        more[one.grade] += 1
    return Listing(tuple(_coded(session, found[:most])), more)


def settled(engine: Engine, session: DataSession, entity: str, record_id: int, choice: Choice, *, instance: Path, kept: Path) -> Choice:
    """What of a choice holds for this session: to whom not everything shows, what is not sure goes only from fields that he may change."""
    if _whole(session):
        return choice
    kind = person_kind(session.catalog, entity)
    own = places(session, kind, the_same(session, kind, record_id))
    takes = choice.takes({})
    mine = {one.place for one in _all(engine, session, own, instance, kept) if one.may and takes(one.place, one.grade)}
    return replace(choice, blank=frozenset(mine), grades=choice.grades & {"sure"})


def _all(engine: Engine, session: DataSession, own: Sequence[Place], instance: Path, kept: Path) -> Iterator[Named]:
    """Whoever may see everything is told all there is; another what he finds with his own eyes, by the names that he knows the person by."""
    whole = _whole(session)
    with system_session(engine, "personal data: who names a person", session.catalog) as system:
        everything = names.everything(system, own)
        sought = names.looked_for(system, own) if whole else names.everything(session, own)
        met = _met(system, sought if whole else everything, own)
        files = traces.named_in(instance, kept, system, replace(everything, words=sought.words)) if whole else []
    records: dict[str, set[int]] = {}
    for one in met.values():
        if one.kind is not None:
            records.setdefault(one.kind.key, set()).add(one.id)
    seen = {one.place: one for key, ids in records.items() for one in _seen(session, session.catalog.entity(key), sorted(ids), sought, met)}
    if not whole:
        yield from seen.values()
        return
    yield from (seen.get(one.place, one) for one in met.values())
    yield from (Named(trace.place, trace.grade, excerpt(sought, trace.said)) for trace in files)


def _whole(session: DataSession) -> bool:
    return session.access is None or session.access.unlimited


def _met(system: DataSession, sought: Sought, own: Sequence[Place]) -> dict[str, Named]:
    """Every place by its name."""
    met: dict[str, Named] = {}
    for table, _, hits in mentions.find(system, sought, own):
        for hit in hits:
            entity, number, key = (*hit.place.split(".", 2), "", "")[:3]
            kind = system.catalog.entities.get(entity)
            before = met.get(hit.place)
            grade = min(hit.grade, before.grade, key=GRADES.index) if before else hit.grade
            spec = kind.fields.get(key) if kind is not None else None
            said = before.said if before and table is mentions.JOURNAL else excerpt(sought, hit.said, spec)
            met[hit.place] = Named(hit.place, grade, said, kind, int(number), key) if spec is not None else Named(hit.place, grade, said)
    return met


def _seen(session: DataSession, kind: Entity, ids: Sequence[int], sought: Sought, met: Mapping[str, Named]) -> Iterator[Named]:
    """The fields of these records that name the person, as this session sees them; through it, so that its reading is journaled as any."""
    wanted = {one.key for one in met.values() if one.kind is not None and one.kind.key == kind.key}
    keys = [key for key in session.sight.filterable(kind.key) if key in wanted]
    editable = set(session.sight.editable(kind.key))
    if not keys:
        return
    for deleted in (False, True):
        source = session.table(kind.key, deleted=deleted)
        columns = [source[key].label(f"says_{key}") for key in keys]
        columns += [source.may_edit(key, "update").label(f"may_{key}") for key in keys if key in editable]
        for part in in_parts(ids):
            query = select(source.id.label("id"), source.may("update").label("may"), *columns).where(source.visible, source.id.in_(part))
            for row in session.execute(query).mappings():
                for one in (met[place] for key in keys if (place := f"{kind.key}.{row['id']}.{key}") in met):
                    if (said := excerpt(sought, row[f"says_{one.key}"], kind.fields[one.key])) == ():
                        continue
                    may = one.key in editable and bool(row["may"] and row[f"may_{one.key}"]) and not deleted
                    # What others see of the record, and whether it refers to the person, is nothing that this session was shown.
                    grade = one.grade if _whole(session) else "sure" if sought.surely(mentions.words(row[f"says_{one.key}"])) else "word"
                    yield replace(one, said=said, grade=grade, may=may or _whole(session))


def _coded(session: DataSession, found: Sequence[Named]) -> Iterable[Named]:
    """With the codes of the records, as far as the session sees them."""
    codes: dict[tuple[str, int], str] = {}
    for entity in {one.kind.key for one in found if one.kind is not None}:
        if "code" not in session.sight.filterable(entity):
            continue
        for deleted in (False, True):
            source = session.table(entity, deleted=deleted)
            ids = sorted({one.id for one in found if one.kind is not None and one.kind.key == entity})
            query = select(source.id, source["code"]).where(source.visible, source.id.in_(ids))
            codes |= {(entity, number): code for number, code in session.execute(query)}
    return [replace(one, code=codes.get((one.kind.key, one.id), "")) if one.kind is not None else one for one in found]


def excerpt(sought: Sought, value: Any, spec: Field | None = None) -> Said:
    """The sentence of a text that names the person, the names marked; () where none does. `spec` is the field that holds it."""
    rich = spec is not None and spec.type == "rich_text"
    text = next((text for said in _texts(value) if sought.in_text.search(text := TAG.sub(" ", said) if rich else said)), None)
    if text is None:
        return ()
    sentence = next(part for part in [*SENTENCE.split(text), text] if sought.in_text.search(part))
    first = next(sought.in_text.finditer(sentence))
    start, end = max(0, first.start() - BESIDE), first.end() + BESIDE
    pieces: list[tuple[str, bool]] = []
    shown = ("…" if start else "") + sentence[start:end] + ("…" if end < len(sentence) else "")
    at = 0
    for found in sought.in_text.finditer(shown):
        pieces += [(shown[at : found.start()], False), (found.group(), True)]
        at = found.end()
    return tuple(piece for piece in [*pieces, (shown[at:], False)] if piece[0])


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, FileRef):
        yield value.name
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
