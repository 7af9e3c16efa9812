"""The quality of data, counted by hand; every figure is the number of records that it opens."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import crm.reports
from crm.backoffice import lists
from crm.backoffice.guard import DataSession
from crm.backoffice.likeness.search import search
from crm.backoffice.quality import report as quality
from crm.backoffice.reports import Table, find, run
from crm.errors import Forbidden
from tests.company import Company, today
from tests.reports.deals import check_cells

assert crm.reports
NOW = datetime.now(UTC)


def fill(company: Company) -> dict[str, int]:
    ids: dict[str, int] = {}
    ids["north"], ids["south"] = company.make("department", {"name": "Північ"}, {"name": "Південь"})
    ids["anna"], ids["left"] = company.make("user", {"name": "Anna", "department": ids["north"]}, {"name": "Left", "department": ids["south"], "active": False})
    industry = company.catalog.picklists["industry"].options[0].id
    whole = {"tax_code": "14360570", "phone": "+380441234567", "industry": industry, "city": "Київ", "owner": ids["anna"]}
    made = company.make(
        "account", {"name": "Криниця", **whole}, {"name": "Обрій", "phone": "дзвоніть увечері", "owner": ids["anna"]},
        {"name": "Krynytsia", "city": "Львів", "owner": ids["left"]}, {"name": "Нічия", "phone": "немає", "fax": "+380447654321"}, source="import",
    )
    ids |= dict(zip(("whole", "bare", "double", "nobody"), made, strict=True))
    talk = {"medium": company.option("interaction_medium", "letter"), "direction": company.option("direction", "outbound")}
    company.make(
        "interaction", {**talk, "account": ids["whole"], "held_at": NOW - timedelta(days=10)},
        {**talk, "account": ids["bare"], "held_at": NOW - timedelta(days=95)},
        {**talk, "account": ids["double"], "planned_start": NOW - timedelta(days=5)}, source="import",
    )
    search(company.engine, company.catalog, "account", pause=0)
    return ids


def report(session: DataSession, name: str = "quality_accounts", **asked: str) -> Table:
    return run(find(name), session, asked)[1]


def table(company: Company, name: str = "quality_accounts", **asked: str) -> Table:
    with company.system(write=False) as session:
        return report(session, name, **asked)


def test_companies_are_counted_by_what_is_wrong_with_them(company: Company) -> None:
    fill(company)
    # of 4 × 5 important fields the whole one has 5, Обрій phone and owner, Krynytsia city and owner, the last a phone
    assert table(company).totals == {
        "records": 4, "completeness": 10 / 20, "incomplete": 3, "duplicates": 2, "bad_phones": 2, "unowned": 2, "silent": 3,
    }
    found = {row["department"]: row for row in table(company, by="department").rows}
    north, south, none = found["Північ"], found["Південь"], found[None]
    assert [north[key] for key in ("records", "completeness", "incomplete", "duplicates", "bad_phones", "unowned", "silent")] == [2, 7 / 10, 1, 1, 1, 0, 1]
    assert [south[key] for key in ("records", "completeness", "incomplete", "duplicates", "bad_phones", "unowned", "silent")] == [1, 2 / 5, 1, 1, 0, 1, 1]
    assert [none[key] for key in ("records", "completeness", "incomplete", "duplicates", "bad_phones", "unowned", "silent")] == [1, 1 / 5, 1, 0, 1, 1, 1]


def test_every_figure_is_the_number_of_records_that_it_opens(company: Company) -> None:
    fill(company)
    with company.system(write=False) as session:
        for by in ("", "department", "owner", "department,owner", "territory"):
            assert check_cells(session, report(session, by=by)) >= 10
            opened = report(session, by=by)
            drill = opened.drill(None, "completeness")
            assert drill is not None
            assert lists.count(session, lists.parse_query(session, drill.entity, {"where": json.dumps(drill.where)})).number == 3
        assert check_cells(session, report(session, by="department", period=str(NOW.year))) >= 10


def test_an_empty_company_has_no_completeness(company: Company) -> None:
    assert table(company).totals["completeness"] is None and table(company).totals["records"] == 0
    assert table(company, by="department").rows == []


def test_people_whose_ways_of_contact_are_dead(company: Company) -> None:
    one, two, _ = company.make("contact", {"name": "Марта", "phone": "x"}, {"name": "Богдан", "email": "b@firm.example"}, {"name": "Юхим"})
    kind = company.option("contact_point_kind", "telegram")
    company.make("contact_point", *(
        {"contact": person, "kind": kind, "value": value, "bounced": bounced}
        for person, value, bounced in ((two, "@b", True), (two, "@c", True), (one, "@a", False))
    ))
    with company.system(write=False) as session:
        found = report(session, "quality_contacts", by="owner")
        assert (found.totals["bad_phones"], found.totals["bounced"], found.totals["unowned"]) == (1, 1, 3)
        assert check_cells(session, found) >= 10


def test_open_deals_that_stand_still(company: Company) -> None:
    day = today()
    (firm,) = company.make("account", {"name": "Лан"})
    company.make("deal", *(
        {"name": f"Угода {n}", "account": firm, "stage": company.stage(stage), "next_step_on": day, "amount": 5}
        for n, (stage, day) in enumerate((("lead", day), ("lead", day - timedelta(days=1)), ("proposal", None), ("won", day - timedelta(days=9))))
    ), source="import")
    with company.system(write=False) as session:
        found = report(session, "quality_deals", by="department")
        assert [found.totals[key] for key in ("records", "overdue_step", "no_step", "silent", "unowned", "incomplete")] == [3, 1, 1, 3, 3, 3]
        assert found.totals["completeness"] == 6 / 18
        assert check_cells(session, found) >= 10


def test_what_is_too_many_to_name_is_undefined_and_said(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(company)
    monkeypatch.setattr("crm.backoffice.quality.subject.MOST", 1)
    found = table(company)
    assert (found.totals["duplicates"], found.totals["bad_phones"], found.totals["records"]) == (None, None, 4)
    assert len(found.notes) == 2
    monkeypatch.undo()
    monkeypatch.setattr(quality, "NAMED", 1)
    assert table(company).drill(None, "duplicates") is None


def test_figures_are_of_what_the_reader_sees(company: Company) -> None:
    fill(company)
    users = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}

    def reader(key: str, **rule: Any) -> int:
        return company.person(company.role(key, {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}, **rule}, users))

    with company.session(reader("no_phone", fields={"*": "read", "phone": "masked"})) as session:
        assert {c.key for c in report(session).measures} == {"records", "duplicates", "unowned"}, "interactions are not his to see either"
    with company.session(reader("north", where={"field": "city", "op": "eq", "value": "Київ"})) as session:
        found = report(session).totals
        assert (found["records"], found["duplicates"], found["incomplete"]) == (1, 0, 0), "its double is not his to see"
    with company.session(company.person()) as session, pytest.raises(Forbidden):
        report(session)
