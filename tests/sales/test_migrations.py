"""What migrations give a company that stood before them."""

from importlib import import_module
from typing import Any

from sqlalchemy import select, update

from crm.backoffice import records
from crm.backoffice.configuration import OptionRow, PicklistRow
from crm.sales.models import Deal, Pipeline
from tests.company import Company, today

DEAL, PIPELINE, OPTION, PICKLIST = Deal.__table__, Pipeline.__table__, OptionRow.__table__, PicklistRow.__table__


def run(company: Company, name: str) -> None:
    with company.engine.execution_options(writer=True).begin() as connection:
        import_module(f"migrations.versions.{name}").fill(connection)


def rows(company: Company, *columns: Any) -> list[tuple[Any, ...]]:
    with company.system(write=False) as session:
        return [tuple(row) for row in session.kernel(select(*columns).where(DEAL.c.deleted_at.is_(None)).order_by(DEAL.c.id))]


def test_deals_that_stood_are_given_a_source_and_a_category_as_rules_would_have_given_them(company: Company) -> None:
    company.make(
        "deal", {"name": "а"}, {"name": "б", "probability": "0.7"}, {"name": "в", "stage": company.stage("won")},
        {"name": "г", "stage": company.stage("lost"), "loss_reason": company.option("loss_reason", "price")},
    )
    columns = (DEAL.c.probability_source, DEAL.c.probability_source__sort, DEAL.c.probability_source__find, DEAL.c.forecast_category_id)
    as_given = rows(company, *columns)
    with company.system() as session:
        session.kernel(update(DEAL).values({column.name: None for column in columns}))
        session.kernel(update(PIPELINE).values(probability_source__sort=None, probability_source__find=None))
        session.commit()
    run(company, "0008_what_is_expected_of_deals")
    assert rows(company, *columns) == as_given
    run(company, "0008_what_is_expected_of_deals")  # a second time it finds its options
    with company.system(write=False) as session:
        assert len(session.kernel(select(OPTION.c.id).where(OPTION.c.picklist == "forecast_category")).all()) == 5
        assert session.kernel(select(PIPELINE.c.probability_source__sort)).scalars().first() == as_given[0][1]


def test_lists_are_made_once_and_a_companys_own_stay(company: Company) -> None:
    def keys(picklist: str) -> list[str]:
        with company.system(write=False) as session:
            return list(session.kernel(select(OPTION.c.key).where(OPTION.c.picklist == picklist).order_by(OPTION.c.position)).scalars())

    as_installed = {name: keys(name) for name in ("team_role", "rival_threat", "rival_status")}
    with company.system() as session:
        for name in ("team_role", "rival_threat", "rival_status"):
            session.kernel(OPTION.delete().where(OPTION.c.picklist == name))
        session.kernel(PICKLIST.delete().where(PICKLIST.c.key.in_(("team_role", "rival_threat"))))  # the third is the company's own, without options
        session.commit()
    for name in ("0011_teams_of_deals", "0014_rivals_in_deals"):
        run(company, name)
    assert {name: keys(name) for name in as_installed} == {**as_installed, "rival_status": []}


def test_how_often_deals_were_put_off_is_counted_from_the_journal(company: Company) -> None:
    first, second = company.make("deal", {"name": "а", "expected_on": today()}, {"name": "б", "expected_on": today()})
    for day in (3, 1, 9):
        with company.system() as session:
            records.change(session, "deal", first, {"expected_on": today().replace(year=today().year + 1, day=day), "name": f"а {day}"})
            session.commit()
    assert rows(company, DEAL.c.put_off) == [(2,), (0,)]
    with company.system() as session:
        session.kernel(update(DEAL).values(put_off=0))
        session.commit()
    run(company, "0014_rivals_in_deals")
    assert rows(company, DEAL.c.id, DEAL.c.put_off) == [(first, 2), (second, 0)]
