"""Sets of references as a reader meets them: both ends of a link and the field must be his to see, and what is not leaves no sign."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from crm.backoffice import lists
from crm.backoffice.conditions.tree import parse
from crm.backoffice.entities import Base
from crm.backoffice.fields.base import Ref
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import ListQuery, Masked, RowView
from crm.errors import BadRequest, GuardRefusal, UnknownName
from tests.company import Company
from tests.statements import statements

EVERYTHING = {"entity": "product_category", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


@pytest.fixture
def firms(company: Company) -> dict[str, int]:
    """Two people's categories, and companies interested in them."""
    mine, other = company.person(), company.person()
    cold, air, parts = company.make("product_category", {"name": "Холод", "owner": mine}, {"name": "Їжа", "owner": other}, {"name": "Євро", "owner": mine})
    both, one, none = company.make(
        "account",
        {"name": "Обидва", "owner": mine, "interests": [air, cold], "revenue": 5},
        {"name": "Один", "owner": mine, "interests": [air], "revenue": 7},
        {"name": "Жодного", "owner": mine},
    )
    return {"mine": mine, "other": other, "cold": cold, "air": air, "parts": parts, "both": both, "one": one, "none": none}


def reader(company: Company, firms: dict[str, int], *rules: dict[str, Any]) -> int:
    """Gives the owner of the companies a role of these rules."""
    company.role("r", *rules)
    with company.system() as session:
        from crm.organization.founding import give_role

        give_role(session, firms["mine"], "r")
        session.commit()
    return firms["mine"]


def accounts(mode: Any = "read", scope: str = "all") -> dict[str, Any]:
    return {"entity": "account", "actions": ["read", "export"], "scope": scope, "fields": {"*": "read", "interests": mode}}


def rows(session: DataSession, *columns: str, where: Any = None, entity: str = "account") -> dict[int, RowView]:
    query = ListQuery(entity, columns or ("name", "interests"), parse(where) if where else None, (("id", False),))
    return {row.id: row for row in lists.page(session, query).rows}


def found(session: DataSession, where: Any, entity: str = "account") -> set[int]:
    return set(rows(session, "name", where=where, entity=entity))


def test_a_list_names_what_is_in_a_set_by_the_alphabet_and_in_one_query(company: Company, firms: dict[str, int]) -> None:
    company.make("account", *({"name": f"к{n}", "interests": [firms["cold"], firms["parts"], firms["air"]]} for n in range(60)))
    with company.system(write=False) as session, statements(company.engine) as sent:
        page = rows(session)
    assert page[firms["both"]].values["interests"] == (Ref(firms["air"], "Їжа"), Ref(firms["cold"], "Холод"))
    assert page[firms["none"]].values["interests"] is None
    assert [r.text for r in page[max(page)].values["interests"]] == ["Євро", "Їжа", "Холод"]
    assert len([s for s in sent if s.startswith("SELECT")]) == 1


def test_a_link_to_an_unseen_record_is_left_out_and_tells_nothing(company: Company, firms: dict[str, int]) -> None:
    me = reader(company, firms, accounts(), {**EVERYTHING, "scope": "own"})
    with company.session(me, write=False) as session:
        page = rows(session)
        assert page[firms["both"]].values["interests"] == (Ref(firms["cold"], "Холод"),)
        assert page[firms["one"]].values["interests"] is None, "as if there were none"
        assert found(session, {"field": "interests", "op": "not_empty"}) == {firms["both"]}
        assert found(session, {"field": "interests", "op": "empty"}) == {firms["one"], firms["none"]}
        assert found(session, {"field": "interests", "op": "eq", "value": firms["air"]}) == set()
        assert found(session, {"field": "interests.name", "op": "contains", "value": "їжа"}) == set()
        assert found(session, {"count": "interests", "op": "ge", "value": 1}) == {firms["both"]}
        assert lists.count(session, lists.parse_query(session, "account", {"where": json.dumps({"field": "interests", "op": "not_empty"})})).number == 1


