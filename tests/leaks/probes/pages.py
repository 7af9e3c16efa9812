"""Pages that belong to no entity: home, search, recycle bin, undo, the frame around everything."""

import io
from collections.abc import Iterator
from functools import partial

from tests.leaks.probes.lists import words
from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side


@probe("/", "/health", "/static/<path:filename>", "/static/<filename>", "/static/v-<mark>/<filename>")
def frame(view: View) -> Iterator[Question]:
    yield get("/", "", "/")
    yield get("/", "", "/", lang="uk")
    yield get("/health", "", "/health")
    yield get("/static/<filename>", "", "/static/css/grid.css")
    yield get("/static/<filename>", "", "/static/nothing.css")
    yield get("/static/v-<mark>/<filename>", "", "/static/v-0/css/grid.css")


@probe("/search")
def palette(view: View) -> Iterator[Question]:
    """The command palette: words of every entity, of what is shown and of what is hidden."""
    yield get("/search", "", "/search", q="")
    for kind in view.entities():
        for text, key in words(view, kind):
            yield get("/search", kind.key, "/search", f"{kind.key}.{key}", q=text)


@probe("/journal/", "/journal/verify")
def journal(view: View) -> Iterator[Question]:
    """The journal of the whole company, by everything that it may be asked by, as a page and as a file."""
    yield get("/journal/", "", "/journal/")
    yield get("/journal/", "", "/journal/", format="csv")
    for kind in view.entities():
        yield get("/journal/", kind.key, "/journal/", entity=kind.key)
        yield get("/journal/", kind.key, "/journal/", entity=kind.key, format="csv", lang="uk")
        for key in view.rng.sample(list(kind.fields), min(4, len(kind.fields))):
            yield get("/journal/", kind.key, "/journal/", f"{kind.key}.{key}", entity=kind.key, field=key)
        for number in view.unseen(kind.key, 1):
            yield get("/journal/", kind.key, "/journal/", entity=kind.key, record=number)
    for person in view.rng.sample(list(view.oracle.rows["user"]), 2):
        yield get("/journal/", "", "/journal/", who=person)
    yield get("/journal/", "", "/journal/", action="event", source="ui", since="2020-01-01", until="x")
    yield post("/journal/verify", "", "/journal/verify")


@probe("/recycle/")
def bin_(view: View) -> Iterator[Question]:
    yield get("/recycle/", "", "/recycle/")
    yield get("/recycle/", "", "/recycle/", entity="no_such")
    for kind in view.entities():
        yield get("/recycle/", kind.key, "/recycle/", entity=kind.key)
        yield get("/recycle/", kind.key, "/recycle/", entity=kind.key, after="WzAsMV0", lang="uk")


@probe("/undo/<batch>")
def others_batches(view: View) -> Iterator[Question]:
    """Somebody else's batch is as unknown as one that never was."""
    unknown = "0" * 32
    for batch in view.rng.sample(view.batches, min(4, len(view.batches))):
        asked = post("/undo/<batch>", "", f"/undo/{batch}")
        yield asked.expecting(404).just_as(post("/undo/<batch>", "", f"/undo/{unknown}"), unknown, batch)
    yield post("/undo/<batch>", "", "/undo/x").expecting(404)


@probe("/duplicates/")
def duplicates(view: View) -> Iterator[Question]:
    """Pairs that rest on a record or a field that is not seen are not there; nobody decides about a record that he does not see."""
    here = "/duplicates/"
    yield get(here, "", here)
    yield get(here, "", here, entity="no_such", page="0")
    for kind in view.entities():
        names = [f"{kind.key}.{key}" for key in kind.declared.alike]
        for words_of_address in ({}, {"page": 2}, {"decided": 1}, {"lang": "uk"}):
            yield get(here, kind.key, here, *names, entity=kind.key, **words_of_address)
        for number in [*view.seen(kind.key, 8), *view.unseen(kind.key, 2)] if kind.declared.alike else ():
            yield get(here, kind.key, here, *names, entity=kind.key, of=number)
        seen = view.others(kind.key, 3)
        for number in [*view.unseen(kind.key, 2), MISSING]:
            for deed in ("apart", "doubt"):
                asked, lost = (post(here, kind.key, here, form={"entity": kind.key, "deed": deed, "ids": [*seen[:1], n]}) for n in (number, MISSING))
                yield asked.expecting(400, 403, 404).just_as(lost)
        for deed in ("apart", "doubt", "merge", "search", "no_such"):
            yield post(here, kind.key, here, form={"entity": kind.key, "deed": deed, "ids": seen})


@probe("/calendar/")
def calendar(view: View) -> Iterator[Question]:
    """The same for everybody who may look; days are added by who may."""
    for year in (None, "2026", "x"):
        yield get("/calendar/", "calendar_day", "/calendar/", year=year)
        yield post("/calendar/", "calendar_day", "/calendar/", form={"year": year or ""})


@probe("/rates/")
def rates(view: View) -> Iterator[Question]:
    """The same for everybody; a file is taken from who may add rates, and a wrong one is refused alike."""
    yield get("/rates/", "exchange_rate", "/rates/")
    yield get("/rates/", "exchange_rate", "/rates/", lang="uk")
    yield post("/rates/", "exchange_rate", "/rates/", form={"only": "USD"})
    for text in ('[{"cc": "USD", "exchangedate": "25.11.2026", "rate": 0}]', "cc,exchangedate"):
        yield Question("/rates/", "exchange_rate", f"POST /rates/ {text}", partial(_brought, text), (), writes=True, method="POST", path="/rates/")


def _brought(text: str, side: Side) -> Answer:
    return side.send("POST", "/rates/", data={"only": "", "file": (io.BytesIO(text.encode()), "rates.json")})


@probe("/quality/")
def quality(view: View) -> Iterator[Question]:
    """Figures of what is seen; of the past only to who sees all."""
    asked = {"account": ("duplicates", "bad_phones", "silent"), "contact": ("bounced", "unowned"), "deal": ("no_step", "silent"), "x": ("x",)}
    for entity, measures in asked.items():
        yield get("/quality/", entity if entity != "x" else "", "/quality/", entity=entity, lang="uk")
        for measure in measures:
            for number in (None, *view.seen("department", 1), *view.unseen("department", 1), MISSING):
                yield get("/quality/", entity if entity != "x" else "", "/quality/", entity=entity, measure=measure, department=number)
