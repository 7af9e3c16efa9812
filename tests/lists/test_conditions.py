"""The condition language against a plain evaluation in Python, and its limits."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import Engine

from crm.backoffice import lists
from crm.backoffice.conditions.tree import dump, parse
from crm.backoffice.guard import SystemSession
from crm.errors import BadRequest, UnknownName
from tests.company import Company
from tests.conftest import Furnish

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
def furnish(request: pytest.FixtureRequest) -> Furnish | None:
    return load if "loaded" in request.fixturenames else None


def load(engine: Engine) -> None:
    company = Company(engine)
    accounts = company.make("account", *ROWS)
    company.make("deal", *({"name": f"у{n}", "account": accounts[n % 5], "amount": n} for n in range(20)))


@pytest.fixture
def loaded(company: Company) -> Iterator[SystemSession]:
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


def test_what_stood_in_the_past_at_a_moment_of_the_record(company: Company) -> None:
    """Of moves on the 1st, 3rd and 3rd of May, to a lead, a proposal and a contract, each interaction asks for the last not after it."""
    (one, other) = company.make("deal", {"name": "а", "opened_on": "2026-05-02"}, {"name": "б"}, source="import")
    for day, stage in ((1, "lead"), (3, "proposal"), (3, "contract")):
        move = {"deal": one, "stage": company.stage(stage), "entered_at": f"2026-05-0{day}T10:00:00+00:00", "reason": stage}
        company.make("stage_history", move, source="import")
    kind = {"medium": company.option("interaction_medium", "letter"), "direction": company.option("direction", "internal")}
    moments = [(one, f"2026-05-0{day}T10:00:00+00:00") for day in (1, 2, 3, 4)] + [(one, "2026-05-01T09:59:59+00:00"), (other, "2026-05-05T10:00:00+00:00")]
    company.make("interaction", *({**kind, "subject": str(n), "deal": deal, "held_at": when} for n, (deal, when) in enumerate(moments)), source="import")
    then = {"latest": "deal.stage_history.stage", "by": "entered_at", "at": "starts_at"}
    reason = {**then, "latest": "deal.stage_history.reason"}
    with company.system(write=False) as session:
        for node, expected in (
            ({**then, "op": "eq", "value": "lead"}, "01"), ({**then, "op": "in", "value": ["sales.contract", company.stage("lead")]}, "0123"),
            ({**then, "op": "eq", "value": "proposal"}, ""), ({**then, "op": "empty"}, "45"), ({**then, "op": "not_empty"}, "0123"),
            ({**then, "op": "ne", "value": "lead"}, "2345"), ({"not": {**then, "op": "not_in", "value": ["lead"]}}, "01"),
            ({**reason, "op": "contains", "value": "CONTR"}, "23"), ({**reason, "op": "starts", "value": "le"}, "01"),
            ({"field": "deal.id", "op": "not_empty"}, "012345"),
        ):
            assert found(session, node, "interaction") == set(expected), node
            assert parse(dump(parse(node))) == parse(node)
        count = {"count": "interactions", "where": {**then, "op": "eq", "value": "lead"}, "op": "eq", "value": 2}
        assert found(session, count, "deal") == {"а"}
        for wrong in ("deal.stage_history.deal.account", "stage_history.stage", "deal", "deal.stage.name", "subject", "deal.no_such.stage"):
            with pytest.raises((BadRequest, UnknownName)):
                lists.parse_query(session, "interaction", {"where": json.dumps({**then, "latest": wrong, "op": "not_empty"})})
        for part in ({"by": "amount"}, {"at": "subject"}, {"by": "deal.opened_on"}, {"at": None}, {"by": "stage"}, {"op": "like"}, {"more": 1}):
            with pytest.raises(BadRequest):
                lists.parse_query(session, "interaction", {"where": json.dumps({**then, "op": "eq", "value": "lead", **part})})


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
