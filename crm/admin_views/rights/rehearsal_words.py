"""A rehearsal as its reader is told it: a sentence an entity, and a line for each thing that changes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from babel.numbers import format_decimal

from crm.admin_views.kit.answers import say
from crm.admin_views.kit.explain_view import WORDS
from crm.backoffice.access import ACTIONS, APART, Action
from crm.backoffice.catalog import Catalog
from crm.messages import Message, m, mn
from crm.rights.effects import GAIN, HIDE, LOSE, SHOW, WEAKEN, WIDEN
from crm.rights.planned_rights import PlannedRole
from crm.rights.rehearsal import Outcome, Rehearsal

FIELD = {HIDE: m("no longer seen"), SHOW: m("seen from now on"), WEAKEN: m("less than before"), WIDEN: m("more than before")}
ORDER = (LOSE, HIDE, WEAKEN, GAIN, SHOW, WIDEN)


@dataclass(frozen=True)
class Line:
    """One thing that changes: what, for how many people, on how many records of each."""

    what: str
    how: str
    loses: bool
    people: str
    records: str


@dataclass(frozen=True)
class Part:
    """One kind of records, with a sentence that sums up what is lost."""

    label: str
    sentence: str
    lines: list[Line]


@dataclass(frozen=True)
class Told:
    people: str
    parts: list[Part]
    untold: list[str]
    partly: str
    unclear: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)  # what the plan makes and the role would show
    planned: bool = False  # whether the plan makes anything


def told(found: Rehearsal, catalog: Catalog, language: str, planned: PlannedRole | None = None, after: Catalog | None = None) -> Told:
    """`planned` is the role in the plan that was rehearsed, and `after` the catalog that the plan would make."""
    parts = []
    for entity in dict.fromkeys(o.entity for o in found.outcomes):
        own = sorted((o for o in found.outcomes if o.entity == entity), key=_place)
        kind = catalog.entity(entity)
        lines = [
            Line(
                WORDS[_action(o)].text(language) if o.field is None else kind.fields[o.field].label.text(language), say(_how(o)), _loses(o),
                say(mn("%(num)s person", "%(num)s people", o.people)), _range(o, language),
            )
            for o in own
        ]
        parts.append(Part(kind.plural.text(language), " ".join(say(sentence) for sentence in _sentences(own, language)), lines))
    partly = "" if found.whole else say(m("Counted for %(counted)s of %(holders)s people: the company is too large for all at once.", counted=found.counted,
                                          holders=found.holders))
    people = say(mn("%(num)s person holds the role today.", "%(num)s people hold the role today.", found.holders))
    untold, unclear = ([catalog.entity(key).plural.text(language) for key in keys] for keys in (found.untold, found.unclear))
    if planned is None or planned.over is None or after is None:
        return Told(people, parts, untold, partly, unclear)
    made = [_made(after, entity, key, language) for entity, key in planned.made]
    return Told(people, parts, untold, partly, unclear, made, True)


def _made(after: Catalog, entity: str, key: str | None, language: str) -> str:
    kind = after.entity(entity)
    name = kind.plural.text(language)
    return name if key is None else f"{name} · {kind.fields[key].label.text(language)}"


def _sentences(own: list[Outcome], language: str) -> Iterator[Message]:
    lost = [o for o in own if o.kind == f"{LOSE}_read"]
    hidden = [o for o in own if o.kind == HIDE]
    for one in lost:
        records = mn("up to %(text)s record", "up to %(text)s records", one.most, text=format_decimal(one.most, locale=language))
        yield mn("%(num)s person loses %(records)s.", "%(num)s people lose %(records)s.", one.people, records=records)
    if hidden:
        most = max(o.most for o in hidden)
        fields = mn("%(num)s field", "%(num)s fields", len(hidden))
        on = mn("on up to %(text)s record", "on up to %(text)s records", most, text=format_decimal(most, locale=language))
        yield mn("%(num)s person loses %(fields)s %(records)s.", "%(num)s people lose %(fields)s %(records)s.", max(o.people for o in hidden), fields=fields,
                 records=on)


def _action(one: Outcome) -> Action:
    return next(a for a in ACTIONS if one.kind.endswith(f"_{a}"))


def _loses(one: Outcome) -> bool:
    return one.kind.startswith(LOSE) or one.kind in (HIDE, WEAKEN)


def _how(one: Outcome) -> Message:
    if one.field is not None:
        return FIELD[one.kind]
    return m("no longer") if _loses(one) else m("from now on")


def _range(one: Outcome, language: str) -> str:
    """Of making records and of configuring nothing is counted."""
    if one.field is None and _action(one) in APART:
        return ""
    least, most = (format_decimal(number, locale=language) for number in (one.least, one.most))
    return say(mn("%(text)s record each", "%(text)s records each", one.most, text=most if least == most else f"{least}–{most}"))


def _place(one: Outcome) -> tuple[int, bool, str]:
    bare = one.kind.split("_")[0]
    return ORDER.index(bare), one.field is not None, one.field or one.kind
