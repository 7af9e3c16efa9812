"""What changes no record is journaled too: sign-ins, exports, changed rights, reads of sensitive fields — one row a request."""

import json
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from tests.contracts.world import World

TABLE = JournalRow.__table__


def since(world: World, last: int) -> list[Any]:
    with world.engine.connect() as connection:
        return list(connection.execute(select(TABLE).where(TABLE.c.id > last).order_by(TABLE.c.id)))


def last(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(select(TABLE.c.id).order_by(TABLE.c.id.desc()).limit(1)).scalar_one())


def test_a_sign_in_is_one_row(world: World) -> None:
    before = last(world)
    world.sign_in("looker")
    rows = [(r.action, r.actor_id, r.record_id) for r in since(world, before)]
    assert rows == [("sign_in", world.people["looker"], world.people["looker"])]


ASKED = {
    "a list": "/deal/?columns=name,margin,cost", "a card": "/deal/{n}/", "a form": "/deal/{n}/edit/", "a filter": "/deal/?columns=name&where={where}",
    "a sort": "/deal/?columns=name&sort=-margin",
}


@pytest.mark.parametrize("asked", ASKED)
def test_who_reads_what_is_sensitive_leaves_one_row_a_request(world: World, asked: str) -> None:
    number = world.make("deal")
    where = quote(json.dumps({"field": "margin", "op": "gt", "value": 1}))
    before = last(world)
    assert world.clients["owner"].get(ASKED[asked].format(n=number, where=where)).status_code == 200
    rows = since(world, before)
    assert [(r.action, r.actor_id) for r in rows] == [("read", world.people["owner"])]
    assert "margin" in rows[0].changes["fields"][1]["deal"]


def test_who_reads_nothing_sensitive_leaves_none(world: World) -> None:
    number = world.make("deal")
    before = last(world)
    for path in ("/deal/?columns=name,amount", f"/deal/{number}/", f"/deal/{number}/edit/"):
        assert world.clients["looker"].get(path).status_code in (200, 403)
    assert world.clients["owner"].get("/deal/?columns=name,amount").status_code == 200
    assert since(world, before) == []


def test_an_export_is_one_row_with_its_fields(world: World) -> None:
    before = last(world)
    assert world.clients["owner"].get("/account/export?format=csv&columns=code,name").get_data()
    rows = [r for r in since(world, before) if r.action == "export"]
    assert [(r.actor_id, r.entity, r.changes["format"]) for r in rows] == [(world.people["owner"], "account", "csv")]


def test_a_given_and_a_taken_role_are_told_with_who_and_what(world: World) -> None:
    with world.system() as session:
        kind = session.catalog.entity("role").table
        looker = session.execute(select(kind.c.id).where(kind.c.code == "looker")).scalar_one()
    person = world.make("user")
    before = last(world)
    with world.session("owner") as session:
        given = records.create(session, "membership", {"user": person, "role": looker})
        records.remove(session, "membership", given)
        session.commit()
    rows = [r for r in since(world, before) if r.entity == "membership"]
    assert [(r.action, r.actor_id, r.record_id) for r in rows] == [("create", world.people["owner"], given), ("remove", world.people["owner"], given)]
    assert rows[0].changes["role"] == [None, looker] and rows[0].changes["user"] == [None, person]


def test_changed_rules_of_a_role_are_told_with_both_sides(world: World) -> None:
    rule = {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}
    before = last(world)
    with world.system() as session:
        text = yaml.safe_dump({"roles": {"told": {"label": "Told", "rules": [rule]}}})
        apply(session, read(text.encode(), session.catalog))
        session.commit()
    told = {r.action: r for r in since(world, before)}
    assert told["rules"].changes["rules"] == [[], [rule]]
    assert "configure" in told
