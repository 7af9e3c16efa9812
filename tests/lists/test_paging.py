"""Pages by key: every order, both directions, empty values, any size — compared with the whole list sorted in Python."""

import base64
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from crm.backoffice import lists
from crm.backoffice.guard import SystemSession
from crm.contacts.models import Account
from tests.company import Company
from tests.conftest import Furnish
from tests.statements import statements

CITIES = [None, "Київ", "Їжаківка", "Євпаторія", "Івано-Франківськ", "Ґалич", "Гоща", None]


@pytest.fixture
def furnish(request: pytest.FixtureRequest) -> Furnish | None:
    return load if "loaded" in request.fixturenames else None


def load(engine: Engine) -> None:
    company = Company(engine)
    company.make("account", *(
        {"name": f"Компанія {n}", "city": CITIES[n % 8], "revenue": None if n % 5 == 0 else n % 7, "employees": None if n % 3 == 0 else n % 4,
         "founded": 1990 + n % 6, "industry": company.option("industry", ("trade", "food", "energy")[n % 3]) if n % 4 else None}
        for n in range(61)
    ))


@pytest.fixture
def loaded(company: Company) -> Iterator[SystemSession]:
    with company.system(write=False) as session:
        yield session


SORTS = [
    "city",
    "-city",
    "revenue",
    "-revenue",
    "name",
    "-name",
    "industry",
    "-industry",
    "id",
    "-id",
    "revenue,-city",
    "-employees,city,-founded",
    "owner",
    "-created_at",
]


def test_pages_forwards_and_backwards_hold_every_row_once_in_order(loaded: SystemSession) -> None:
    for sort, size in itertools.product(SORTS, (7, 25)):
        query = replace(lists.parse_query(loaded, "account", {"sort": sort, "columns": "name,city,revenue"}), size=200)
        whole = [row.id for row in lists.page(loaded, query).rows]
        assert len(whole) == 61
        query = replace(query, size=size)
        page = lists.page(loaded, query)
        assert page.previous is None
        seen, pages = [row.id for row in page.rows], [page]
        while page.next:
            page = lists.page(loaded, replace(query, after=page.next))
            seen += [row.id for row in page.rows]
            pages.append(page)
        assert seen == whole, sort
        for before, after in itertools.pairwise(pages):
            assert after.previous is not None
            back = lists.page(loaded, replace(query, after=after.previous))
            assert [r.id for r in back.rows] == [r.id for r in before.rows], sort
        assert [r.id for r in lists.stream(loaded, query, chunk=9)] == whole, sort


def test_yes_and_no_are_pages_too(company: Company) -> None:
    company.make("product", *({"name": f"Насос {n % 4}", "active": n % 3 > 0} for n in range(20)))
    with company.system(write=False) as session:
        for sort in ("active", "-active,name", "name,active", "-name,-active,code"):
            whole = [r.id for r in lists.page(session, lists.parse_query(session, "product", {"sort": sort, "size": "200"})).rows]
            assert [r.id for r in lists.stream(session, lists.parse_query(session, "product", {"sort": sort}), chunk=3)] == whole, sort


def test_empty_values_come_first_ascending_and_cities_by_the_alphabet(loaded: SystemSession) -> None:
    query = lists.parse_query(loaded, "account", {"sort": "city", "columns": "city", "size": "200"})
    found = [row.values["city"] for row in lists.page(loaded, query).rows]
    assert [c for c, _ in itertools.groupby(found)] == [None, "Гоща", "Ґалич", "Євпаторія", "Івано-Франківськ", "Їжаківка", "Київ"]


def test_neighbours_agree_with_the_list(loaded: SystemSession) -> None:
    for sort in SORTS:
        query = replace(lists.parse_query(loaded, "account", {"sort": sort, "columns": "name"}), size=200)
        whole = [row.id for row in lists.page(loaded, query).rows]
        for place in (0, 1, 30, 60):
            expected = (whole[place - 1] if place else None, whole[place + 1] if place < 60 else None)
            assert lists.neighbours(loaded, query, whole[place]) == expected, sort


@pytest.mark.parametrize("token", ["x", "!!!", "W10", "WzAsMSwyLDNd", "WzAsbnVsbF0", "e30", "A" * 5000, "WzAsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OV0"])
def test_a_key_that_does_not_parse_is_the_first_page(loaded: SystemSession, token: str) -> None:
    query = lists.parse_query(loaded, "account", {"sort": "id", "after": token, "columns": "name"})
    assert lists.page(loaded, query).rows[0].id == 1


def test_a_page_key_of_another_type_is_no_error_of_ours(loaded: SystemSession) -> None:
    by_name = lists.page(loaded, lists.parse_query(loaded, "account", {"sort": "name", "size": "5", "columns": "name"})).next
    assert by_name is not None
    for sort in ("revenue", "created_at", "founded", "industry"):
        query = lists.parse_query(loaded, "account", {"sort": sort, "after": by_name, "columns": "name"})
        assert lists.page(loaded, query).rows


FORGED = (
    "[0,{},1]", '[0,{"d":"NaN"},1]', '[0,{"d":"sNaN"},1]', '[0,{"d":"Infinity"},1]', '[0,{"d":[0,[1],"F"]},1]', '[0,{"d":"1e999999"},1]',
    '[0,{"d":"1e9999999"},1]', '[0,{"d":"1e40"},1]', '[0,{"d":"1e-999999"},1]', '[0,{"d":"1","t":"2"},1]', '[0,{"t":"0001-01-01T00:00:00+14:00"},1]',
    '[0,{"t":"9999-12-31T23:59:59-14:00"},1]', '[0,{"t":"2020-01-01T00:00:00"},1]', '[0,{"on":"0001-01-01"},1]', '[0,"\\ud800",1]',
    '[0,"a\\u0000b",1]', "[0,NaN,1]", "[0,1e400,1]", "[0,true,1]", "[0,5,2147483648]", '[0,"x",2147483648]', '[0,"x",9223372036854775807]',
    '[0,null,2147483648]', "[0,9223372036854775807]", "[0,2147483648]", "[0,9223372036854775808,1]", '[[],"x",1]', '[2,"x",1]', '{"0":1,"x":2,"y":3}',
    "null", "5",
)


