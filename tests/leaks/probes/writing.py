"""Everything that is posted: the same post to both sides, the same answer, and afterwards the same to be read.

A post that names what is hidden is refused like one that names nothing; a record outside the scope is not there.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from tests.leaks import conditions
from tests.leaks.probes.lists import words
from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side

RECORD = "/<entity>/<record_id>/"
CELL = RECORD + "cell/<field>"
JSON = {"Accept": "application/json"}
PERSONAL = ("user", "role", "membership")  # all that match would be the person himself too
UNDO = re.compile(r"/undo/([0-9a-f]{32})")


def typed(view: View, spec: Field, entity: str) -> str:
    """What a person would type or choose to give the field another value."""
    value = view.value(entity, spec.key)
    if spec.target and spec.type == "many_to_many":
        return ",".join(map(str, view.seen(spec.target, 2)))
    if spec.target:
        known = view.catalog.configured.get(spec.target)
        return str(view.rng.choice(list(known)) if known else next(iter(view.others(spec.target, 1)), MISSING))
    if spec.picklist:
        return str(view.rng.choice([o.id for o in view.catalog.picklists[spec.picklist].options]))
    if spec.type == "boolean":
        return view.rng.choice(("1", ""))
    if spec.type == "text" and view.rng.random() < 0.5:
        return f"інше {view.rng.randint(1, 999)}"
    return "" if value is None else spec.input_text(value, view.reader)


def free(view: View, kind: Entity) -> list[str]:
    """Fields that the role could type in, as far as a rule goes; codes and addresses are not multiplied."""
    closed = {*view.shut(kind.key), *view.decisive(kind.key)}
    return [k for k, f in kind.fields.items() if not f.system and not f.unique and k not in closed]


@probe("/<entity>/new/")
def made(view: View, kind: Entity) -> Iterator[Question]:
    """A new record, a wrong one, one with a field that is hidden, one that is put under a record nobody sees."""
    new = "/<entity>/new/"
    values = {k: typed(view, kind.fields[k], kind.key) for k in free(view, kind) if kind.fields[k].required or view.rng.random() < 0.4}
    yield post(new, kind.key, f"/{kind.key}/new/", *_names(kind, values), form=values)
    yield post(new, kind.key, f"/{kind.key}/new/", *_names(kind, values), form=values, drawer=1)
    yield post(new, kind.key, f"/{kind.key}/new/", form={})
    for key in [*view.hidden(kind.key), "row_version", "owner_id", "password_hash"]:
        asked = post(new, kind.key, f"/{kind.key}/new/", f"{kind.key}.{key}", form={**values, key: "1"})
        unknown = view.unknown(kind.key, key) if key in kind.fields else ""
        if key == "row_version":
            yield asked
        elif unknown and not view.oracle.gives(kind.key, key, kind.fields[key]):
            yield asked.expecting(400, 403).just_as(post(new, kind.key, f"/{kind.key}/new/", form={**values, unknown: "1"}), unknown, key)
        else:
            yield asked
    for key, spec in kind.fields.items():
        if spec.target and not spec.system and key in values:
            for number in view.unseen(spec.target, 1):
                asked = post(new, kind.key, f"/{kind.key}/new/", f"{kind.key}.{key}", form={**values, key: str(number)})
                other = post(new, kind.key, f"/{kind.key}/new/", form={**values, key: str(MISSING)})
                yield asked.just_as(other, f'value="{MISSING}"', f'value="{number}"') if number > 9 else asked


@probe(RECORD + "edit/")
def edited(view: View, kind: Entity) -> Iterator[Question]:
    """Forms saved whole and in part, with an old version, with hidden fields, on records that are not seen."""
    edit = RECORD + "edit/"
    fields = free(view, kind)
    for number in view.others(kind.key, 3):
        here = f"/{kind.key}/{number}/edit/"
        for key in view.rng.sample(fields, min(3, len(fields))):
            for version in ("", "1"):
                form = {key: typed(view, kind.fields[key], kind.key), **({"row_version": version} if version else {})}
                yield post(edit, kind.key, here, f"{kind.key}.{key}", form=form)
        whole = {k: typed(view, kind.fields[k], kind.key) for k in view.rng.sample(fields, min(6, len(fields)))}
        yield post(edit, kind.key, here, *_names(kind, whole), form={**whole, "row_version": "1"})
    for number in view.others(kind.key, 1):
        here = f"/{kind.key}/{number}/edit/"
        for key in view.hidden(kind.key):
            unknown = view.unknown(kind.key, key)
            asked = post(edit, kind.key, here, f"{kind.key}.{key}", form={key: "1"}).expecting(400, 403)
            yield asked.just_as(post(edit, kind.key, here, form={unknown: "1"}), unknown, key)
    for number in [*view.unseen(kind.key), MISSING]:
        asked = post(edit, kind.key, f"/{kind.key}/{number}/edit/", form={"name": "x"}).expecting(404 if view.reads(kind.key) else 403, 403)
        yield asked.just_as(post(edit, kind.key, f"/{kind.key}/{MISSING}/edit/", form={"name": "x"}), f"/{MISSING}/", f"/{number}/")


@probe(CELL, "/undo/<batch>")
def cells(view: View, kind: Entity) -> Iterator[Question]:
    """Cells saved, some taken back; hidden ones and those of unseen records refused."""
    fields = free(view, kind)
    for number in view.others(kind.key, 3):
        for key in view.rng.sample(fields, min(4, len(fields))):
            form = {"value": typed(view, kind.fields[key], kind.key)}
            asked = post(CELL, kind.key, f"/{kind.key}/{number}/cell/{key}", f"{kind.key}.{key}", form=form, heads=view.rng.choice((JSON, None)))
            yield undone(asked) if view.rng.random() < 0.4 else asked
    for number in view.others(kind.key, 1):
        for key in view.hidden(kind.key):
            unknown = view.unknown(kind.key, key)
            asked = post(CELL, kind.key, f"/{kind.key}/{number}/cell/{key}", f"{kind.key}.{key}", form={"value": "1"}).expecting(400)
            yield asked.just_as(post(CELL, kind.key, f"/{kind.key}/{number}/cell/{unknown}", form={"value": "1"}), unknown, key)
    for number in view.unseen(kind.key, 1):
        for key in view.rng.sample(list(kind.fields), 2):
            asked = post(CELL, kind.key, f"/{kind.key}/{number}/cell/{key}", form={"value": "1"}).expecting(403, 404)
            yield asked.just_as(post(CELL, kind.key, f"/{kind.key}/{MISSING}/cell/{key}", form={"value": "1"}), f"/{MISSING}/", f"/{number}/")


@probe("/<entity>/rules")
def rules(view: View, kind: Entity) -> Iterator[Question]:
    """What rules demand of typed values, of a new record, a seen and an unseen one; a field that is hidden is asked for as one that is not there."""
    place, path = "/<entity>/rules", f"/{kind.key}/rules"
    values = {k: typed(view, kind.fields[k], kind.key) for k in free(view, kind) if view.rng.random() < 0.3}
    for number in (None, *view.others(kind.key, 1)):
        yield post(place, kind.key, path, *_names(kind, values), form=values, id=number)
        for key in view.hidden(kind.key)[:3]:
            asked = post(place, kind.key, path, f"{kind.key}.{key}", form={**values, key: "1"}, id=number)
            unknown = view.unknown(kind.key, key)
            given = view.oracle.gives(kind.key, key, kind.fields[key])
            yield asked if given else asked.just_as(post(place, kind.key, path, form={**values, unknown: "1"}, id=number), unknown, key)
    for number in view.unseen(kind.key, 1):
        asked = post(place, kind.key, path, form=values, id=number).expecting(403, 404)
        yield asked.just_as(post(place, kind.key, path, form=values, id=MISSING), f"id={MISSING}", f"id={number}")


@probe("/<entity>/paste", "/<entity>/fill")
def ranges(view: View, kind: Entity) -> Iterator[Question]:
    """Pasted and filled ranges over seen, unseen and missing records, with texts that name hidden records."""
    numbers = [*view.others(kind.key, 3), *view.unseen(kind.key, 1)]
    paste, fill = f"/{kind.key}/paste", f"/{kind.key}/fill"
    usable = free(view, kind)
    for key in [*view.rng.sample(usable, min(5, len(usable))), *view.rng.sample(view.hidden(kind.key), min(4, len(view.hidden(kind.key))))]:
        spec = kind.fields[key]
        texts = [_pasted(view, spec, kind.key) for _ in numbers]
        rows = [{"id": n, "values": [t]} for n, t in zip(numbers, texts, strict=True)]
        for partial in (False, True):
            body: dict[str, Any] = {"columns": [key], "rows": rows, "partial": partial}
            asked = post("/<entity>/paste", kind.key, paste, f"{kind.key}.{key}", body=body)
            yield _shut(view, kind, key, asked, lambda k, b=body: post("/<entity>/paste", kind.key, paste, body={**b, "columns": [k]}))
        if numbers:
            body = {"source": numbers[0], "fields": [key], "ids": numbers[1:] or numbers}
            asked = post("/<entity>/fill", kind.key, fill, f"{kind.key}.{key}", body=body)
            yield _shut(view, kind, key, asked, lambda k, b=body: post("/<entity>/fill", kind.key, fill, body={**b, "fields": [k]}))
    for number in view.unseen(kind.key, 1):
        for key in view.rng.sample(usable, min(1, len(usable))):
            rows = [{"id": number, "row_version": 1, "values": ["1"]}]
            lost = [{"id": MISSING, "row_version": 1, "values": ["1"]}]
            asked = post("/<entity>/paste", kind.key, paste, body={"columns": [key], "rows": rows})
            yield asked.just_as(post("/<entity>/paste", kind.key, paste, body={"columns": [key], "rows": lost}), f'"id":{MISSING},', f'"id":{number},')
            asked = post("/<entity>/fill", kind.key, fill, body={"source": number, "fields": [key], "ids": numbers})
            yield asked.just_as(post("/<entity>/fill", kind.key, fill, body={"source": MISSING, "fields": [key], "ids": numbers}))
    for body in ({}, {"columns": [], "rows": []}, {"columns": ["name"], "rows": [{"id": "x", "values": ["1"]}]}):
        yield post("/<entity>/paste", kind.key, paste, body=body)


@probe("/<entity>/bulk")
def bulk(view: View, kind: Entity) -> Iterator[Question]:
    """The panel, the preview and the change: of ticked records and of all that match a condition over each field."""
    here, end = f"/{kind.key}/bulk", "/<entity>/bulk"
    numbers = [*view.others(kind.key, 3), *view.unseen(kind.key, 2)]
    ticked = ",".join(map(str, numbers))
    yield get(end, kind.key, here, ids=ticked)
    usable, hidden = free(view, kind), view.hidden(kind.key)
    for key in [*view.rng.sample(usable, min(6, len(usable))), *hidden]:
        value = typed(view, kind.fields[key], kind.key)
        for args in ({"ids": ticked}, {"ids": ticked, "value": value}):
            asked = get(end, kind.key, here, f"{kind.key}.{key}", field=key, **args)
            yield _shut(view, kind, key, asked, lambda k, a=args: get(end, kind.key, here, field=k, **a))
        form = {"ids": ticked, "field": key, "value": value, "step": view.rng.choice(("look", "apply"))}
        asked = post(end, kind.key, here, f"{kind.key}.{key}", form=form)
        yield undone(_shut(view, kind, key, asked, lambda k, f=form: post(end, kind.key, here, form={**f, "field": k})))
    for asked in view.rng.sample(conditions.every(view, kind), 6) if view.reads(kind.key) else ():
        for key in view.rng.sample(usable, min(1, len(usable))):
            step = "look" if kind.key in PERSONAL else view.rng.choice(("look", "apply"))
            form = {"all": "1", "field": key, "value": typed(view, kind.fields[key], kind.key), "step": step}
            made_of = post(end, kind.key, here, *asked.names, f"{kind.key}.{key}", form=form, where=asked.where)
            yield undone(made_of.expecting(400, 403) if asked.hidden else made_of)
    yield post(end, kind.key, here, form={"ids": str(MISSING), "field": "name", "value": "x"})
    yield post(end, kind.key, here, form={"ids": "x", "field": "name", "value": "x"})


@probe("/<entity>/read")
def all_read(view: View, kind: Entity) -> Iterator[Question]:
    """That everything in a list is read, and back to what the list showed."""
    asked = post("/<entity>/read", kind.key, f"/{kind.key}/read", form={"query": "unread=1&sort=-id"})
    yield asked.expecting(303) if view.tells_unread(kind) and view.reads(kind.key) else asked.expecting(400 if view.reads(kind.key) else 403)


@probe("/<entity>/remove")
def removed(view: View, kind: Entity) -> Iterator[Question]:
    """Into the recycle bin, most of it taken back; what is not seen is not there."""
    here, end = f"/{kind.key}/remove", "/<entity>/remove"
    for number in view.unseen(kind.key, 1):
        asked = post(end, kind.key, here, form={"ids": str(number)}).expecting(403, 404)
        yield asked.just_as(post(end, kind.key, here, form={"ids": str(MISSING)}))
    numbers = [*view.others(kind.key, 2), *view.unseen(kind.key, 2)]
    yield undone(post(end, kind.key, here, form={"ids": ",".join(map(str, numbers))}))
    if kind.key in PERSONAL:
        return
    for text, key in list(words(view, kind))[:2]:
        yield undone(post(end, kind.key, here, f"{kind.key}.{key}", form={"all": "1"}, search=text))
    for asked in view.rng.sample(conditions.every(view, kind), 2) if view.reads(kind.key) else ():
        made_of = post(end, kind.key, here, *asked.names, form={"all": "1"}, where=asked.where)
        yield undone(made_of.expecting(400, 403) if asked.hidden else made_of)


@probe("/<entity>/merge")
def merged(view: View, kind: Entity) -> Iterator[Question]:
    """The page and the merge itself, taken back; what is not seen is not there, and a hidden field is no choice."""
    here, end = f"/{kind.key}/merge", "/<entity>/merge"
    numbers = view.others(kind.key, 3)
    pair = ",".join(map(str, numbers))
    yield get(end, kind.key, here, ids=pair)
    for number in [*view.unseen(kind.key, 1), MISSING]:
        form, lost = ({"ids": ",".join(map(str, ids)), **{f"version.{n}": "1" for n in ids}} for ids in ([*numbers[:1], number], [*numbers[:1], MISSING]))
        asked = get(end, kind.key, here, ids=form["ids"]).expecting(400, 403, 404)
        yield asked.just_as(get(end, kind.key, here, ids=lost["ids"]), urlencode({"ids": lost["ids"]}), urlencode({"ids": form["ids"]}))
        yield post(end, kind.key, here, form=form).expecting(400, 403, 404).just_as(post(end, kind.key, here, form=lost))
    if kind.key in PERSONAL or len(numbers) < 2:
        return
    form = {"ids": pair, "into": str(numbers[0]), **{f"version.{n}": view.rng.choice(("1", "2")) for n in numbers}}
    usable = free(view, kind)
    picks = {f"pick.{key}": str(view.rng.choice(numbers)) for key in view.rng.sample(usable, min(5, len(usable)))}
    yield undone(post(end, kind.key, here, *_names(kind, [k.removeprefix("pick.") for k in picks]), form={**form, **picks}, heads=JSON))
    for key in view.rng.sample(view.hidden(kind.key), min(3, len(view.hidden(kind.key)))):
        yield undone(post(end, kind.key, here, f"{kind.key}.{key}", form={**form, f"pick.{key}": str(numbers[1])}, heads=JSON))


@probe("/<entity>/alike")
def alike(view: View, kind: Entity) -> Iterator[Question]:
    """What resembles the values of seen, unseen and hidden records."""
    here, end = f"/{kind.key}/alike", "/<entity>/alike"
    numbers = [*view.seen(kind.key, 2), *view.unseen(kind.key, 2)]
    for number in numbers:
        row = view.oracle.rows[kind.key][number]
        for key in kind.declared.alike:
            if row.get(key) and key not in view.secret(kind.key):
                yield post(end, kind.key, here, f"{kind.key}.{key}", form={key: str(row[key])})
    for key in kind.declared.alike:
        for text in ("ТОВ «Криниця»", "+380441234567", "14360570", "a@b.example"):
            yield post(end, kind.key, here, f"{kind.key}.{key}", form={key: text})
    yield post(end, kind.key, here, form={"row_version": "1"})


@probe("/<entity>/columns")
def chosen_columns(view: View, kind: Entity) -> Iterator[Question]:
    """A choice of columns is kept only of those that are there."""
    here, end = f"/{kind.key}/columns", "/<entity>/columns"
    usable = [k for k in kind.fields if k not in view.hidden(kind.key)]
    yield post(end, kind.key, here, form={"columns": ",".join(view.rng.sample(usable, min(4, len(usable))))})
    for key in view.hidden(kind.key)[:6]:
        asked = post(end, kind.key, here, f"{kind.key}.{key}", form={"columns": key})
        yield _shut(view, kind, key, asked, lambda k: post(end, kind.key, here, form={"columns": k}))
    yield post(end, kind.key, here, form={"columns": ""})


def undone(asked: Question) -> Question:
    """The post, and what it did taken back by the address that the answer names."""

    def ask(side: Side) -> Answer:
        answer = asked.ask(side)
        found = UNDO.search(json.dumps(answer.heads))
        if found is None:
            return answer
        back = side.send("POST", f"/undo/{found.group(1)}", headers=JSON)
        return Answer(max(answer.status, back.status if back.status >= 500 else 0), answer.body + b"\n" + back.body, answer.heads + back.heads)

    return replace(asked, ask=ask, say=asked.say + " and taken back")


def _shut(view: View, kind: Entity, key: str, asked: Question, other: Any) -> Question:
    if key not in view.hidden(kind.key):
        return asked
    unknown = view.unknown(kind.key, key)
    return asked.expecting(400, 403).just_as(other(unknown), unknown, key)


def _pasted(view: View, spec: Field, entity: str) -> str:
    """A text as a spreadsheet holds it: references by the names of records, seen or not."""
    if spec.target and spec.target not in view.catalog.configured:
        numbers = [*view.seen(spec.target, 2), *view.unseen(spec.target, 1)]
        row = view.oracle.rows[spec.target][view.rng.choice(numbers)] if numbers else {}
        return str(view.rng.choice((row.get("name"), row.get("code"), "нікого")) or "нікого")
    if spec.picklist:
        return view.rng.choice(view.catalog.picklists[spec.picklist].options).label.en
    return typed(view, spec, entity)


def _names(kind: Entity, keys: Any) -> tuple[str, ...]:
    return tuple(f"{kind.key}.{k}" for k in keys)
