"""What a reader gets of a report: his records, his fields, and refusals that do not tell what is hidden."""

import pytest

from crm.errors import BadRequest, BramaError, Forbidden, UnknownName
from tests.company import Company
from tests.reports.deals import check_cells, fill, win_rate

READ_USERS = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


def reader(company: Company, *rules: dict[str, object], **values: object) -> int:
    return company.person(company.role("watcher", *rules), **values)


def test_a_reader_without_the_amount_gets_the_report_without_it(company: Company) -> None:
    fill(company)
    who = reader(company, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}}, READ_USERS)
    with company.session(who) as session:
        _, table = win_rate(session, by="owner")
        assert [c.key for c in table.measures] == ["won", "lost", "win_rate", "avg_days", "median_days"]
        assert "amount" not in table.totals
        assert "amount" not in table.rows[0]
        assert check_cells(session, table)


def test_a_masked_field_counts_as_hidden(company: Company) -> None:
    fill(company)
    who = reader(company, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "masked", "opened_on": "masked"}})
    with company.session(who) as session:
        assert list(win_rate(session)[1].totals) == ["won", "lost", "win_rate"]


@pytest.mark.parametrize("asked", [
    {"by": "account"}, {"by": "manager"}, {"sort": "amount"}, {"where": '{"field": "amount", "op": "gt", "value": 1}'}, {"by": "product"},
    {"where": '{"field": "owner.manager", "op": "empty"}'},
])
def test_a_hidden_name_is_refused_as_an_unknown_one_and_ends_with_four(company: Company, asked: dict[str, str]) -> None:
    fill(company)
    fields = {"*": "read", "amount": "hidden", "account": "hidden"}
    users = {**READ_USERS, "fields": {"*": "read", "manager": "hidden"}}
    who = reader(company, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": fields}, users)
    with company.session(who) as session:
        with pytest.raises(UnknownName) as hidden:
            win_rate(session, **asked)
        assert hidden.value.exit_code == 4
    with company.system(write=False) as session:
        win_rate(session, **asked)


def test_without_any_measure_left_there_is_no_right_to_the_report(company: Company) -> None:
    fill(company)
    blind = reader(company, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "stage": "hidden"}})
    stranger = company.person()
    for who in (blind, stranger):
        with company.session(who) as session, pytest.raises(Forbidden) as refused:
            win_rate(session)
        assert refused.value.exit_code == 4


def test_figures_and_totals_are_of_the_readers_records_only(company: Company) -> None:
    ids = fill(company)
    company.role("own", {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}, READ_USERS)
    company.make("membership", {"user": ids["anna"], "role": _role(company, "own")})
    with company.session(ids["anna"]) as session:
        _, table = win_rate(session, by="owner")
        assert [row["owner"] for row in table.rows] == ["Anna"]
        assert (table.totals["won"], table.totals["lost"]) == (3, 1)
        assert win_rate(session, by="manager")[1].rows[0]["manager"] == "Chief"


@pytest.mark.parametrize("mode", ["hidden", "masked"])
def test_a_report_is_split_by_records_whose_names_are_kept_from_the_reader(company: Company, mode: str) -> None:
    ids = fill(company)
    who = reader(company, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
                 {**READ_USERS, "fields": {"*": "read", "name": mode}})
    with company.session(who) as session:
        _, table = win_rate(session, by="owner")
        assert ids["anna"] in {row["owner_id"] for row in table.rows}
        assert {row["owner"] for row in table.rows} == {None}


def test_a_record_that_the_reader_may_not_know_has_no_name_in_the_rows(company: Company) -> None:
    ids = fill(company)
    who = reader(company, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
                 {**READ_USERS, "scope": "where", "where": {"field": "name", "op": "eq", "value": "Anna"}})
    with company.session(who) as session:
        found = {row["owner_id"]: row["owner"] for row in win_rate(session, by="owner")[1].rows}
        assert found == {ids["anna"]: "Anna", ids["bohdan"]: None, None: None}
        with pytest.raises(BadRequest):
            win_rate(session, owner="bohdan")
        with pytest.raises(BadRequest):
            win_rate(session, owner=f"id:{ids['bohdan']}")
        assert win_rate(session, owner="anna")[1].totals["won"] == 3


def test_an_amount_shown_on_some_deals_adds_up_those(company: Company) -> None:
    fill(company)
    small = {"mode": "read", "where": {"field": "name", "op": "in", "value": ["Deal 0", "Deal 1"]}}
    who = reader(company, {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": small}}, READ_USERS)
    with company.session(who) as session:
        _, table = win_rate(session, by="owner")
        assert str(table.totals["amount"]) == "300.1000"
        assert check_cells(session, table)


@pytest.mark.parametrize("asked", [
    {"nonsense": "1"}, {"by": "colour"}, {"by": "owner,colour"}, {"period": "yesterday"}, {"period": "2024-13"}, {"period": "2025..2024"}, {"currency": "QQQ"},
    {"time_zone": "Mars/Base"}, {"time_zone": "../../etc/passwd"}, {"owner": "nobody"}, {"department": "nowhere"}, {"where": "{"}, {"where": "[]"},
    {"where": '{"not":' * 200 + "{}" + "}" * 200}, {"where": '{"field": "nonsense", "op": "eq", "value": 1}'}, {"sort": "nonsense"}, {"sort": "owner"},
    {"where": "[" * 100_000}, {"owner": "id:99999999999"}, {"owner": "id:0"},
])
def test_nonsense_is_refused_with_a_sentence(company: Company, asked: dict[str, str]) -> None:
    with company.system(write=False) as session, pytest.raises(BramaError) as refused:
        win_rate(session, **asked)
    assert refused.value.status == 400
    assert "%(" not in str(refused.value.message)


def _role(company: Company, code: str) -> int:
    with company.system(write=False) as session:
        source = session.table("role")
        return int(session.execute(source.table.select().where(source.table.c.code == code)).mappings().one()["id"])
