"""The page of a list in groups: heads with numbers and sums, rows on request, and its place in a kept view."""

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.kit.conftest import Browser, House
from tests.kit.test_list import titles
from tests.kit.test_views import keep, query_of

SignIn = Callable[..., Browser]


@pytest.fixture
def towns(house: House) -> House:
    cities = ("Київ", "Львів", None)
    house.make_many("account", [{"name": f"К{n:02}", "city": cities[n % 3], "revenue": Decimal(n), "phone": "+380441234567"} for n in range(60)])
    return house


def heads(page: str) -> list[tuple[str, str, str]]:
    """Heads by their text and number, and where their rows come from."""
    found = re.findall(r'data-group-open="([^"]*)".*?<a href="[^"]*">([^<]*)</a> <span class="b-n">([^<]*)</span>', page, re.S)
    return [(unescape(text), number, unescape(url)) for url, text, number in found]


def test_heads_open_to_their_rows_page_by_page(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    page = someone.page("/account/?columns=name,city,revenue&group=city&size=12&sort=-name")
    assert [(text, number) for text, number, _ in heads(page)] == [("Київ", "20"), ("Львів", "20"), ("(empty)", "20")]
    assert [text.split()[0] for text in re.findall(r'<span class="b-total">([^<]*)</span>', page)] == ["570", "590", "610"]
    assert titles(page) == [], "rows are brought when a head is opened"
    first = someone.page(heads(page)[0][2])
    assert titles(first) == [f"К{n:02}" for n in range(57, 21, -3)]
    following = re.search(r'data-group-more="([^"]*)"', first)
    assert following and titles(someone.page(unescape(following[1]))) == [f"К{n:02}" for n in range(21, -1, -3)]
    assert "data-group-more" not in someone.page(unescape(following[1]))


@pytest.mark.parametrize("key", ["revenue", "phone", "nonsense", "name:week", "employees"])
def test_what_one_may_not_group_by_is_refused(towns: House, browser: SignIn, key: str) -> None:
    assert browser("Bohdan").get(f"/account/?group={key}").status_code == 400
    page = browser("Bohdan").page("/account/?group=city")
    assert "group=revenue" not in page and "group=phone" not in page and "group=city" in page


def test_a_kept_view_is_grouped_and_without_the_field_it_is_not(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    name = keep(someone, "За містами", group="city", columns="name,city")
    page = someone.page(f"/account/?view={name}")
    assert len(heads(page)) == 3 and query_of(page)["group"] == "city"
    assert someone.post("/account/views", {"name": "x", "query": urlencode({"group": "nope"})}).status_code == 400


def test_groups_of_nothing_are_an_empty_list(house: House, browser: SignIn) -> None:
    assert "Nothing here yet" in browser("Olena").page("/account/?group=city")
