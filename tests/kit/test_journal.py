"""The journal of the whole company: filters, pages, a file; each reader sees in it what records show him, and events only who sees everything."""


import pytest
from sqlalchemy import func, select

from crm.backoffice import records
from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from tests.kit.test_merging import Sign
from tests.kit.test_personal import run_jobs
from tests.kit_forms.house import House
from tests.statements import statements

KEEPER = """
roles:
  reader:
    label: {uk: Читач, en: Reader}
    rules:
      - {entity: role, actions: [read, update], scope: all, fields: {"*": edit}}
      - {entity: account, actions: [read, export], scope: all, fields: {"*": read, revenue: hidden, city: masked}}
      - {entity: deal, actions: [read], scope: own, fields: {"*": read}}
"""


def keeper(house: House) -> None:
    runtime = house.app.extensions["brama"]
    with system_session(runtime.engine, "test", runtime.refresh(), write=True) as session:
        apply(session, read(KEEPER, runtime.catalog))
        session.commit()


def change(house: House, entity: str, number: int, **values: object) -> None:
    runtime = house.app.extensions["brama"]
    with system_session(runtime.engine, "test", runtime.refresh(), write=True, source="import") as session:
        records.change(session, entity, number, values)
        session.commit()


def test_filters_leave_what_fits(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    one, other = house.make_many("account", [{"name": "Криниця"}, {"name": "Джерело"}])
    change(house, "account", one, city="Львів")
    assert olena.post(f"/account/{other}/cell/city", {"value": "Одеса"}).status_code == 200
    page = olena.page("/journal/")
    assert "Львів" in page and "Одеса" in page and f'href="/account/{one}/"' in page and "Sign-in" in page
    for query, there, gone in (
        (f"entity=account&record={one}", "Львів", "Одеса"), ("entity=account&field=city&source=import", "Львів", "Одеса"),
        (f"who={house.people['Olena']}&entity=account", "Одеса", "Львів"), ("action=event", "Sign-in", "Одеса"),
        ("since=2020-01-01&until=2020-01-02", "Nothing fits", "Одеса"), ("action=create&entity=account", "Джерело", "Одеса"),
    ):
        found = olena.page(f"/journal/?{query}")
        assert there in found and gone not in found, query


def test_pages_follow_one_another_without_a_gap(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    house.make_many("account", [{"name": f"Компанія {n:03}"} for n in range(120)])
    met: list[str] = []
    address = "/journal/?entity=account&action=create"
    while address:
        page = olena.page(address)
        met += [part.split("<")[0] for part in page.split('">Компанія ')[1:]]
        address = page.split('class="b-older"><a class="btn btn-sm btn-quiet" href="')[1].split('"')[0].replace("&amp;", "&") if "b-older" in page else ""
    assert met == [f"{n:03}" for n in reversed(range(120))]


def test_what_a_field_hides_its_history_hides_here_too(house: House, browser: Sign) -> None:
    keeper(house)
    roman = browser("Roman")
    [account] = house.make_many("account", [{"name": "Криниця"}])
    [deal] = house.make_many("deal", [{"name": "Чужа угода"}])
    change(house, "account", account, revenue="777001", website="https://krynytsia.example")
    change(house, "account", account, revenue="777002", city="Хмільник")
    change(house, "deal", deal, name="Ще чужіша")
    page = roman.page("/journal/")
    assert "krynytsia" in page and "777" not in page and "Хмільник" not in page and "чуж" not in page.casefold() and "Sign-in" not in page
    assert page.count("Company: changed") == 1, "a change of hidden fields alone is no change"
    file = roman.get("/journal/?format=csv").get_data(as_text=True)
    assert "krynytsia" in file and "777" not in file and "Хмільник" not in file and "чуж" not in file.casefold()
    for field in ("revenue", "city", "no_such"):
        assert roman.get(f"/journal/?entity=account&field={field}").status_code == 400
    assert roman.post("/journal/verify").status_code == 403


@pytest.mark.parametrize("query", [
    "who=x", "who=99999999999", "record=-1", "before=x", "entity=no_such", "entity=account&field=no_such", "field=city", "action=no_such", "since=yesterday",
    "until=2026-13-01", "format=exe",
])
def test_what_makes_no_sense_is_said(house: House, browser: Sign, query: str) -> None:
    assert browser("Olena").get(f"/journal/?{query}").status_code == 400


def test_whoever_keeps_no_roles_does_not_come_in(house: House, browser: Sign) -> None:
    oksana = browser("Oksana")
    assert oksana.get("/journal/").status_code == 403 and "/journal/" not in oksana.page("/")


def test_it_is_verified_by_a_job_and_says_what_that_found(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    assert "not been verified" in olena.page("/journal/")
    assert olena.client.post("/journal/verify", data={"csrf_token": olena.token}).status_code == 303
    run_jobs(house)
    assert "every row reads as it was written" in olena.page("/journal/")
    runtime = house.app.extensions["brama"]
    table = JournalRow.__table__
    with runtime.engine.execution_options(writer=True).begin() as connection:
        first = connection.execute(select(func.min(table.c.id))).scalar_one()
        connection.execute(table.update().where(table.c.id == first).values(source="forged"))
    olena.client.post("/journal/verify", data={"csrf_token": olena.token})
    run_jobs(house)
    assert f"row {first} does not hold" in olena.page("/journal/")


def test_a_formula_in_the_file_does_not_run(house: House, browser: Sign) -> None:
    house.make_many("account", [{"name": "=1+1"}])
    file = browser("Olena").get("/journal/?entity=account&format=csv").get_data(as_text=True)
    assert ",'=1+1" in file


def test_the_page_costs_as_many_queries_however_much_it_tells(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    asked = []
    for count in (3, 60):
        house.make_many("account", [{"name": f"К{n}"} for n in range(count)])
        olena.page("/journal/?entity=account")
        with statements(house.app.extensions["brama"].engine) as counted:
            olena.page("/journal/?entity=account")
        asked.append(len(counted))
    assert asked[0] == asked[1] < 20
