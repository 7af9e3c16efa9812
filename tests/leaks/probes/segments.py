"""Segments: their state, why one is in them, counting, records put in together; those that rest on hidden fields are as if there were none."""

import json
from collections.abc import Iterator

from tests.leaks import conditions
from tests.leaks.probes.writing import undone
from tests.leaks.questions import MISSING, Question, View, get, post, probe

RECORD = "/<entity>/<record_id>/"


@probe(RECORD + "state", RECORD + "why", RECORD + "count")
def looked_at(view: View) -> Iterator[Question]:
    for entity, page in (("segment", "state"), ("segment_member", "why"), ("deal", "state")):
        for number in view.seen(entity, 12):
            yield get(RECORD + page, entity, f"/{entity}/{number}/{page}")
        for number in view.seen(entity, 2):
            yield get(RECORD + page, entity, f"/{entity}/{number}/{page}", lang="uk")
        for number in [*view.unseen(entity, 5), *view.removed(entity)]:
            asked = get(RECORD + page, entity, f"/{entity}/{number}/{page}").expecting(403, 404)
            yield asked.just_as(get(RECORD + page, entity, f"/{entity}/{MISSING}/{page}"), f"/{MISSING}/", f"/{number}/")
    for number in view.seen("segment", 3):
        yield post(RECORD + "count", "segment", f"/segment/{number}/count")
    for number in view.unseen("segment", 3):
        asked = post(RECORD + "count", "segment", f"/segment/{number}/count").expecting(403, 404)
        yield asked.just_as(post(RECORD + "count", "segment", f"/segment/{MISSING}/count"), f"/{MISSING}/", f"/{number}/")


@probe("/<entity>/segment")
def put_together(view: View) -> Iterator[Question]:
    """Records put into a segment and taken out: of seen and unseen segments, of seen and unseen records."""
    for entity in ("account", "contact"):
        records = [*view.seen(entity, 4), *view.unseen(entity, 2)]
        ids = ",".join(map(str, records)) or "1"
        yield get("/<entity>/segment", entity, f"/{entity}/segment", ids=ids)
        yield get("/<entity>/segment", entity, f"/{entity}/segment", all=1)
        for number in [*view.seen("segment", 4), *view.unseen("segment", 3), MISSING]:
            for how in ("add", "take"):
                asked = post("/<entity>/segment", entity, f"/{entity}/segment", form={"ids": ids, "segment": str(number), "step": "apply", "how": how})
                yield undone(asked) if view.rng.random() < 0.5 else asked


@probe("/<entity>/new/")
def by_condition(view: View) -> Iterator[Question]:
    """Segments by conditions over everything: one that names what is hidden is refused like one that names nothing, whatever it would hold."""
    for entity in ("account", "contact"):
        known = conditions.every(view, view.catalog.entities[entity])
        for one in view.rng.sample(known, min(30, len(known))):
            form = {"name": "Сегмент", "of": entity, "kind": "dynamic", "condition": json.dumps(one.where, ensure_ascii=False)}
            asked = post("/<entity>/new/", "segment", "/segment/new/", *one.names, form=form)
            yield asked.expecting(403, 422) if one.hidden else asked
    for number in [*view.seen("segment", 4), *view.unseen("segment", 4)]:
        yield post("/<entity>/new/", "segment", "/segment/new/", form={"name": "Знімок", "kind": "frozen", "frozen_from": str(number)})


@probe("/<entity>/")
def filtered(view: View) -> Iterator[Question]:
    """Lists by the segments that their records, or what these refer to, are in."""
    for number in [*view.seen("segment", 6), *view.unseen("segment", 6), MISSING]:
        for entity, path in (("account", "segments.current"), ("contact", "segments.current"), ("deal", "account.segments.current")):
            for op in ("eq", "ne"):
                yield get("/<entity>/", entity, f"/{entity}/", where={"field": path, "op": op, "value": number}, sort="id")