def test_the_other_end_sees_only_companies_in_its_readers_scope(company: Company, firms: dict[str, int]) -> None:
    (foreign,) = company.make("account", {"name": "Чужа", "owner": firms["other"], "interests": [firms["cold"]], "revenue": 100})
    me = reader(company, firms, accounts(scope="own"), EVERYTHING)
    with company.session(me, write=False) as session:
        cold = {"field": "id", "op": "eq", "value": firms["cold"]}
        assert found(session, {"field": "interests", "op": "eq", "value": firms["cold"]}) == {firms["both"]}
        assert found(session, {"all": [cold, {"count": "interested", "op": "eq", "value": 1}]}, "product_category") == {firms["cold"]}
        assert found(session, {"all": [cold, {"sum": "interested.revenue", "op": "gt", "value": 5}]}, "product_category") == set()
        assert found(session, {"field": "interested.name", "op": "eq", "value": "Чужа"}, "product_category") == set()
        assert found(session, {"field": "interested", "op": "not_empty"}, "product_category") == {firms["cold"], firms["air"]}
    with company.system(write=False) as session:
        assert found(session, {"field": "interested.name", "op": "eq", "value": "Чужа"}, "product_category") == {firms["cold"]}
        assert found(session, {"field": "interests", "op": "eq", "value": firms["cold"]}) == {firms["both"], foreign}


OPS = [
    ("eq", "cold", {"both"}),
    ("ne", "cold", {"one", "none"}),
    ("in", ["cold", "parts"], {"both"}),
    ("in", ["cold", "air"], {"both", "one"}),
    ("not_in", ["cold", "air"], {"none"}),
    ("contains", ["cold", "air"], {"both"}),
    ("contains", "air", {"both", "one"}),
    ("contains", [], {"both", "one", "none"}),
    ("empty", None, {"none"}),
    ("not_empty", None, {"both", "one"}),
    ("in", [], set()),
]


@pytest.mark.parametrize("by_code", [False, True], ids=["number", "code"])
def test_conditions_over_a_set(company: Company, firms: dict[str, int], by_code: bool) -> None:
    def value(name: Any) -> Any:
        return [value(n) for n in name] if isinstance(name, list) else f"PC-{firms[name]}" if by_code else firms[name]

    with company.system(write=False) as session:
        for op, names, expected in OPS:
            leaf = {"field": "interests", "op": op} | ({"value": value(names)} if names is not None else {})
            assert found(session, leaf) == {firms[n] for n in expected}, leaf
            assert found(session, {"not": leaf}) == {firms["both"], firms["one"], firms["none"]} - {firms[n] for n in expected}, leaf


