"""Kept views: lists opened with them, and what is done with one's own, with those of others and with shared ones."""

import json
from collections.abc import Iterator
from urllib.parse import quote

from crm.backoffice.entities import Entity
from tests.leaks import conditions
from tests.leaks.questions import MISSING, Question, View, get, post, probe

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


@probe("/notices/", "/notices/unread", "/notices/read", "/notices/<notice_id>")
def told(view: View) -> Iterator[Question]:
    """What the person has been told, which is his alone."""
    yield get("/notices/", "", "/notices/")
    yield get("/notices/unread", "", "/notices/unread")
    for number in (1, MISSING):
        yield post("/notices/<notice_id>", "", f"/notices/{number}")
    yield post("/notices/read", "", "/notices/read")
