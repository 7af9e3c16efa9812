"""Roles, people and records by chance: every scope, mode, condition and denial, several rules and several roles at once."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import yaml
from sqlalchemy import select

from crm.backoffice import records
from crm.organization.models import Role
from tests.company import Company, today

SCOPES = ("none", "own", "department", "department_tree", "territory", "all", "where")
ACTIONS = ("create", "update", "delete", "export", "assign")
ENTITIES = ("account", "deal", "deal_line")
CITIES = ("Київ", "Львів", "Одеса")
# What everybody needs so that references can be chosen at all.
COMMON = [{"entity": e, "actions": ["read"], "scope": "all", "fields": {"*": "read"}} for e in ("user", "department", "territory", "product")]
CONDITIONS: dict[str, tuple[Any, ...]] = {
    "account": (
        {"field": "city", "op": "eq", "value": "Київ"},
        {"field": "employees", "op": "lt", "value": 50},
        {"not": {"field": "revenue", "op": "ge", "value": 500}},
        {"any": [{"field": "city", "op": "ne", "value": "Одеса"}, {"field": "payment_days", "op": "gt", "value": 15}]},
        {"count": "deals", "op": "ge", "value": 1},
        {"field": "owner", "op": "eq", "value": "@me"},
    ),
    "deal": (
        {"field": "amount", "op": "lt", "value": 500},
        {"field": "account.city", "op": "eq", "value": "Львів"},
        {"field": "stage.kind", "op": "eq", "value": "open"},
        {"all": [{"field": "margin", "op": "gt", "value": 100}, {"not": {"field": "next_step", "op": "contains", "value": "дзв"}}]},
        {"sum": "lines.amount", "op": "gt", "value": 100},
        {"field": "account.owner", "op": "eq", "value": "@me"},
    ),
    "deal_line": (
        {"field": "quantity", "op": "gt", "value": 3},
        {"field": "deal.amount", "op": "lt", "value": 500},
        {"field": "discount", "op": "lt", "value": "0.2"},
    ),
}
# Fields that are asked about; every record has a value in each, so that nothing shown means hidden.
FIELDS = {
    "account": ("name", "city", "employees", "revenue", "address", "credit_limit", "payment_days", "phone", "owner", "department", "territory", "code"),
    "deal": ("name", "account", "amount", "probability", "next_step", "cost", "margin", "description", "owner", "department", "territory", "opened_on"),
    "deal_line": ("quantity", "price", "discount", "amount", "deal", "product"),
}


@dataclass
class World:
    company: Company
    people: list[int]
    ids: dict[str, list[int]]
    departments: list[int]
    territories: list[int]
    standing: dict[tuple[str, int], dict[str, int]]  # whose each record is


def mode(rng: Random, entity: str) -> Any:
    bare = rng.choice(("hidden", "masked", "read", "read", "edit", "edit"))
    return bare if rng.random() < 0.7 else {"mode": bare, "where": rng.choice(CONDITIONS[entity])}


def rule(rng: Random, entity: str) -> dict[str, Any]:
    scope = rng.choice(SCOPES)
    made: dict[str, Any] = {"entity": entity, "scope": scope}
    if scope == "where" or rng.random() < 0.15:
        made["where"] = rng.choice(CONDITIONS[entity])
    if rng.random() < 0.2:
        made |= {"effect": "deny", "actions": rng.sample(("read", *ACTIONS), rng.randint(1, 3))}
        if rng.random() < 0.6:
            made["fields"] = {f: mode(rng, entity) for f in rng.sample(FIELDS[entity], rng.randint(1, 4))}
        return made
    made["actions"] = [*(["read"] if rng.random() < 0.85 else []), *rng.sample(ACTIONS, rng.randint(0, len(ACTIONS)))] or ["read"]
    if rng.random() < 0.85:
        made["fields"] = {"*": rng.choice(("read", "edit", "edit", "masked")), **{f: mode(rng, entity) for f in rng.sample(FIELDS[entity], rng.randint(0, 6))}}
    return made


def role(rng: Random) -> list[dict[str, Any]]:
    wide = [{"entity": e, "actions": ["read"], "scope": "all", "fields": {"*": "read"}} for e in ENTITIES if rng.random() < 0.35]
    return [*COMMON, *wide, *(rule(rng, e) for e in ENTITIES for _ in range(rng.randint(0, 3)))]


def build(company: Company, rng: Random, people: int) -> World:
    """`people` persons of one to three random roles each, some memberships over or not begun, and records of theirs and of nobody."""
    roles = {f"r{n}": {"label": {"uk": f"р{n}", "en": f"r{n}"}, "rules": role(rng)} for n in range(people)}
    company.configure(yaml.safe_dump({"roles": roles}, allow_unicode=True))
    top, other = company.make("department", {"name": "Відділ"}, {"name": "Інший"})
    departments = [top, other, *company.make("department", {"name": "Група", "parent": top}, {"name": "Підгрупа", "parent": top})]
    north, south = company.make("territory", {"name": "Північ"}, {"name": "Південь"})
    territories = [north, south, *company.make("territory", {"name": "Село", "parent": north})]
    users = company.make("user", *({"name": f"Особа {n}", **place(rng, departments, territories)} for n in range(people)))
    with company.system() as session:
        known = {code: number for code, number in session.execute(select(Role.code, Role.id)) if code.startswith("r")}
        day = today()
        for user in users:
            for held in rng.sample(sorted(roles), rng.randint(1, 3)):
                ends = rng.choice((None, None, None, day + timedelta(days=3), day - timedelta(days=2)))
                begins = rng.choice((None, None, day - timedelta(days=9))) if ends else None
                records.create(session, "membership", {"user": user, "role": known[held], "since": begins, "until": ends})
        session.commit()
    ids = fill(company, rng, users, departments, territories)
    standing = {}
    with company.system(write=False) as session:
        for entity in ("account", "deal"):
            table = company.catalog.entity(entity).table
            for row in session.execute(select(table.c.id, table.c.owner_id, table.c.department_id, table.c.territory_id)):
                standing[entity, row[0]] = {"owner": row[1], "department": row[2], "territory": row[3]}
    return World(company, users, ids, departments, territories, standing)


def place(rng: Random, departments: list[int], territories: list[int]) -> dict[str, int]:
    return {"department": rng.choice(departments), "territory": rng.choice(territories)}


def fill(company: Company, rng: Random, users: list[int], departments: list[int], territories: list[int]) -> dict[str, list[int]]:
    def common() -> dict[str, Any]:
        return {"owner": rng.choice(users), **place(rng, departments, territories)}

    accounts = company.make("account", *(
        {
            "name": f"Компанія {n}", "city": rng.choice(CITIES), "employees": rng.randint(1, 100), "revenue": rng.randint(1, 1000), "address": f"вул. {n}",
            "credit_limit": rng.randint(1, 99), "payment_days": rng.randint(0, 30), "phone": f"+38044{1000000 + n}", **common(),
        } for n in range(24)
    ))
    stages = [company.stage("won"), *(s.id for s in company.catalog.configured["stage"].values() if s.values["kind"] == "open")]
    deals = company.make("deal", *(
        {
            "name": f"Угода {n}", "account": rng.choice(accounts), "amount": rng.randint(1, 1000), "probability": Decimal("0.5"), "cost": rng.randint(1, 500),
            "margin": rng.randint(1, 300), "next_step": rng.choice(("дзвінок", "лист")), "description": "опис", "stage": rng.choice(stages),
            "opened_on": date(2026, 1, 1 + n % 28), **common(),
        } for n in range(30)
    ))
    (product,) = company.make("product", {"name": "Товар"})
    lines = company.make("deal_line", *(
        {"deal": rng.choice(deals), "product": product, "quantity": rng.randint(1, 6), "price": rng.randint(1, 99), "discount": Decimal(rng.randint(0, 4)) / 10}
        for _ in range(40)
    ))
    return {"account": accounts, "deal": deals, "deal_line": lines, "product": [product]}