def test_paths_lead_through_sets_both_ways(company: Company, firms: dict[str, int]) -> None:
    company.make("deal", {"name": "у", "account": firms["both"], "amount": 3}, {"name": "ш", "account": firms["none"], "amount": 4})
    (product,) = company.make("product", {"name": "Двері", "price": 10, "category": firms["cold"]})
    (room,) = company.make("product", {"name": "Камера", "price": 90, "goes_with": [product]})
    with company.system(write=False) as session:
        assert len(found(session, {"field": "account.interests", "op": "eq", "value": firms["cold"]}, "deal")) == 1
        assert len(found(session, {"field": "account.interests", "op": "empty"}, "deal")) == 1
        assert found(session, {"field": "interested.deals.amount", "op": "eq", "value": 3}, "product_category") == {firms["cold"], firms["air"]}
        assert found(session, {"field": "goes_with.name", "op": "starts", "value": "две"}, "product") == {room}
        assert found(session, {"field": "offered_with", "op": "not_empty"}, "product") == {product}
        assert found(session, {"max": "goes_with.price", "op": "eq", "value": 10}, "product") == {room}
        assert found(session, {"sum": "revenue", "of": "account.interests", "op": "eq", "value": 12}, "product_category") == {firms["air"]}
        assert found(session, {"field": "goes_with.category.interested.name", "op": "eq", "value": "Обидва"}, "product") == {room}


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "interests", "op": "eq", "value": None},
        {"field": "interests", "op": "eq", "value": [1]},
        {"field": "interests", "op": "in", "value": 1},
        {"field": "interests", "op": "gt", "value": 1},
        {"field": "interests", "op": "starts", "value": "а"},
        {"field": "interests", "op": "contains", "value": {}},
        {"field": "interests", "op": "contains", "value": list(range(1, 30))},
        {"field": "interests", "op": "within", "value": "today"},
        {"max": "interested.interests", "op": "gt", "value": 1},
        {"sum": "interests.name", "op": "gt", "value": 1},
        {"count": "industry", "op": "gt", "value": 1},
        {"field": "interests", "op": "eq", "value": 2**80},
    ],
)
def test_a_wrong_condition_over_a_set_is_a_sentence(company: Company, wrong: Any) -> None:
    with company.system(write=False) as session:
        query = {"where": json.dumps(wrong)}
        if wrong.get("value") == 2**80:
            assert lists.count(session, lists.parse_query(session, "account", query)).number == 0, "no record has such a number"
            return
        with pytest.raises(BadRequest):
            lists.count(session, lists.parse_query(session, "account", query))


def test_a_list_is_not_sorted_or_searched_by_a_set(company: Company, firms: dict[str, int]) -> None:
    with company.system(write=False) as session:
        with pytest.raises(UnknownName):
            lists.parse_query(session, "account", {"sort": "interests"})
        assert lists.count(session, lists.parse_query(session, "account", {"search": "холод"})).number == 0


def test_a_hidden_set_is_refused_wherever_it_stands(company: Company, firms: dict[str, int]) -> None:
    me = reader(company, firms, accounts("hidden"), EVERYTHING)
    with company.session(me, write=False) as session:
        assert "interests" not in session.sight.readable("account")
        for args in (
            {"columns": "interests"},
            {"sort": "interests"},
            *(
                {"where": json.dumps(c)}
                for c in (
                    {"field": "interests", "op": "not_empty"},
                    {"field": "interests.name", "op": "eq", "value": "Холод"},
                    {"count": "interests", "op": "gt", "value": 0},
                )
            ),
        ):
            with pytest.raises(UnknownName):
                lists.parse_query(session, "account", args)
        for where in (
            {"field": "interested", "op": "not_empty"},
            {"count": "interested", "op": "gt", "value": 0},
            {"field": "interested.name", "op": "eq", "value": "а"},
        ):
            with pytest.raises(UnknownName):
                lists.parse_query(session, "product_category", {"where": json.dumps(where)})


def test_a_masked_set_shows_only_that_something_seen_is_in_it(company: Company, firms: dict[str, int]) -> None:
    me = reader(company, firms, accounts("masked"), {**EVERYTHING, "scope": "own"})
    with company.session(me, write=False) as session:
        page = rows(session)
        assert isinstance(page[firms["both"]].values["interests"], Masked)
        assert page[firms["one"]].values["interests"] is None, "what is in it is none of the reader's"
        with pytest.raises(UnknownName):
            found(session, {"field": "interests", "op": "not_empty"})


def test_a_set_that_shows_by_a_condition_is_empty_elsewhere(company: Company, firms: dict[str, int]) -> None:
    where = {"field": "revenue", "op": "lt", "value": 6}
    me = reader(company, firms, accounts({"mode": "read", "where": where}), EVERYTHING)
    with company.session(me, write=False) as session:
        assert rows(session)[firms["one"]].values["interests"] is None
        assert len(rows(session)[firms["both"]].values["interests"]) == 2
        assert found(session, {"field": "interests", "op": "eq", "value": firms["air"]}) == {firms["both"]}
        assert found(session, {"field": "interested.revenue", "op": "ge", "value": 0}, "product_category") == {firms["cold"], firms["air"]}
        assert found(
            session, {"all": [{"field": "id", "op": "eq", "value": firms["air"]}, {"count": "interested", "op": "eq", "value": 1}]}, "product_category"
        )