@pytest.mark.parametrize("sort", ["name", "-revenue", "created_at", "industry", "owner", "employees", "id", "revenue,-city"])
def test_a_forged_page_key_is_the_first_page(loaded: SystemSession, sort: str) -> None:
    first = [row.id for row in lists.page(loaded, lists.parse_query(loaded, "account", {"sort": sort, "columns": "name"})).rows]
    for text in FORGED:
        token = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        page = lists.page(loaded, lists.parse_query(loaded, "account", {"sort": sort, "columns": "name", "after": token}))
        assert [row.id for row in page.rows] == first, text


def test_search_finds_every_word_whatever_the_case(loaded: SystemSession) -> None:
    query = lists.parse_query(loaded, "account", {"search": "КИЇВ компанія"})
    assert lists.count(loaded, query).number == 8
    assert lists.count(loaded, lists.parse_query(loaded, "account", {"search": "галич"})).number == 7
    assert lists.count(loaded, lists.parse_query(loaded, "account", {"search": "100% _"})).number == 0


def test_totals_are_of_what_is_filtered(loaded: SystemSession) -> None:
    query = lists.parse_query(loaded, "account", {"columns": "name,revenue", "where": '{"field": "city", "op": "eq", "value": "Київ"}', "size": "2"})
    rows = lists.page(loaded, replace(query, size=200)).rows
    assert lists.totals(loaded, query)["revenue"]["UAH"] == sum(r.values["revenue"] for r in rows if r.values["revenue"] is not None)


NAMES = ("Їжак", "Єрмак", "Ґудзь", "Єрмак", "Бондар")  # two of one name; the last is removed


@pytest.mark.parametrize("sort", ["account", "-account", "account,-amount"])
def test_a_list_sorted_by_a_reference_goes_by_the_names_its_reader_sees(company: Company, sort: str) -> None:
    company.role("near", {"entity": "account", "actions": ["read"], "scope": "own"}, {"entity": "deal", "actions": ["read"], "scope": "all"})
    person = company.person("near")
    accounts = company.make("account", *({"name": name, "owner": person if n != 2 else None} for n, name in enumerate(NAMES)))
    deals = company.make("deal", *(
        {"name": f"Угода {n}", "account": accounts[n % 6] if n % 6 < 5 else None, "amount": n % 4, "currency": "UAH"} for n in range(36)
    ))
    with company.system() as system:
        system.kernel(Account.__table__.update().where(Account.__table__.c.id == accounts[4]).values(deleted_at=datetime.now(UTC)))
        system.commit()
    rank = {0: 2, 1: 1, 3: 1}  # Єрмак, Їжак; of the others the reader knows no name, and they come first
    down = sort.startswith("-")
    keys = [(rank.get(n % 6, 0), -(n % 4) if "amount" in sort else 0, deal) for n, deal in enumerate(deals)]
    expected = [deal for rank_, amount, deal in sorted(keys, key=lambda k: (-k[0], -k[2]) if down else (k[0], k[1], -k[2] if "amount" in sort else k[2]))]
    with company.session(person, write=False) as session:
        query = replace(lists.parse_query(session, "deal", {"sort": sort, "columns": "name,account"}), size=200)
        whole = [row.id for row in lists.page(session, query).rows]
        assert whole == expected
        query = replace(query, size=5)
        page = lists.page(session, query)
        pages = [page]
        while page.next:
            page = lists.page(session, replace(query, after=page.next))
            pages.append(page)
        assert [row.id for one in pages for row in one.rows] == whole
        for before, after in itertools.pairwise(pages):
            assert after.previous is not None
            assert lists.page(session, replace(query, after=after.previous)).rows == before.rows
        assert [row.id for row in lists.stream(session, query, chunk=4)] == whole
        for before, deal, after in zip([None, *whole], whole, [*whole[1:], None], strict=False):
            assert lists.neighbours(session, query, deal) == (before, after)


@pytest.mark.parametrize(("sort", "begins"), [("account", ">="), ("-account", "<=")])
def test_a_later_page_by_a_reference_says_where_to_begin_in_the_table_of_names(company: Company, sort: str, begins: str) -> None:
    """Without it PostgreSQL joins every row before the page: a comparison of columns of two tables goes through the index of neither."""
    for n, account in enumerate(company.make("account", *({"name": f"Компанія {n}"} for n in range(3)))):
        company.make("deal", {"name": f"Угода {n}", "account": account})
    with company.system(write=False) as session:
        query = replace(lists.parse_query(session, "deal", {"sort": sort, "columns": "name"}), size=1)
        query = replace(query, after=lists.page(session, query).next)
        with statements(company.engine) as sent:
            assert len(lists.page(session, query).rows) == 1
    assert f"name__sort {begins} " in sent[-1]


def test_a_stream_of_many_pages_leaves_no_more_behind_than_one_of_few(loaded: SystemSession) -> None:
    query = lists.parse_query(loaded, "account", {"sort": "-revenue"})
    kept = []
    for chunk in (1000, 1000, 2, 1):  # the first finds something of what was made for the query
        before = len(loaded.sight.sealed)
        assert list(lists.stream(loaded, query, chunk=chunk))
        kept.append(len(loaded.sight.sealed) - before)
    assert kept[2] <= kept[1] and kept[3] <= kept[1]
