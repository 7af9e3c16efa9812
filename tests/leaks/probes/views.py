"""Kept views: lists opened with them, and what is done with one's own, with those of others and with shared ones."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

from crm.backoffice import records
from crm.backoffice.entities import Entity
from crm.backoffice.guard import system_session
from crm.backoffice.jobs import Work
from crm.backoffice.views import watching
from crm.letters.notices import ask_for_letters
from crm.watching import look_for
from tests.leaks import conditions
from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side

KEPT = "/<entity>/views/<kept>"


@probe("/<entity>/views", KEPT, KEPT + "/remove", KEPT + "/share", "/<entity>/")
def kept(view: View, kind: Entity) -> Iterator[Question]:
    """A list is kept and opened again; one that names what is hidden is not kept, and one that is not there is not opened."""
    base, usable = f"/{kind.key}/views", [k for k in kind.fields if k not in view.shut(kind.key)]
    name = f"view {kind.key}"
    if usable and view.reads(kind.key):
        column = view.rng.choice(usable)
        yield post("/<entity>/views", kind.key, base, form={"name": name, "query": f"columns={column}&search=%D0%B0", "widths": f'{{"{column}": 120}}'})
    for key in view.shut(kind.key) if view.reads(kind.key) else ():
        unknown = view.unknown(kind.key, key)
        forms = ({"name": f"{name} {key}", "query": f"sort={k}&columns={k}"} for k in (key, unknown))
        asked, other = (post("/<entity>/views", kind.key, base, f"{kind.key}.{key}", form=form) for form in forms)
        yield asked.expecting(400).just_as(other, unknown, key)
    for asked in view.rng.sample(list(conditions.every(view, kind)), 3):
        where = quote(json.dumps(asked.where, default=str))
        yield post("/<entity>/views", kind.key, base, *asked.names, form={"name": name + "!", "query": f"where={where}"})
    for number in (1, 2, 3, MISSING):
        yield get("/<entity>/", kind.key, f"/{kind.key}/", view=number)
        yield post(KEPT, kind.key, f"{base}/{number}", form={"name": f"{name} {number}", "starred": "1", "first": "1"})
        yield post(KEPT, kind.key, f"{base}/{number}", form={"watched": "1"})
        yield get(KEPT + "/share", kind.key, f"{base}/{number}/share")
    yield get("/<entity>/", kind.key, f"/{kind.key}/")
    yield get("/<entity>/", kind.key, f"/{kind.key}/", view="standard")
    yield post(KEPT, kind.key, f"{base}/standard", form={"first": "1"})
    yield post(KEPT + "/share", kind.key, f"{base}/{MISSING}/share", form={"label_en": "Shared"})
    yield post(KEPT + "/remove", kind.key, f"{base}/2/remove")


@probe("/views/starred")
def starred(view: View) -> Iterator[Question]:
    yield get("/views/starred", "", "/views/starred")


@probe("/notices/", "/notices/unread", "/notices/read", "/notices/by-mail", "/notices/<key>")
def told(view: View) -> Iterator[Question]:
    """What the person has been told, which is his alone."""
    yield get("/notices/", "", "/notices/")
    yield get("/notices/unread", "", "/notices/unread")
    yield Question("/notices/<key>", "", "the newest notice", _followed, writes=True, method="POST", path="/notices/")
    yield post("/notices/<key>", "", f"/notices/{'0' * 16}").expecting(404)
    yield post("/notices/by-mail", "", "/notices/by-mail", form={"on": "1"})
    yield get("/notices/", "", "/notices/", lang="uk")
    yield post("/notices/read", "", "/notices/read")


def _followed(side: Side) -> Answer:
    found = re.search(r'action="(/notices/\w{16})"', side.send("GET", "/notices/").text)
    return side.send("POST", found[1], data={}) if found else Answer(200, b"nothing has been told")


@probe("letter notices")
def by_mail(view: View) -> Iterator[Question]:
    """A letter about what came into a view that names what is hidden, and into one that does not."""
    yield Question("letter notices", "", "the letter of notices", _letter, writes=True)


def _letter(side: Side) -> Answer:
    """What a watched list of accounts tells after accounts were written, by mail."""
    catalog = side.app.extensions["brama"].catalog
    side.send("POST", "/notices/by-mail", data={"on": "1"})
    kept = side.send("POST", "/account/views", data={"name": "letter", "query": "search=%D0%B0"})
    side.send("POST", f"/account/views/{dict(kept.heads).get('Location', '').rpartition('=')[2]}", data={"watched": "1"})
    with system_session(side.engine, "leaks", catalog, write=True) as session:
        records.create(session, "account", {"name": "Аврора"})
        session.commit()
    with system_session(side.engine, "leaks", catalog) as session:
        people = watching.watchers(session)
    for person in people:
        look_for(side.engine, catalog, person)
    with side.app.app_context():
        ask_for_letters(Work(0, {}, None, side.engine, catalog, side.app.extensions["brama"].settings))
    return Answer(200, b"\n".join(path.read_bytes() for path in side.letters()), ())