def test_a_rules_own_condition_reads_whole_sets(company: Company, firms: dict[str, int]) -> None:
    rule = {"entity": "account", "actions": ["read"], "where": {"field": "interests", "op": "eq", "value": firms["cold"]}, "fields": {"*": "read"}}
    me = reader(company, firms, rule)
    with company.session(me, write=False) as session:
        assert set(rows(session)) == {firms["both"]}
        assert rows(session)[firms["both"]].values["interests"] is None, "he sees no category"


def test_a_title_that_is_hidden_gives_way_to_the_number(company: Company, firms: dict[str, int]) -> None:
    me = reader(company, firms, accounts(), {**EVERYTHING, "fields": {"*": "read", "name": "hidden"}})
    with company.session(me, write=False) as session:
        assert rows(session)[firms["one"]].values["interests"] == (Ref(firms["air"], str(firms["air"])),)


def test_a_table_of_links_is_no_source_of_a_users_query(company: Company, firms: dict[str, int]) -> None:
    me = reader(company, firms, accounts(), EVERYTHING)
    links = Base.metadata.tables["account__interests"]
    with company.session(me, write=False) as session:
        account = session.table("account")
        queries = [
            select(links),
            select(links.c.target_id),
            select(func.count()).select_from(links),
            select(account.id).select_from(account.table.join(links, links.c.owner_id == account.table.c.id)).where(account.visible),
            select(account.id).where(account.visible, account.id.in_(select(links.c.owner_id))),
            select(account.id, select(func.count(links.c.target_id)).where(links.c.owner_id == account.table.c.id).scalar_subquery()).where(account.visible),
        ]
        for query in queries:
            with pytest.raises(GuardRefusal):
                session.execute(query)
        assert session.execute(select(account["interests"]).where(account.visible, account.id == firms["one"])).scalar() == (firms["air"],)


def test_removed_targets_and_removed_records_take_no_part(company: Company, firms: dict[str, int]) -> None:
    from crm.backoffice import records

    with company.system() as session:
        records.remove(session, "product_category", firms["cold"])
        session.commit()
        assert rows(session)[firms["both"]].values["interests"] == (Ref(firms["air"], "Їжа"),)
        records.restore(session, "product_category", firms["cold"])
        records.remove(session, "account", firms["both"])
        session.commit()
        assert found(session, {"field": "interested", "op": "not_empty"}, "product_category") == {firms["air"]}
        records.restore(session, "account", firms["both"])
        assert len(rows(session)[firms["both"]].values["interests"]) == 2


def test_sets_stream_in_parts(company: Company, firms: dict[str, int]) -> None:
    company.make("account", *({"name": f"к{n}", "interests": [firms["cold"]] if n % 2 else None} for n in range(25)))
    with company.system(write=False) as session:
        views = list(lists.stream(session, lists.parse_query(session, "account", {"columns": "interests"}), refs="code", chunk=7))
    assert sum(view.values["interests"] is not None for view in views) == 14
    assert {r.text for view in views for r in view.values["interests"] or ()} == {f"PC-{firms['cold']}", f"PC-{firms['air']}"}


def test_totals_and_reports_are_not_multiplied_by_sets(company: Company, firms: dict[str, int]) -> None:
    with company.system(write=False) as session:
        query = lists.parse_query(session, "account", {"columns": "revenue,interests", "where": json.dumps({"field": "interests", "op": "not_empty"})})
        assert lists.totals(session, query)["revenue"] == {"UAH": Decimal(12)}
