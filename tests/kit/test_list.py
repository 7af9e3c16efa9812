"""The list page: what each person sees of it, what its address may say, and what is answered to nonsense."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

import pytest

from crm.backoffice import lists
from tests.kit.conftest import Browser, House, where

SignIn = Callable[..., Browser]


def titles(page: str) -> list[str]:
    return re.findall(r'class="b-main-text"[^>]*>([^<]*)</a>', page)


def at(path: str, **args: str) -> str:
    return path + "?" + "&".join(f"{key}={quote(value)}" for key, value in args.items())


def test_list_shows_records_and_columns_of_the_reader_only(house: House, browser: SignIn) -> None:
    house.make("account", name="Вербиченько", revenue=Decimal("8731000"), phone="+380441234567")
    seen_by_owner = browser("Olena").page("/account/")
    assert "Вербиченько" in seen_by_owner
    assert "8,731,000" in seen_by_owner
    assert "4567" in seen_by_owner
    seen_by_blind = browser("Bohdan").page("/account/")
    assert "Вербиченько" in seen_by_blind
    assert "8,731,000" not in seen_by_blind
    assert 'data-field="revenue"' not in seen_by_blind
    assert "123" not in re.sub(r"<script.*?</script>", "", seen_by_blind.split("<tbody>")[1].split("</tbody>")[0])


def test_text_in_cells_is_escaped_in_every_field(house: House, browser: SignIn) -> None:
    hostile = "<img src=x>\"'&"
    house.make("account", name=hostile, city=hostile, website="https://example.com/?a=%22b")
    page = browser("Olena").page("/account/?columns=name,city,website")
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page


@pytest.mark.parametrize(
    "args",
    [
        {"where": where("revenue", "gt", 5)},
        {"sort": "revenue"},
        {"sort": "-revenue"},
        {"columns": "name,revenue"},
        {"where": where("phone", "eq", "+380441234567")},
        {"sort": "phone"},
    ],
)
def test_hidden_masked_and_unknown_names_are_refused_alike(house: House, browser: SignIn, args: dict[str, str]) -> None:
    someone = browser("Bohdan")
    unknown = {key: value.replace("revenue", "nonsense").replace("phone", "nonsense") for key, value in args.items()}
    hidden_answer, unknown_answer = (someone.get(at("/account/", **given)) for given in (args, unknown))
    assert hidden_answer.status_code == unknown_answer.status_code == 400
    assert browser("Olena").get(at("/account/", **args)).status_code == 200


@pytest.mark.parametrize("args", [
    {"where": "{"}, {"where": "[]"}, {"where": '{"field": 5}'}, {"where": '{"not":' * 200 + "{}" + "}" * 200}, {"where": where("name", "like", "x")},
    {"where": where("owner.name.name.name.name", "eq", "x")}, {"sort": "name,name.x"}, {"columns": "name,../etc"}, {"where": where("employees", "eq", "many")},
])
def test_nonsense_in_the_address_is_a_sentence_and_400(house: House, browser: SignIn, args: dict[str, str]) -> None:
    for language in ("en", "uk"):
        answer = browser("Olena", language).get(at("/account/", **args))
        assert answer.status_code == 400
        assert "Traceback" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "args",
    [{"after": "rubbish"}, {"size": "99999999999999999999"}, {"size": "-3"}, {"size": "x"}, {"after": "W10"}, {"search": "\x00"}, {"search": "%' OR 1=1"}],
)
def test_a_page_key_size_or_search_that_does_not_read_is_no_failure(house: House, browser: SignIn, args: dict[str, str]) -> None:
    house.make("account", name="Альфа")
    assert browser("Olena").get(at("/account/", **args)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/account/abc/",
        "/account/99999999999999999999/",
        "/account/0/",
        "/account/-1/",
        "/account/4000000000/",
        "/account/77777/edit/",
        "/account/77777/cell/name",
    ],
)
def test_a_record_that_is_none_answers_404(house: House, browser: SignIn, path: str) -> None:
    assert browser("Olena").get(path).status_code == 404


def test_a_hidden_record_answers_as_a_missing_one(house: House, browser: SignIn) -> None:
    hidden = house.make("account", name="Чуже", owner=house.people["Olena"])
    someone = browser("Oksana")
    for path in ("/account/{}/", "/account/{}/edit/", "/account/{}/cell/name", "/account/{}/journal"):
        first, second = someone.get(path.format(hidden)), someone.get(path.format(hidden + 1000))
        assert first.status_code == second.status_code == 404, path
        assert re.sub(r"\d+", "", first.get_data(as_text=True).split("<main")[-1]) == re.sub(r"\d+", "", second.get_data(as_text=True).split("<main")[-1])


def test_entity_without_a_right_is_forbidden_and_not_in_the_menu(house: House, browser: SignIn) -> None:
    someone = browser("Roman")
    assert someone.get("/deal/").status_code == 403
    page = someone.page("/account/")
    assert 'href="/deal/"' not in page
    assert 'href="/account/"' in page
    assert 'href="/deal/"' in browser("Olena").page("/account/")


def test_who_is_not_signed_in_is_led_to_the_sign_in_page(house: House) -> None:
    stranger = house.app.test_client()
    answer = stranger.get("/account/")
    assert answer.status_code == 302
    assert "/sign-in" in answer.headers["Location"]
    assert stranger.get("/account/count", headers={"HX-Request": "true"}).status_code == 401


def test_every_entity_has_a_list_in_both_languages(house: House, browser: SignIn) -> None:
    for language in ("uk", "en"):
        someone = browser("Olena", language)
        for key in house.catalog.entities:
            assert someone.get(f"/{key}/").status_code == 200, key
            assert someone.get(f"/{key}/count").status_code == 200, key
            assert someone.get(f"/{key}/filters").status_code == 200, key
            assert someone.get(f"/{key}/columns").status_code == 200, key


def test_sorts_by_several_keys_and_pages_through_all(house: House, browser: SignIn) -> None:
    house.make_many("account", [{"name": f"К{n:03}", "city": "Київ" if n % 2 else "Львів"} for n in range(60)])
    someone = browser("Olena")
    assert titles(someone.page("/account/?sort=city,-name&size=25"))[:2] == ["К059", "К057"]
    seen: list[str] = []
    address = "/account/?sort=name&size=25"
    while address:
        page = someone.page(address)
        seen += titles(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"К{n:03}" for n in range(60)]


def test_filter_reads_as_a_sentence_and_each_chip_drops_itself(house: House, browser: SignIn) -> None:
    lviv = house.make("account", name="Левиця", city="Львів", owner=house.people["Bohdan"])
    house.make("account", name="Кияни", city="Київ", owner=house.people["Bohdan"])
    assert lviv
    tree = {
        "all": [
            json.loads(where("city", "eq", "Львів")),
            json.loads(where("owner", "eq", house.people["Bohdan"])),
            {"any": [json.loads(where("name", "starts", "Л")), json.loads(where("name", "empty"))]},
        ]
    }
    page = browser("Olena").page(at("/account/", where=json.dumps(tree)))
    assert titles(page) == ["Левиця"]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("data-filter")[1].split("b-list-search")[0]))
    for words in ("City is Львів", "Owner is Bohdan", "( Name starts with Л or Name is empty )"):
        assert words in text.replace("(Name", "( Name").replace("empty)", "empty )"), text
    dropped = re.findall(r'href="([^"]+)" aria-label="Drop', page)
    assert len(dropped) == 3
    assert titles(browser("Olena").page(dropped[0].replace("&amp;", "&"))) == ["Левиця"]


def test_a_chip_does_not_name_a_record_that_is_hidden(house: House, browser: SignIn) -> None:
    hidden = house.make("account", name="Таємна спілка", owner=house.people["Olena"])
    page = browser("Oksana").page(at("/deal/", where=where("account", "eq", hidden)))
    assert "Таємна спілка" not in page


def test_where_counting_stops_the_foot_says_so(house: House, browser: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    house.make_many("account", [{"name": f"Млин {n}"} for n in range(4)])
    monkeypatch.setattr(lists, "EXACT", 3)
    foot = browser("Olena").page("/account/count")
    assert "more than 3 records" in foot
    assert 'data-text="3+"' in foot
    assert "понад 3 записів" in browser("Olena", "uk").page("/account/count")


def test_count_and_totals_follow_the_filter_and_never_mix_currencies(house: House, browser: SignIn) -> None:
    for name, revenue, currency in (("А", "100.50", "UAH"), ("Б", "200", "UAH"), ("В", "7", "EUR"), ("Г", "5000", "UAH")):
        house.make("account", name=name, revenue=Decimal(revenue), currency=currency)
    foot = browser("Olena").page(at("/account/count", where=where("revenue", "lt", 1000)))
    assert 'data-count="3"' in foot
    assert "3 records" in foot
    assert "300.50 UAH" in foot
    assert "7 €" in foot
    assert "307" not in foot
    assert "UAH" not in browser("Bohdan").page("/account/count")


def test_empty_lists_say_why(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    assert "Nothing here yet" in someone.page("/product/")
    house.make("account", name="Одна")
    page = someone.page(at("/account/", where=where("city", "eq", "Ніде")))
    assert "Nothing fits these conditions" in page
    assert 'href="/account/"' in page


def test_chosen_columns_are_remembered_for_this_person_and_dropped_when_hidden(house: House, browser: SignIn) -> None:
    house.make("account", name="Одна", revenue=Decimal(5))
    someone = browser("Olena")
    assert someone.post("/account/columns", {"columns": "name,revenue,city"}).status_code == 204
    assert re.findall(r'<th[^>]*data-field="(\w+)"', someone.page("/account/")) == ["name", "revenue", "city"]
    assert re.findall(r'<th[^>]*data-field="(\w+)"', someone.page("/account/?columns=city,name")) == ["city", "name"]
    blind = browser("Bohdan")
    assert blind.post("/account/columns", {"columns": "name,revenue"}).status_code == 400
    blind.client.set_cookie(f"columns_account_{house.people['Bohdan']}", "revenue.city", path="/account/")
    assert re.findall(r'<th[^>]*data-field="(\w+)"', blind.page("/account/")) == ["city"]
    assert someone.post("/account/columns", {"columns": ""}).status_code == 204
    assert 'data-field="kind"' in someone.page("/account/")


def test_builder_offers_only_what_the_reader_may_filter_by(house: House, browser: SignIn) -> None:
    offered = browser("Bohdan").get("/account/filters").get_json()
    keys = {one["key"] for one in offered["fields"]}
    assert "city" in keys
    assert not keys & {"revenue", "phone"}
    assert "deals" not in {step["key"] for step in offered["steps"]}
    for_owner = browser("Olena").get("/account/filters").get_json()
    assert {"revenue", "phone"} <= {one["key"] for one in for_owner["fields"]}
    assert "deals" in {step["key"] for step in for_owner["steps"]}
    further = browser("Olena").get("/account/filters?path=deals").get_json()
    assert "amount" in {one["key"] for one in further["fields"]}
    assert browser("Bohdan").get("/account/filters?path=deals").status_code == browser("Bohdan").get("/account/filters?path=nonsense").status_code == 400
