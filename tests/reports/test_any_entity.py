"""The report over any entity: figures worked out by hand, cells that open what was counted, rights, and bad input; on both databases."""

import json
from decimal import Decimal

import pytest

from crm.backoffice import lists
from crm.backoffice.guard import DataSession
from crm.backoffice.rates import Rates
from crm.backoffice.reports import Column, Table, any_entity, find, run
from crm.backoffice.reports.measured import Figures, figure
from crm.backoffice.reports.output import rounded
from crm.backoffice.worth import Conversion, Place
from crm.errors import BadRequest, Forbidden, UnknownName
from crm.messages import Label, render
from crm.organization.founding import give_role
from tests.company import Company, today
from tests.reports.deals import fill

READ_USERS = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
TENDER = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    plural: {uk: Тендери, en: Tenders}
    fields:
      budget: {type: money, label: {uk: Бюджет, en: Budget}}
      weight: {type: decimal, label: {uk: Вага, en: Weight}}
      lots: {type: integer, label: {uk: Лотів, en: Lots}}
      urgent: {type: boolean, label: {uk: Терміновий, en: Urgent}}
      seen_at: {type: moment, label: {uk: Переглянуто, en: Seen}}
      result: {type: picklist, label: {uk: Результат, en: Result}, options: [{key: won, label: {uk: В, en: Won}}, {key: lost, label: {uk: П, en: Lost}}]}
