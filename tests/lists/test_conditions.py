"""The condition language against a plain evaluation in Python, and its limits."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crm.backoffice import lists
from crm.backoffice.conditions.tree import dump, parse
from crm.backoffice.guard import SystemSession
from crm.errors import BadRequest, UnknownName
from tests.company import Company

ROWS: list[dict[str, Any]] = [
    {"name": f"к{n}", "city": (None, "Київ", "Львів")[n % 3], "employees": None if n % 4 == 0 else n, "revenue": None if n % 5 == 0 else Decimal(n) / 4}
    for n in range(24)
]
leaf = st.one_of(
    st.builds(lambda op, v: {"field": "employees", "op": op, "value": v}, st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), st.integers(0, 24)),
    st.builds(lambda op, v: {"field": "revenue", "op": op, "value": str(v)}, st.sampled_from(["eq", "ne", "lt", "ge"]), st.integers(0, 6)),
    st.builds(
        lambda op, v: {"field": "city", "op": op, "value": v},
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(["Київ", "Львів", "Одеса"]), max_size=2),
    ),
    st.builds(lambda op: {"field": "city", "op": op}, st.sampled_from(["empty", "not_empty"])),
    st.builds(lambda a, b: {"field": "employees", "op": "between", "value": [a, b]}, st.integers(0, 24), st.integers(0, 24)),
)
tree = st.recursive(leaf, lambda inner: st.one_of(
    st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)), st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
    st.builds(lambda part: {"not": part}, inner)), max_leaves=8)


def holds(node: dict[str, Any], row: dict[str, Any]) -> bool:
    if "all" in node:
        return all(holds(p, row) for p in node["all"])
    if "any" in node:
        return any(holds(p, row) for p in node["any"])
    if "not" in node:
        return not holds(node["not"], row)
    value, op, wanted = row[node["field"]], node["op"], node.get("value")
    if node["field"] == "revenue":
        wanted = Decimal(wanted)
    negative = {"ne": "eq", "not_in": "in", "empty": "not_empty"}
    if op in negative:
        return not holds({**node, "op": negative[op]}, row)
    if value is None:
        return False
    return {
        "not_empty": lambda: True, "eq": lambda: value == wanted, "lt": lambda: value < wanted, "le": lambda: value <= wanted, "gt": lambda: value > wanted,
        "ge": lambda: value >= wanted, "in": lambda: value in wanted, "between": lambda: wanted[0] <= value <= wanted[1],
    }[op]()


@pytest.fixture
def loaded(company: Company) -> Iterator[SystemSession]:
    accounts = company.make("account", *ROWS)
    company.make("deal", *({"name": f"у{n}", "account": accounts[n % 5], "amount": n} for n in range(20)))
    with company.system(write=False) as session:
        yield session


def found(session: SystemSession, node: Any, entity: str = "account") -> set[str]:
    query = lists.parse_query(session, entity, {"where": json.dumps(node), "columns": "name", "size": "200"})
    return {row.values["name"] for row in lists.page(session, query).rows}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(node=tree)
def test_the_database_answers_as_two_valued_logic_does(loaded: SystemSession, node: dict[str, Any]) -> None:
    assert found(loaded, node) == {row["name"] for row in ROWS if holds(node, row)}
    assert parse(dump(parse(node))) == parse(node)


def test_paths_relations_and_aggregates(loaded: SystemSession) -> None:
    assert found(loaded, {"field": "deals.amount", "op": "ge", "value": 18}) == {"к3", "к4"}
    assert found(loaded, {"field": "account.city", "op": "eq", "value": "Київ"}, "deal") == {f"у{n}" for n in range(20) if n % 5 in (1, 4)}
    assert found(loaded, {"sum": "deals.amount", "op": "gt", "value": 35}) == {"к2", "к3", "к4"}
    assert found(loaded, {"count": "deals", "where": {"field": "amount", "op": "lt", "value": 6}, "op": "eq", "value": 2}) == {"к0"}
    assert found(loaded, {"avg": "amount", "of": "deal.account", "op": "between", "value": [7, 8]}) == {"к0"}
    assert len(found(loaded, {"field": "deals", "op": "empty"})) == 19
    assert found(loaded, {"field": "stage", "op": "eq", "value": "lead"}, "deal") == {f"у{n}" for n in range(20)}
    assert found(loaded, {"field": "stage.kind", "op": "eq", "value": "won"}, "deal") == set()
    assert found(loaded, {"field": "account", "op": "in", "value": ["A-1"]}, "deal") == {"у0", "у5", "у10", "у15"}


@pytest.mark.parametrize(
    "wrong",
    [
        "[]",
        "1",
        '{"field": 1}',
        '{"field": "name", "op": "like", "value": "x"}',
        '{"field": "name", "op": "eq"}',
        '{"field": "revenue", "op": "gt", "value": "багато"}',
        '{"all": {}}',
        '{"all": [], "any": []}',
        '{"field": "name", "op": "in", "value": "x"}',
        '{"field": "employees", "op": "eq", "value": 1e400}',
        '{"field": "employees", "op": "gt", "value": 99999999999999999999999}',
        '{"field": "name", "op": "eq", "value": "\\ud800"}',
        '{"field": "owner", "op": "eq", "value": "a\\u0000b"}',
        '{"field": "deals.\\ud800", "op": "eq", "value": 1}',
        '{"\\ud800": 1}',
        '{"field": "id", "op": "in", "value": [true]}',
        '{"field": "a.b.c.d.e.f", "op": "eq", "value": 1}',
        '{"count": "name", "op": "eq", "value": 1}',
        '{"sum": "deals.name", "op": "eq", "value": 1}',
        '{"sum": "deals", "op": "eq", "value": 1}',
        '{"field": "created_at", "op": "within", "value": "колись"}',
        '{"count": "deals", "op": "eq", "value": "x"}',
        '{"avg": "amount", "of": "deal.owner", "op": "gt", "value": 1}',
        '{"field": "name", "op": "gt", "value": "a"}',
        '{"not": ' * 200 + '{"field": "name", "op": "empty"}' + "}" * 200,
        '{"all": [' * 50000,
        '{"all": [' + ",".join(['{"field": "name", "op": "empty"}'] * 400) + "]}",
        '{"any": [' + ",".join(['{"field": "deals.amount", "op": "gt", "value": 1}'] * 30) + "]}",
    ],
)
def test_a_wrong_condition_is_a_sentence(loaded: SystemSession, wrong: str) -> None:
    with pytest.raises(BadRequest) as refused:
        lists.count(loaded, lists.parse_query(loaded, "account", {"where": wrong}))
    assert refused.value.status == 400


def test_an_unknown_name_is_named(loaded: SystemSession) -> None:
    for name in ("nmae", "deals.nmae", "account.x", "__class__", "deals.account.owner.secret"):
        with pytest.raises(UnknownName):
            lists.parse_query(loaded, "account", {"where": json.dumps({"field": name, "op": "empty"})})


def test_as_many_conditions_as_are_allowed_each_look_up_a_record_of_their_own(company: Company) -> None:
    boss = company.person(code="BOSS")
    company.make("user", {"name": "Підлегла", "manager": boss})
    reports = {"field": "manager", "op": "eq", "value": "BOSS"}
    for number in (1, 64, 150):
        with company.system(write=False) as session:
            query = lists.parse_query(session, "user", {"where": json.dumps({"all": [reports] * number}), "sort": "manager", "columns": "name,manager"})
            assert [row.values["name"] for row in lists.page(session, query).rows] == ["Підлегла"], number
            assert lists.count(session, query).number == 1
