"""Another person's eyes show what both may see: never more than the looker, never more than the other."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from crm.backoffice import lists
from crm.backoffice.access import Access
from crm.backoffice.guard import user_session
from crm.backoffice.lists import ListQuery, Masked
from crm.rights.together import is_whole, together
from tests.company import Company
from tests.rights.random_roles import ENTITIES, build


def shown(company: Company, access: Access, entity: str) -> dict[int, dict[str, Any]]:
    """Record → field → value, of everything that shows (a mask as such)."""
    with user_session(company.engine, access, company.catalog) as session:
        if not session.sight.may(entity, "read"):
            return {}
        page = lists.page(session, ListQuery(entity, session.sight.readable(entity), size=200))
        return {row.id: {k: v for k, v in row.values.items() if v is not None} for row in page.rows}


def as_open(value: Any, other: Any) -> bool:
    """Whether `other` tells at least what `value` does."""
    return other is not None and (isinstance(value, Masked) or not isinstance(other, Masked))


def test_what_is_shown_both_see(company: Company) -> None:
    """Of random people with every scope, condition, mask and denial."""
    rng = Random(20261126)
    world = build(company, rng, 14)
    wide = [{"entity": e, "actions": ["read"], "scope": "all", "fields": {"*": "read"} | ({"revenue": "masked"} if e == "account" else {})}
            for e in ENTITIES]
    denial = {"entity": "deal", "effect": "deny", "actions": ["read"], "where": {"field": "amount", "op": "gt", "value": 400}}
    lookers = [company.person(company.role("wide", *wide)), company.person(company.role("limited", *wide, denial)), *world.people[:4]]
    tally: Counter[str] = Counter()
    for looker in lookers:
        own = company.access(looker)
        for person in world.people:
            other = company.access(person)
            both = together(company.catalog, own, other)
            assert not any("export" in rule.actions for rules in both.rules.values() for rule in rules if rule.effect == "allow")
            for entity in ENTITIES:
                seen, mine, theirs = (shown(company, access, entity) for access in (both, own, other))
                for number, values in seen.items():
                    assert number in mine and number in theirs, (looker, person, entity, number)
                    for key, value in values.items():
                        assert as_open(value, mine[number].get(key)) and as_open(value, theirs[number].get(key)), (looker, person, entity, number, key)
                        tally["masked" if isinstance(value, Masked) else "shown"] += 1
                tally["left out"] += len(theirs) - len(seen)
                tally["whole" if is_whole(own, other, both) else "less"] += 1
    assert min(tally[k] for k in ("shown", "masked", "left out", "less")) > 20, tally


def test_an_owner_sees_exactly_what_the_other_sees(company: Company) -> None:
    world = build(company, Random(5), 5)
    owner = company.access(company.person("owner"))
    for person in world.people:
        other = company.access(person)
        both = together(company.catalog, owner, other)
        assert is_whole(owner, other, both)
        for entity in ENTITIES:
            assert shown(company, both, entity) == shown(company, other, entity)


def test_what_the_looker_does_not_see_decides_nothing(company: Company) -> None:
    """A rule that rests on a hidden value would tell it by what it shows."""
    [account] = company.make("account", {"name": "А"})
    company.make("deal", {"name": "У", "account": account})
    read = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    secret = {"field": "margin", "op": "empty"}
    looker = company.access(company.person(company.role("looker", read)))
    for n, (rules, number) in enumerate((
        ([read], 1), ([{**read, "where": secret}], 0), ([read, {"entity": "deal", "effect": "deny", "actions": ["read"], "where": secret}], 0),
        ([{**read, "fields": {"*": "read", "name": {"mode": "read", "where": secret}}}], 1),
    )):
        other = company.access(company.person(company.role(f"other{n}", *rules)))
        seen = shown(company, together(company.catalog, looker, other), "deal")
        assert len(seen) == number, rules
        assert all(("name" in values) == (n == 0) for values in seen.values())


@pytest.mark.parametrize("hidden", ["user.department", "department.parent", "user.territory", "deal.owner", ""])
def test_records_do_not_tell_where_the_other_stands(company: Company, hidden: str) -> None:
    """Whose department is not to be seen is not to be learnt from which records show with his eyes."""
    [place] = company.make("department", {"name": "Відділ"})
    [account] = company.make("account", {"name": "А"})
    [deal] = company.make("deal", {"name": "У", "account": account, "department": place})
    fields: dict[str, dict[str, str]] = {entity: {"*": "read"} for entity in ("deal", "user", "department", "territory")}
    if hidden:
        entity, _, key = hidden.partition(".")
        fields[entity][key] = "hidden"
    looker = company.person(company.role("looker", *({"entity": e, "actions": ["read"], "scope": "all", "fields": f} for e, f in fields.items())))
    rule = {"entity": "deal", "actions": ["read"], "scope": "department_tree", "fields": {"*": "read"}}
    other = company.access(company.person(company.role("other", rule), department=place))
    assert list(shown(company, other, "deal")) == [deal]
    seen = shown(company, together(company.catalog, company.access(looker), other), "deal")
    assert list(seen) == ([deal] if hidden in ("", "user.territory") else [])
