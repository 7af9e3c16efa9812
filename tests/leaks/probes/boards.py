"""Boards: every field to make columns of and to add up, the cards of columns, and moves of records seen and unseen."""

from collections.abc import Iterator

from crm.backoffice.entities import Entity
from tests.leaks import conditions
from tests.leaks.probes.lists import ROWS, refused, words
from tests.leaks.questions import MISSING, Question, View, get, post, probe

SHOW, CARDS, MOVE = "/board/<key>", "/board/<key>/cards", "/board/<key>/<record_id>"
CALENDAR = "/board/<key>/calendar"
ASK, NEWS = "/board/<key>/<record_id>/ask", "/board/<key>/news"
LONG_AGO = "2000-01-01T00:00:00+00:00"


def can_be(view: View, kind: Entity) -> list[str]:
    """The fields of an entity whose values are the configuration's, and its days, by months."""
    return [
        key for key, spec in kind.fields.items()
        if not spec.several and not spec.multiple and not spec.system
        and (spec.picklist or spec.target in view.catalog.configured or spec.type == "date")
    ]


def values(view: View, kind: Entity, key: str) -> list[int | str]:
    """Keys of columns: two values of the configuration, and the one of records without a value."""
    spec = kind.fields[key]
    if spec.type == "date":
        return ["2026-01", "2026-02-03", "none"]
    known = list(view.catalog.configured[spec.target or ""]) if spec.target else [o.id for o in view.catalog.picklists[spec.picklist or ""].options]
    return [*view.rng.sample(known, min(2, len(known))), "none"]


@probe(SHOW, CARDS)
def shown(view: View, kind: Entity) -> Iterator[Question]:
    """Every field as columns and as a sum; what is hidden answers as what is not there."""
    at, shut = f"/board/{kind.key}", set(view.shut(kind.key))
    usable = [key for key in can_be(view, kind) if key not in shut]
    yield get(SHOW, kind.key, at)
    for key, spec in kind.fields.items():
        for word in ("by", "sum"):
            if word == "sum" and not spec.totals and key not in shut:
                continue
            by = {"by": view.rng.choice(usable)} if word == "sum" and usable else {}
            asked = get(SHOW, kind.key, at, f"{kind.key}.{key}", **by, **{word: key})
            yield not_told(view, kind, asked) if key in shut else asked
            if key in shut and view.reads(kind.key) and (usable or word == "by"):
                unknown = view.unknown(kind.key, key)
                known, other = (get(SHOW, kind.key, at, f"{kind.key}.{key}", **by, **{word: k}) for k in (key, unknown))
                yield known.expecting(400).just_as(other, unknown, key)
    for key in can_be(view, kind):
        for column in values(view, kind, key):
            asked = get(CARDS, kind.key, f"{at}/cards", f"{kind.key}.{key}", by=key, column=column, sort=view.rng.choice(("id", "-id")))
            yield not_told(view, kind, asked) if key in shut else asked
    for key in usable[:2]:
        for asked in view.rng.sample(list(conditions.every(view, kind)), 4):
            board = get(SHOW, kind.key, at, *asked.names, f"{kind.key}.{key}", where=asked.where, by=key)
            yield not_told(view, kind, board) if asked.hidden else board
        for text, name in list(words(view, kind))[:4]:
            yield get(SHOW, kind.key, at, f"{kind.key}.{name}", search=text, by=key)
            yield get(CARDS, kind.key, f"{at}/cards", f"{kind.key}.{name}", search=text, by=key, column="none", size=ROWS)


@probe(SHOW)
def of_nothing(view: View) -> Iterator[Question]:
    yield get(SHOW, "", "/board/no_such_thing").expecting(404)