"""


def report(session: DataSession, **asked: str) -> Table:
    return run(find("records"), session, asked)[1]


def rows(table: Table, *keys: str) -> list[tuple[object, ...]]:
    return [tuple(row[key] for key in keys) for row in table.rows]


def check_cells(session: DataSession, table: Table) -> int:
    """Every count and sum is what the list behind its cell holds; how many were compared."""
    compared = 0
    for row in (*table.rows, None):
        for column in table.measures:
            value, drill = (table.totals if row is None else row)[column.key], table.drill(row, column.key)
            assert drill is not None
            args = {"where": json.dumps(drill.where), "columns": ",".join(drill.columns), "search": drill.search}
            query = lists.parse_query(session, drill.entity, args)
            if column.key == "count":
                assert lists.count(session, query).number == value, row
            elif column.key.startswith("sum:") and value is not None:
                assert sum(lists.totals(session, query)[column.key[4:]].values(), Decimal(0)) == value, row
            else:
                continue
            compared += 1
    return compared


def test_deals_by_stage_are_counted_added_up_and_averaged(company: Company) -> None:
    fill(company)
    with company.session(company.person("head")) as session:
        table = report(session, entity="deal", by="stage", measure="count,sum:amount,avg:amount,min:amount,max:amount")
        assert rows(table, "stage", "count", "sum:amount", "avg:amount", "min:amount", "max:amount") == [
            ("won", 5, Decimal("720.10"), Decimal("144.02"), Decimal(50), Decimal(300)), ("lost", 3, None, None, None, None),
            ("proposal", 1, Decimal(10000), Decimal(10000), Decimal(10000), Decimal(10000)),
        ]
        assert table.totals["count"] == 9 and table.totals["sum:amount"] is None
        assert render(table.notes[0], "en") == "There is no exchange rate for EUR (2023-12-31) or before, so sums with such amounts are left empty."
        assert check_cells(session, table) == 6
        home = report(session, entity="deal", by="stage", measure="sum:amount", where='{"field": "currency", "op": "ne", "value": "EUR"}')
        assert home.totals == {"sum:amount": Decimal("11724.10")} and check_cells(session, home) == 4


def test_a_mean_of_money_is_rounded_once() -> None:
    found = Figures(2)
    found.add("amount", Place("UAH"), 2, Decimal("0.0299"), Decimal("0.0149"), Decimal("0.0150"))
    mean = figure(Column("avg:amount", Label("", ""), "money", None, ()), found, Conversion("UAH", Rates("UAH"), today()))
    assert mean == Decimal("0.01495") and rounded(mean, "UAH") == Decimal("0.01")  # by way of four decimals it would be 0.02


def test_two_fields_at_once_and_days_by_quarter(company: Company) -> None:
    ids = fill(company)
    with company.session(company.person("head")) as session:
        table = report(session, entity="deal", by="closed_on:quarter,owner")
        assert rows(table, "closed_on:quarter", "owner", "owner_id", "count") == [
            ("2023-Q4", "Bohdan", ids["bohdan"], 1), ("2024-Q1", "Anna", ids["anna"], 4), ("2024-Q1", "Bohdan", ids["bohdan"], 1), ("2024-Q1", None, None, 1),
            (None, "Bohdan", ids["bohdan"], 2),
        ]
        assert check_cells(session, table) == 6
        assert rows(report(session, entity="deal", by="closed_on:year"), "closed_on:year", "count") == [("2023", 1), ("2024", 6), (None, 2)]
        months = report(session, entity="deal", by="closed_on", period="2024-Q1")
        assert rows(months, "closed_on", "count") == [("2024-01", 2), ("2024-02", 2), ("2024-03", 2)] and check_cells(session, months) == 4
        opened = report(session, entity="deal", date="opened_on", period="2024-01", search="Deal")
        assert rows(opened, "count") == [(4,)] and check_cells(session, opened) == 2


def test_a_made_entity_by_its_made_fields(company: Company) -> None:
    """Yes and no, a choice, moments at the edge of a year in Kyiv; weights and whole numbers as they are."""
    company.configure(TENDER)
    picklist = company.catalog.entity("tender").fields["result"].picklist or ""
    won, lost = (company.option(picklist, key) for key in ("won", "lost"))
    moments = ("2025-12-31T21:59:00+00:00", "2025-12-31T22:00:00+00:00", "2026-03-31T21:00:00+00:00", None)
    spec = company.catalog.entity("tender").fields["seen_at"]
    company.make("tender", *(
        {"name": f"Т{n}", "budget": Decimal(n), "weight": Decimal("0.125") * n, "lots": n, "urgent": urgent, "result": result,
         "seen_at": at and spec.unjournal(at)}
        for n, (urgent, result, at) in enumerate(zip((True, False, True, None), (won, won, lost, None), moments, strict=True), 1)
    ))
    role = company.role("watcher", {"entity": "tender", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    with company.session(company.person(role)) as session:
        table = report(session, entity="tender", by="result", measure="count,sum:weight,sum:lots,avg:lots,sum:budget")
        assert rows(table, "result", "count", "sum:weight", "sum:lots", "avg:lots", "sum:budget") == [
            ("won", 2, Decimal("0.375"), 3, Decimal("1.5"), Decimal(3)), ("lost", 1, Decimal("0.375"), 3, Decimal(3), Decimal(3)),
            (None, 1, Decimal("0.5"), 4, Decimal(4), Decimal(4)),
        ]
        assert check_cells(session, report(session, entity="tender", by="result", measure="count,sum:weight,sum:budget")) == 12
        flags = report(session, entity="tender", by="urgent")
        assert {row["urgent"]: row["count"] for row in flags.rows} == {True: 2, False: 1, None: 1} and check_cells(session, flags) == 4
        quarters = report(session, entity="tender", by="seen_at:quarter")
        assert rows(quarters, "seen_at:quarter", "count") == [("2025-Q4", 1), ("2026-Q1", 1), ("2026-Q2", 1), (None, 1)]
        assert check_cells(session, quarters) == 5
    with company.session(company.person("head")) as session, pytest.raises(UnknownName) as unseen:
        report(session, entity="tender")
    assert render(unseen.value.message, "en") == "There is no field or relation named “tender”."


def test_what_is_hidden_masked_or_unknown_is_refused_alike(company: Company) -> None:
    fill(company)
    fields = {"*": "read", "margin": "hidden", "owner": "masked", "currency": "read"}
    role = company.role("watcher", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": fields}, READ_USERS)
    with company.session(company.person(role)) as session:
        for key in ("margin", "owner", "nonsense"):
            for asked in ({"by": key}, {"measure": f"sum:{key}"}, {"date": key}, {"where": json.dumps({"field": key, "op": "not_empty"})}):
                with pytest.raises(UnknownName) as refused:
                    report(session, entity="deal", **asked)
                assert render(refused.value.message, "en") == f"There is no field or relation named “{key}”."
        assert "owner" not in [d.key for d in any_entity.dimensions(session.sight, session.catalog.entity("deal"))]
        with pytest.raises(Forbidden):
            report(session, entity="account")


def test_a_reader_gets_his_own_records_and_what_shows_on_them(company: Company) -> None:
    """Own deals only; an amount that shows on deals below 150 only is empty on the others; without the currency there is no money at all."""
    ids = fill(company)
    shown = {"mode": "read", "where": {"field": "code", "op": "in", "value": ["D0", "D3"]}}
    role = company.role("own", {"entity": "deal", "actions": ["read"], "scope": "own", "fields": {"*": "read", "amount": shown}})
    blind = company.role("no_currency", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "currency": "hidden"}})
    with company.system() as session:
        give_role(session, ids["anna"], role)
        session.commit()
    with company.session(ids["anna"]) as session:
        table = report(session, entity="deal", by="stage", measure="count,sum:amount")
        assert rows(table, "count", "sum:amount") == [(3, Decimal("100.10")), (1, Decimal(999))] and check_cells(session, table) == 6
    with company.session(company.person(blind)) as session:
        with pytest.raises(Forbidden):
            report(session, entity="deal", measure="sum:amount")
        assert list(report(session, entity="deal", measure="count,sum:amount").totals) == ["count"]


@pytest.mark.parametrize("asked", [
    {}, {"entity": "nothing"}, {"entity": "deal", "by": "name"}, {"entity": "deal", "by": "stage,owner,account"}, {"entity": "deal", "by": "closed_on:moon"},
    {"entity": "deal", "measure": "sum"}, {"entity": "deal", "measure": "sum:name"}, {"entity": "deal", "measure": "median:amount"},
    {"entity": "deal", "measure": "sum:probability"}, {"entity": "deal", "date": "name"}, {"entity": "deal", "sort": "amount"}, {"entity": "deal", "x": "1"},
    {"entity": "deal", "measure": ",".join(f"{f}:{k}" for f in ("sum", "avg", "min", "max") for k in ("amount", "cost"))}, {"entity": "deal", "where": "{"},
])
def test_bad_input_is_answered_in_a_sentence(company: Company, asked: dict[str, str]) -> None:
    with company.session(company.person("head")) as session, pytest.raises(BadRequest) as refused:
        report(session, **asked)
    assert render(refused.value.message, "uk")


def test_too_many_groups_are_refused(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(company)
    monkeypatch.setattr(any_entity, "MOST", 2)
    with company.session(company.person("head")) as session, pytest.raises(BadRequest, match="groups"):
        report(session, entity="deal", by="stage")
