"""One record: its card, forms, cells, journal, explanation; a hidden record answers as one that does not exist."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from crm.backoffice.entities import Entity
from crm.backoffice.resuming import Place
from crm.backoffice.timeline import kinds as registered
from tests.leaks.chance import FOUNDED
from tests.leaks.probes.lists import refused, words
from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side

RECORD = "/<entity>/<record_id>/"
PAGES = ("", "edit/", "journal", "timeline", "seen", "explain", "personal", "personal?format=json")


@probe(RECORD)
def cards(view: View, kind: Entity) -> Iterator[Question]:
    for number in view.seen(kind.key):
        here = f"/{kind.key}/{number}/"
        for args in ({}, {"lang": "uk"}, {"counts": "1"}, {"drawer": "1"}, {"as_of": "2026-01-01"}, {"as_of": "2031-01-01T10:00"}, {"as_of": "x"}):
            yield get(RECORD, kind.key, here, **args)
    for number in view.seen(kind.key, 2):
        for relation in kind.relations:
            yield get(RECORD, kind.key, f"/{kind.key}/{number}/", related=relation)
            yield get(RECORD, kind.key, f"/{kind.key}/{number}/", tab=relation)
        yield get(RECORD, kind.key, f"/{kind.key}/{number}/", related="no_such_rows")


@probe(RECORD)
def neighbours(view: View, kind: Entity) -> Iterator[Question]:
    """Who stands before and after a record in the order of each field: a binary search by a hidden one would need no more."""
    for number in view.seen(kind.key, 2):
        for key in view.secret(kind.key):
            sort = view.rng.choice((key, f"-{key}"))
            yield get(RECORD, kind.key, f"/{kind.key}/{number}/", f"{kind.key}.{key}", drawer=1, sort=sort)
            yield get(RECORD, kind.key, f"/{kind.key}/{number}/", f"{kind.key}.{key}", within="list", sort=sort)
            where = {"field": key, "op": "not_empty"}
            yield get(RECORD, kind.key, f"/{kind.key}/{number}/", f"{kind.key}.{key}", drawer=1, where=where)


@probe(
    RECORD, RECORD + "edit/", RECORD + "journal", RECORD + "timeline", RECORD + "seen", RECORD + "explain", RECORD + "personal",
    RECORD + "cell/<field>", RECORD + "file/<field>",
)
def unseen(view: View, kind: Entity) -> Iterator[Question]:
    """Records outside the scope, in the bin, and on one side only: all as if there were none."""
    for number in [*view.unseen(kind.key), *view.removed(kind.key), MISSING]:
        for page in PAGES:
            yield _as_missing(view, kind, number, page, get)
        for key in view.rng.sample(list(kind.fields), 3):
            yield _as_missing(view, kind, number, f"cell/{key}", get)
            yield _as_missing(view, kind, number, f"file/{key}", get)
    for number in view.unseen(kind.key):
        yield get(RECORD, kind.key, f"/{kind.key}/{number}/", heads={"Accept": "application/json"}).just_as(
            get(RECORD, kind.key, f"/{kind.key}/{MISSING}/", heads={"Accept": "application/json"}), str(MISSING), str(number))
        yield get(RECORD, kind.key, f"/{kind.key}/{number}/", drawer=1, heads={"HX-Request": "true"})


def _as_missing(view: View, kind: Entity, number: int, page: str, how: object) -> Question:
    endpoint = RECORD + (f"{page[:4]}/<field>" if page.startswith(("cell/", "file/")) else page)
    asked = get(endpoint, kind.key, f"/{kind.key}/{number}/{page}").expecting(404 if view.reads(kind.key) else 403, 403)
    if number == MISSING:
        return asked
    return asked.just_as(get(endpoint, kind.key, f"/{kind.key}/{MISSING}/{page}"), f"/{MISSING}/", f"/{number}/")


def some_time(view: View) -> str:
    """A place in a journal, as addresses carry it, at which much or little is told already."""
    return str(Place(FOUNDED - timedelta(hours=view.rng.randint(-4, 400)), view.rng.choice((0, 1, 30))))


@probe(RECORD + "edit/", RECORD + "journal", RECORD + "explain")
def pages(view: View, kind: Entity) -> Iterator[Question]:
    for number in view.seen(kind.key):
        yield get(RECORD + "edit/", kind.key, f"/{kind.key}/{number}/edit/")
        yield get(RECORD + "journal", kind.key, f"/{kind.key}/{number}/journal")
        yield get(RECORD + "journal", kind.key, f"/{kind.key}/{number}/journal", part=1, before=some_time(view))
        yield get(RECORD + "explain", kind.key, f"/{kind.key}/{number}/explain")
        for person in view.rng.sample(list(view.oracle.rows["user"]), 3):
            yield get(RECORD + "explain", kind.key, f"/{kind.key}/{number}/explain", user=person)
    for number in view.seen(kind.key, 1):
        yield get(RECORD + "edit/", kind.key, f"/{kind.key}/{number}/edit/", drawer=1, lang="uk")
        yield get(RECORD + "journal", kind.key, f"/{kind.key}/{number}/journal", before="x")
        yield get(RECORD + "explain", kind.key, f"/{kind.key}/{number}/explain", user=MISSING)


@probe(RECORD + "personal", RECORD + "erase")
def people(view: View, kind: Entity) -> Iterator[Question]:
    """What is kept about a person, as a page and as a file; an erasure that is never confirmed."""
    for number in view.seen(kind.key, 3):
        for args in ({}, {"format": "json"}, {"step": "erase"}, {"format": "x"}):
            yield get(RECORD + "personal", kind.key, f"/{kind.key}/{number}/personal", **args)
        yield post(RECORD + "erase", kind.key, f"/{kind.key}/{number}/erase", form={"code": "not this"})
    for number in view.unseen(kind.key, 1):
        asked = post(RECORD + "erase", kind.key, f"/{kind.key}/{number}/erase", form={"code": "not this"})
        other = post(RECORD + "erase", kind.key, f"/{kind.key}/{MISSING}/erase", form={"code": "not this"})
        yield asked.expecting(403, 404).just_as(other, f"/{MISSING}/", f"/{number}/")


@probe(RECORD + "timeline")
def timelines(view: View, kind: Entity) -> Iterator[Question]:
    """Each kind of things, whole and from some place on: neither an item nor that there are more tells of what is hidden."""
    kinds = [one.key for one in registered.every()] + ["change", "import"]
    for number in view.seen(kind.key):
        here = f"/{kind.key}/{number}/timeline"
        yield get(RECORD + "timeline", kind.key, here)
        yield get(RECORD + "timeline", kind.key, here, part=1, before=f"~{some_time(view)}")
    for number in view.seen(kind.key, 1):
        for one in (*kinds, "no_such"):
            yield get(RECORD + "timeline", kind.key, f"/{kind.key}/{number}/timeline", kinds=one, lang="uk")
            yield get(RECORD, kind.key, f"/{kind.key}/{number}/", kinds=one)


@probe(RECORD + "seen")
def seen(view: View, kind: Entity) -> Iterator[Question]:
    """Who has seen it, on its page and beside the card, after it was opened."""
    for number in view.seen(kind.key, 3):
        yield get(RECORD, kind.key, f"/{kind.key}/{number}/")
        yield get(RECORD + "seen", kind.key, f"/{kind.key}/{number}/seen")
        yield get(RECORD, kind.key, f"/{kind.key}/{number}/", counts="1")


@probe(RECORD + "employer")
def employers(view: View) -> Iterator[Question]:
    """The form of a person who works elsewhere now names the present company; of an unseen person nothing, of an unseen company no more."""
    for number in view.seen("contact"):
        yield get(RECORD + "employer", "contact", f"/contact/{number}/employer")
    for number in view.seen("contact", 1):
        for account in (*view.seen("account", 1), *view.unseen("account", 1)):
            yield post(RECORD + "employer", "contact", f"/contact/{number}/employer", form={"account": str(account), "since": "2031-05-06", "title": "x"})
    for number in [*view.unseen("contact"), *view.removed("contact")]:
        asked = get(RECORD + "employer", "contact", f"/contact/{number}/employer").expecting(404, 403)
        yield asked.just_as(get(RECORD + "employer", "contact", f"/contact/{MISSING}/employer"), f"/{MISSING}/", f"/{number}/")


@probe(RECORD + "cell/<field>")
def cells(view: View, kind: Entity) -> Iterator[Question]:
    """The form of every cell, of one that keeps something and of another."""
    hidden = set(view.hidden(kind.key))
    for number in view.seen(kind.key, 2):
        for key in kind.fields:
            asked = get(RECORD + "cell/<field>", kind.key, f"/{kind.key}/{number}/cell/{key}", f"{kind.key}.{key}")
            if key in hidden:
                unknown = view.unknown(kind.key, key)
                asked = asked.just_as(get(RECORD + "cell/<field>", kind.key, f"/{kind.key}/{number}/cell/{unknown}"), unknown, key)
            yield refused(view, kind, asked, key in hidden)


@probe(RECORD + "file/<field>")
def files(view: View, kind: Entity) -> Iterator[Question]:
    """A hidden field that holds no file answers as one that there is none of."""
    for number in view.seen(kind.key, 1):
        for key in view.rng.sample(list(kind.fields), 3):
            unknown = view.unknown(kind.key, key)
            asked = get(RECORD + "file/<field>", kind.key, f"/{kind.key}/{number}/file/{key}", f"{kind.key}.{key}").expecting(400, 404)
            yield asked.just_as(get(RECORD + "file/<field>", kind.key, f"/{kind.key}/{number}/file/{unknown}"), unknown, key)


@probe("/<entity>/new/")
def new_forms(view: View, kind: Entity) -> Iterator[Question]:
    """The empty form, and filled beforehand with records that are seen, unseen, missing."""
    yield get("/<entity>/new/", kind.key, f"/{kind.key}/new/")
    yield get("/<entity>/new/", kind.key, f"/{kind.key}/new/", drawer=1, lang="uk")
    for key, spec in kind.fields.items():
        if not spec.target or spec.system:
            continue
        for number in view.seen(spec.target, 1):
            yield get("/<entity>/new/", kind.key, f"/{kind.key}/new/", f"{kind.key}.{key}", **{key: number})
        for number in view.unseen(spec.target, 1):
            # The form keeps the address it came by, so the two numbers are of one length.
            asked = get("/<entity>/new/", kind.key, f"/{kind.key}/new/", f"{kind.key}.{key}", **{key: number})
            other = get("/<entity>/new/", kind.key, f"/{kind.key}/new/", **{key: MISSING})
            yield asked.just_as(other, f"{key}={MISSING}", f"{key}={number}") if number > 9 else asked


@probe("/<entity>/new/")
def told_in_one_line(view: View, kind: Entity) -> Iterator[Question]:
    """Lines that name people and companies by names that are shown and by those that are hidden."""
    if kind.key != "interaction":
        return
    for target in ("contact", "account"):
        for text, key in words(view, view.catalog.entities[target]):
            for line in (f"завтра 10:00 дзвінок {text} про все", f"met {text} yesterday about it"):
                yield get("/<entity>/new/", kind.key, "/interaction/new/", f"{target}.{key}", say=line)


@probe(RECORD + "checklist")
def checklists(view: View, kind: Entity) -> Iterator[Question]:
    """Items of checklists ticked where there are none, of records that are seen, that are not, and that nobody has."""
    for form in ({"done": "call"}, {"open": "call"}):
        for number in [*view.unseen(kind.key, 1), *view.seen(kind.key, 1)]:
            yield post(RECORD + "checklist", kind.key, f"/{kind.key}/{number}/checklist", form=form).expecting(403, 404)
        for number in view.unseen(kind.key, 1):
            asked, other = (post(RECORD + "checklist", kind.key, f"/{kind.key}/{one}/checklist", form=form) for one in (number, MISSING))
            yield asked.just_as(other, f"/{MISSING}/", f"/{number}/")


@probe(RECORD + "restore")
def restored(view: View, kind: Entity) -> Iterator[Question]:
    for number in [*view.unseen(kind.key, 1), *view.seen(kind.key, 1)]:
        asked = post(RECORD + "restore", kind.key, f"/{kind.key}/{number}/restore")
        other = post(RECORD + "restore", kind.key, f"/{kind.key}/{MISSING}/restore")
        yield asked.expecting(403, 404).just_as(other, f"/{MISSING}/", f"/{number}/")
    for number in view.removed(kind.key):
        yield removed_again(post(RECORD + "restore", kind.key, f"/{kind.key}/{number}/restore"), kind, number)


def removed_again(asked: Question, kind: Entity, number: int) -> Question:
    """The record's page after it was brought back, and the record into the bin again: other questions are about one that is removed."""

    def ask(side: Side) -> Answer:
        answer = asked.ask(side)
        if answer.status >= 400:
            return answer
        page = side.send("GET", f"/{kind.key}/{number}/")
        gone = side.send("POST", f"/{kind.key}/remove", data={"ids": str(number)})
        assert gone.status < 400, gone.text
        return Answer(max(answer.status, page.status if page.status >= 500 else 0), answer.body + b"\n" + page.body, answer.heads + page.heads)

    return replace(asked, ask=ask, say=asked.say + ", its page, and removed again")