@probe(MOVE)
def moved(view: View, kind: Entity) -> Iterator[Question]:
    """Records are moved by every field that makes columns; an unseen record is answered as none."""
    at = f"/board/{kind.key}"
    for key in can_be(view, kind):
        if key in view.decisive(kind.key):
            continue
        for number in view.others(kind.key, 2):
            for column in values(view, kind, key)[:2]:
                asked = post(MOVE, kind.key, f"{at}/{number}", f"{kind.key}.{key}", form={"column": column}, by=key)
                yield not_told(view, kind, asked) if key in view.shut(kind.key) else asked
        for number in view.unseen(kind.key, 1, 1):
            if key in view.shut(kind.key) or not view.reads(kind.key):
                continue
            column = values(view, kind, key)[0]
            hidden, none = (post(MOVE, kind.key, f"{at}/{n}", form={"column": column}, by=key) for n in (number, MISSING))
            yield hidden.just_as(none, str(MISSING), str(number))


@probe(ASK)
def asked(view: View, kind: Entity) -> Iterator[Question]:
    """What moves of records seen and unseen lack, and moves made with an answer of the panel."""
    at = f"/board/{kind.key}"
    for key in can_be(view, kind):
        shut = key in view.shut(kind.key)
        if key in view.decisive(kind.key):
            continue
        for number in view.others(kind.key, 2):
            for column in values(view, kind, key)[:2]:
                shown = get(ASK, kind.key, f"{at}/{number}/ask", f"{kind.key}.{key}", column=column, by=key)
                yield not_told(view, kind, shown) if shut else shown
            given = post(ASK, kind.key, f"{at}/{number}/ask", f"{kind.key}.{key}", form={"_seen": ""}, column=values(view, kind, key)[0], by=key)
            yield not_told(view, kind, given) if shut else given
        for number in view.unseen(kind.key, 1, 1):
            if shut or not view.reads(kind.key):
                continue
            hidden, none = (get(ASK, kind.key, f"{at}/{n}/ask", column="none", by=key) for n in (number, MISSING))
            yield hidden.just_as(none, str(MISSING), str(number))


@probe(CALENDAR)
def days(view: View, kind: Entity) -> Iterator[Question]:
    """Every date as a calendar, a month and a week of it, under conditions; what is hidden answers as what is not there."""
    at, shut = f"/board/{kind.key}/calendar", set(view.shut(kind.key))
    for key in (key for key in can_be(view, kind) if kind.fields[key].type == "date"):
        for words_of in ({"from": "2026-01"}, {"week": "2026-02-03"}):
            asked_of = get(CALENDAR, kind.key, at, f"{kind.key}.{key}", by=key, **words_of)
            yield not_told(view, kind, asked_of) if key in shut else asked_of
        for condition in view.rng.sample(list(conditions.every(view, kind)), 2):
            told = get(CALENDAR, kind.key, at, *condition.names, f"{kind.key}.{key}", where=condition.where, by=key)
            yield not_told(view, kind, told) if condition.hidden or key in shut else told


@probe(NEWS)
def heard(view: View, kind: Entity) -> Iterator[Question]:
    """What is new of records seen, unseen and removed, since long ago and of a column that is hidden."""
    at = f"/board/{kind.key}/news"
    shut = set(view.shut(kind.key))
    usable = [key for key in can_be(view, kind) if key not in shut]
    numbers = [*view.others(kind.key, 3), *view.unseen(kind.key, 2, 2), MISSING]
    shown = ",".join(f"{number}.1" for number in numbers)
    for key in can_be(view, kind):
        asked_of = get(NEWS, kind.key, at, f"{kind.key}.{key}", by=key, shown=shown, since=LONG_AGO)
        yield not_told(view, kind, asked_of) if key in shut else asked_of
    for key in usable[:1]:
        yield get(NEWS, kind.key, at, by=key, shown=shown)
        for condition in view.rng.sample(list(conditions.every(view, kind)), 3):
            told = get(NEWS, kind.key, at, *condition.names, where=condition.where, by=key, shown=shown, since=LONG_AGO)
            yield not_told(view, kind, told) if condition.hidden else told


def not_told(view: View, kind: Entity, asked: Question) -> Question:
    """`asked` with the only answers that are right where a hidden name stands in it; a made entity that one may not read is not there."""
    return asked.expecting(404) if kind.custom and not view.reads(kind.key) else refused(view, kind, asked, True)
