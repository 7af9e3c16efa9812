"""A screen drawn for a role shows a part of what its looker sees, whatever the role is, and no field that the role never sees."""

from collections import Counter
from random import Random
from typing import Any

from crm.backoffice.access import Access, parse_rule
from crm.backoffice.guard import user_session
from crm.backoffice.lists import Masked
from crm.rights.as_role import as_role
from tests.company import Company
from tests.rights.random_roles import ENTITIES, build
from tests.rights.test_together import as_open, shown

ALL: dict[str, Any] = {"entity": "account", "actions": ["read", "update"], "scope": "all"}


def drawn(company: Company, looker: Access, *rules: dict[str, Any]) -> dict[int, dict[str, Any]]:
    made = [parse_rule("shown", number, rule) for number, rule in enumerate(rules, 1)]
    return shown(company, as_role(company.catalog, looker, "shown", made), "account")


def test_nothing_shows_that_its_looker_does_not_see(company: Company) -> None:
    """Of random people and random roles, with every scope, condition, mask and denial."""
    world = build(company, Random(20261127), 7)
    accesses = [company.access(person) for person in world.people]
    tally: Counter[str] = Counter()
    for looker in accesses:
        own = {entity: shown(company, looker, entity) for entity in ENTITIES}
        for other in accesses:
            rules = [rule for several in other.rules.values() for rule in several]
            given = as_role(company.catalog, looker, "shown", rules)
            assert given.roles == ("shown",) and not given.unlimited
            for entity in ENTITIES:
                mine = own[entity]
                for number, values in shown(company, given, entity).items():
                    assert number in mine, (looker.user_id, other.user_id, entity, number)
                    for key, value in values.items():
                        assert as_open(value, mine[number].get(key)), (looker.user_id, other.user_id, entity, number, key)
                        tally["masked" if isinstance(value, Masked) else "shown"] += 1
                    tally["less"] += len(values) < len(mine[number])
    assert min(tally[word] for word in ("shown", "masked", "less")) > 20, tally


def test_the_role_takes_fields_away_from_an_owner(company: Company) -> None:
    [number] = company.make("account", {"name": "Лан", "city": "Київ", "phone": "+380441234567", "revenue": 5})
    owner = company.access(company.person("owner"))
    seen = drawn(company, owner, {**ALL, "fields": {"*": "edit", "revenue": "hidden", "phone": "masked"}})[number]
    assert seen["city"] == "Київ" and "revenue" not in seen and isinstance(seen["phone"], Masked)
    assert drawn(company, owner, {**ALL, "scope": "own", "fields": {"name": "read"}})[number] == {"name": "Лан"}, "whose records they are does not count"
    denied = {"entity": "account", "effect": "deny", "actions": ["read"], "scope": "all", "fields": {"city": "hidden"}}
    assert "city" not in drawn(company, owner, {**ALL, "fields": {"*": "edit"}}, denied)[number]
    assert drawn(company, owner, {**ALL, "entity": "deal"}) == {}
    assert drawn(company, owner, ALL, {"entity": "account", "effect": "deny", "actions": ["read"], "scope": "all"}) == {}


def test_what_the_role_edits_a_form_has_and_what_it_reads_it_has_not(company: Company) -> None:
    company.make("account", {"name": "Лан"})
    looker = company.access(company.person(company.role("reader", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})))
    rules = [parse_rule("shown", 1, {**ALL, "fields": {"name": "edit", "city": "read"}})]
    with user_session(company.engine, as_role(company.catalog, looker, "shown", rules), company.catalog) as session:
        assert session.sight.editable("account") == ("name",) and set(session.sight.readable("account")) == {"name", "city"}
