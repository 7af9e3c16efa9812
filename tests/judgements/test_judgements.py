"""What a judgement of a forecast must satisfy, and what stands beside it: worked out by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

import crm.reports
from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.reports import Table, find, run
from crm.backoffice.undo import undo
from crm.errors import Forbidden, Invalid, NotFound, UnknownName
from crm.sales.judgements.models import JUDGEMENT, ForecastJudgement
from tests.company import Company, today
from tests.figures.test_forecast_months import month, name
from tests.reports.deals import check_cells

assert crm.reports
JUDGED = ForecastJudgement.__table__
TODAY = today()
SEES = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
UNITS = {"entity": "department", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
DEALS = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
STATES = {"entity": JUDGEMENT, "actions": ["read", "create", "update", "delete"], "scope": "own", "fields": {"*": "edit"}}


@pytest.fixture
def people(company: Company) -> dict[str, int]:
    """A tree: the company, its sales, north of these; a chief who leads all, a head of the north with two sellers, and a stranger in supplies."""
    (top,) = company.make("department", {"name": "Company"})
    sales, supplies = company.make("department", {"name": "Sales", "parent": top}, {"name": "Supplies", "parent": top})
    (north,) = company.make("department", {"name": "North", "parent": sales})
    company.role("judge", SEES, UNITS, DEALS, STATES)
    ids = {"top": top, "sales": sales, "north": north, "supplies": supplies}
    for who, unit in (("chief", top), ("head", sales), ("anna", north), ("bohdan", north), ("stranger", supplies)):
        ids[who] = company.person("judge", name=who.title(), code=who, department=unit)
    return ids


def state(company: Company, who: int, **values: Any) -> int:
    with company.session(who) as session:
        number: int = records.create(session, JUDGEMENT, {"month": month(1), "amount": Decimal(100), "reason": "A feeling", "currency": "UAH", **values})
        session.commit()
    return number


def refused(company: Company, who: int, **values: Any) -> set[str]:
    with company.session(who) as session, pytest.raises(Invalid) as wrong:
        records.create(session, JUDGEMENT, {"month": month(1), "amount": Decimal(100), "reason": "A feeling", **values})
    return set(wrong.value.fields)


def stored(company: Company, *numbers: int) -> list[Any]:
    with company.system(write=False) as session:
        kept = {row.id: row for row in session.kernel(JUDGED.select())}
    return [kept[number] for number in numbers]


def test_a_judgement_is_of_whom_one_answers_for(company: Company, people: dict[str, int]) -> None:
    own, of_anna, of_north, of_sales, of_all = stored(
        company, state(company, people["anna"]), state(company, people["head"], seller=people["anna"]), state(company, people["head"], unit=people["north"]),
        state(company, people["chief"], unit=people["sales"]), state(company, people["chief"], unit=people["top"]),
    )
    assert (own.seller_id, own.unit_id, of_anna.seller_id, of_north.unit_id) == (people["anna"], None, people["anna"], people["north"])
    assert (of_sales.unit_id, of_all.unit_id, own.version, own.stated_on, own.replaced_on) == (people["sales"], people["top"], 1, TODAY, None)
    assert refused(company, people["anna"], seller=people["bohdan"]) == {"seller"}  # one beside oneself
    assert refused(company, people["anna"], unit=people["sales"]) == {"unit"}
    assert refused(company, people["head"], unit=people["supplies"]) == {"unit"}
    assert refused(company, people["head"], seller=people["stranger"]) == {"seller"}
    assert refused(company, people["head"], seller=people["anna"], unit=people["north"]) == {"unit"}
    with company.system() as session:
        records.change(session, "user", people["bohdan"], {"manager": people["stranger"]})
        session.commit()
    assert stored(company, state(company, people["stranger"], seller=people["bohdan"]))[0].seller_id == people["bohdan"]


def test_bad_input_is_refused_where_it_stands(company: Company, people: dict[str, int]) -> None:
    nonsense: tuple[tuple[dict[str, Any], str], ...] = (
        ({"month": date(2020, 1, 31)}, "month"), ({"month": None}, "month"), ({"amount": Decimal("-0.01")}, "amount"),
        ({"amount": Decimal(10) ** 15}, "amount"), ({"reason": "  "}, "reason"), ({"reason": None}, "reason"), ({"measure": "hope"}, "measure"),
        ({"currency": "XXQ"}, "currency"),
    )
    for values, field in nonsense:
        assert refused(company, people["anna"], **values) == {field}, values


def test_another_mind_is_another_version(company: Company, people: dict[str, int]) -> None:
    anna = people["anna"]
    first = state(company, anna, month=month(1) + timedelta(days=12))
    other = state(company, anna, month=month(2))
    commit = state(company, anna, measure="commit")
    second = state(company, anna, amount=Decimal(90), reason="The tender is put off")
    one, two, *rest = stored(company, first, second, other, commit)
    assert (one.month, one.version, one.replaced_on) == (month(1), 1, TODAY)
    assert (two.version, two.replaced_on, [row.replaced_on for row in rest]) == (2, None, [None, None])
    with company.session(anna) as session:
        for values in ({"amount": Decimal(1)}, {"reason": "Because"}, {"month": month(3)}, {"measure": "commit"}):
            with pytest.raises(Invalid) as wrong:
                records.change(session, JUDGEMENT, second, values)
            assert set(wrong.value.fields) == set(values)
        with pytest.raises(UnknownName):
            records.change(session, JUDGEMENT, second, {"replaced_on": TODAY})
    with company.session(anna) as session:
        third = records.create(session, JUDGEMENT, {"month": month(1), "amount": Decimal(80), "reason": "Worse"})
        batch = session.batch
        session.commit()
    assert [row.replaced_on for row in stored(company, second, third)] == [TODAY, None]
    with company.session(anna) as session:
        undo(session, batch)
        session.commit()
    two, three = stored(company, second, third)
    assert two.replaced_on is None and three.deleted_at is not None
    with company.session(anna) as session:  # what comes back from the recycle bin is the later one
        records.restore(session, JUDGEMENT, third)
        session.commit()
    assert [(row.replaced_on, row.deleted_at) for row in stored(company, second, third)] == [(TODAY, None), (None, None)]


# --- beside what follows from deals ---------------------------------------------------------------------------------

# owner, stage, amount, probability, category, expected, closed
SOLD: tuple[tuple[str, str, str, str, str, date, date | None], ...] = (
    ("anna", "contract", "1000", "0.5", "commit", month(1), None), ("anna", "lead", "400", "0.25", "pipeline", month(1), None),
    ("anna", "lead", "9000", "0.5", "commit", month(2), None), ("bohdan", "won", "64", "1", "closed", month(0), TODAY),
    ("bohdan", "contract", "32", "0.5", "commit", month(1), None), ("stranger", "contract", "5000", "0.5", "commit", month(1), None),
)


def sell(company: Company, people: dict[str, int], rows: Any = SOLD) -> None:
    of = {"anna": "north", "bohdan": "north", "stranger": "supplies"}
    for owner, stage, amount, probability, category, expected, closed in rows:
        (deal,) = company.make("deal", {
            "name": f"{owner} {amount}", "owner": people[owner], "department": people[of[owner]], "stage": company.stage(stage), "amount": Decimal(amount),
            "currency": "UAH", "expected_on": expected, "closed_on": closed, "opened_on": month(-9),
        }, source="import")
        with company.system() as session:
            deals = session.catalog.entity("deal").table
            session.kernel(deals.update().where(deals.c.id == deal).values(
                probability=Decimal(probability), forecast_category_id=company.option("forecast_category", category)))
            session.commit()


def asked(session: DataSession, report: str, **words: str) -> Table:
    found = run(find(report), session, {"by": "month,measure,owner,seller,unit", **words})[1]
    check_cells(session, replace(found, rows=[row for row in found.rows if row["measure"] == "commit"]))
    return found


def test_a_judgement_stands_beside_what_follows_from_the_deals(company: Company, people: dict[str, int]) -> None:
    sell(company, people)
    state(company, people["anna"], amount=Decimal(5))
    state(company, people["anna"], amount=Decimal(700))
    state(company, people["anna"], measure="commit", amount=Decimal(1100))
    state(company, people["head"], unit=people["sales"], measure="commit", amount=Decimal(900))
    state(company, people["head"], unit=people["sales"], month=TODAY, amount=Decimal(70))
    with company.system(write=False) as session:
        found = asked(session, "forecast_judgements", period=f"{month(0)}..{month(2) - timedelta(days=1)}")
    rows = {(row["month"], row["measure"], row["seller"] or row["unit"]): tuple(row[key] for key in ("computed", "judged", "difference")) for row in found.rows}
    assert rows == {
        (name(1), "forecast", "Anna"): (600, 700, 100),  # 1000 × 0.5 + 400 × 0.25
        (name(1), "commit", "Anna"): (1000, 1100, 100), (name(1), "commit", "Sales"): (1032, 900, -132), (name(0), "forecast", "Sales"): (64, 70, 6),
    }
    assert found.totals["judgements"] == 4 and found.rows[0]["share"] == pytest.approx(6 / 64)
    company.role("no_amounts", SEES, UNITS, {**DEALS, "fields": {"*": "read", "probability": "hidden"}}, {**STATES, "scope": "all"})
    company.role("no_opinions", SEES, UNITS, DEALS, {**STATES, "scope": "all", "fields": {"*": "read", "amount": "hidden"}})
    company.role("no_judgements", SEES, UNITS, DEALS)
    with company.session(company.person("no_amounts"), write=False) as session:
        table = run(find("forecast_judgements"), session, {"by": "owner"})[1]
        assert [column.key for column in table.measures] == ["judgements", "judged"]
        with pytest.raises(UnknownName):
            run(find("forecast_judgements"), session, {"by": "owner", "sort": "-computed"})
    with company.session(company.person("no_opinions"), write=False) as session:
        assert [column.key for column in run(find("forecast_judgements"), session, {"by": "owner"})[1].measures] == ["judgements", "computed"]
    with company.session(company.person("no_judgements"), write=False) as session, pytest.raises(Forbidden):
        run(find("forecast_judgements"), session, {})


def test_one_sees_the_judgements_of_people_in_ones_scope(company: Company, people: dict[str, int]) -> None:
    mine, hers = state(company, people["bohdan"]), state(company, people["anna"])
    with company.session(people["bohdan"], write=False) as session:
        assert [row["owner"] for row in run(find("forecast_judgements"), session, {"by": "owner"})[1].rows] == ["Bohdan"]
    with company.session(people["bohdan"]) as session:
        records.remove(session, JUDGEMENT, mine)
        with pytest.raises(NotFound):
            records.remove(session, JUDGEMENT, hers)


def test_judgements_are_measured_by_what_came(company: Company, people: dict[str, int]) -> None:
    with company.system(write=False) as session, pytest.raises(UnknownName):  # also where no month is over
        run(find("judgement_accuracy"), session, {"where": '{"field": "secret", "op": "empty"}'})
    past = [(who, "won", amount, "1", "closed", day, day) for who, amount, day in (
        ("anna", "600", month(-2) + timedelta(days=3)), ("anna", "100", month(-1)), ("bohdan", "300", month(-1) + timedelta(days=20)))]
    sell(company, people, past)
    rows: list[tuple[str, dict[str, Any], int, date, date | None]] = [  # who, what, how much, stated, replaced
        ("anna", {"month": month(-2), "seller": people["anna"]}, 900, month(-4), month(-2) - timedelta(days=10)),  # in force thirty days before
        ("anna", {"month": month(-2), "seller": people["anna"]}, 620, month(-2) - timedelta(days=10), None),  # and on the first day
        ("anna", {"month": month(-1), "seller": people["anna"]}, 50, month(-4), None),
        ("head", {"month": month(-1), "unit": people["north"]}, 500, month(-4), None),
        ("head", {"month": month(1), "unit": people["north"]}, 9999, month(-4), None),  # not over yet
    ]
    made = company.make(JUDGEMENT, *(
        {"owner": people[who], "amount": Decimal(amount), "currency": "UAH", "reason": "So", **values} for who, values, amount, _, _ in rows), source="import")
    with company.system() as session:
        for number, (*_, stated, replaced) in zip(made, rows, strict=True):
            session.kernel(JUDGED.update().where(JUDGED.c.id == number).values(stated_on=stated, replaced_on=replaced))
        session.commit()
    with company.system(write=False) as session:
        by_judge = {row["owner"]: row for row in run(find("judgement_accuracy"), session, {"by": "owner"})[1].rows}
        anna, head = by_judge["Anna"], by_judge["Head"]
        assert [anna[key] for key in ("judgements", "judged", "actual", "error", "bias")] == [2, 950, 700, 250, pytest.approx(250 / 700)]
        assert anna["mape"] == pytest.approx((300 / 600 + 50 / 100) / 2)
        assert [head[key] for key in ("judgements", "judged", "actual", "bias")] == [1, 500, 400, pytest.approx(0.25)]
        later = run(find("judgement_accuracy"), session, {"by": "owner,month", "ahead": "0", "period": f"{month(-2)}..{TODAY}"})[1]
        check_cells(session, later)
        assert [(row["owner"], row["month"], row["judged"]) for row in later.rows] == [("Anna", name(-2), 620), ("Anna", name(-1), 50), ("Head", name(-1), 500)]
