"""The card of a record, its drawer, related lists, journal; pickers; what none of them may tell."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from crm.organization.founding import add_person
from tests.kit_forms.house import PASSWORD, Browser, House

REVENUE = ("212400000", "212 400 000", "212,400,000", "212\xa0400\xa0000")


@pytest.fixture
def account(house: House) -> int:
    number = house.make("account", name="Полісся-Агро", phone="+380501142208", revenue="212400000", owner=house.people["Sofiia"])
    house.change("account", number, revenue="212400001", phone="+380501142209")
    house.change("account", number, city="Житомир")
    return number


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_the_card_shows_what_the_reader_may_see(house: House, browser: Any, account: int) -> None:
    page = text_of(browser("Sofiia").get(f"/account/{account}/"))
    assert "Полісся-Агро" in page
    assert "050 114 2209" in page
    assert "212,400,001" in page
    assert f'data-cell="/account/{account}/cell/city"' in page
    assert f'href="/account/{account}/edit/"' in page


def test_a_hidden_field_is_nowhere_and_a_masked_one_only_masked(house: House, browser: Any, account: int) -> None:
    blind: Browser = browser("Bohdan")
    for tail in ("", "?drawer=1", "edit/", "journal", "?counts=1", "?tab=positions", "?related=positions"):
        page = text_of(blind.get(f"/account/{account}/{tail}"))
        assert not any(figure in page for figure in REVENUE), tail
        assert not any(word in page for word in ("revenue", "1142209", "114 2209", "114 2208")), tail
    card = text_of(blind.get(f"/account/{account}/"))
    assert "Phone" in card
    assert "•••" in card
    assert f"/account/{account}/cell/phone" not in card


def test_the_card_in_both_languages(browser: Any, account: int) -> None:
    assert "Particulars" in text_of(browser("Sofiia").get(f"/account/{account}/"))
    ukrainian = text_of(browser("Sofiia", "uk").get(f"/account/{account}/"))
    assert "Реквізити" in ukrainian
    assert "Particulars" not in ukrainian
    assert 'lang="uk"' in ukrainian


def test_a_reference_to_a_record_one_may_not_see_is_a_neutral_mark(house: House, browser: Any) -> None:
    foreign = house.make("contact", name="Прихована Особа", owner=house.people["Olena"])
    deal = house.make("deal", name="Камера", owner=house.people["Bohdan"], contact=foreign)
    house.change("deal", deal, contact=house.make("contact", name="Інша Прихована", owner=house.people["Olena"]))
    blind: Browser = browser("Bohdan")
    for tail in ("", "?drawer=1", "edit/", "journal"):
        page = text_of(blind.get(f"/deal/{deal}/{tail}"))
        assert "Прихован" not in page, tail
        assert not re.search(r"/contact/\d", page), tail
    # Left as it is, the form keeps it; another may be chosen.
    before = house.stored("deal", deal)["contact"].id
    assert blind.submit(f"/deal/{deal}/edit/", {"name": "Камера 2"}).status_code == 303
    assert house.stored("deal", deal)["contact"].id == before
    assert blind.submit(f"/deal/{deal}/edit/", {"contact": ""}).status_code == 303
    assert house.stored("deal", deal)["contact"] is None


def test_the_drawer_knows_its_neighbours_in_the_list(house: House, browser: Any) -> None:
    numbers = [house.make("account", name=name) for name in ("Алея", "Берег", "Вежа", "Гора")]
    seller: Browser = browser("Sofiia")

    def around(number: int, query: str = "") -> tuple[str, str]:
        page = text_of(seller.get(f"/account/{number}/?drawer=1{query}"))
        found = re.search(r'data-prev="(\d*)" data-next="(\d*)"', page)
        assert found
        assert "<html" not in page
        return found[1], found[2]

    assert around(numbers[1]) == (str(numbers[0]), str(numbers[2]))
    assert around(numbers[1], "&sort=-name") == (str(numbers[2]), str(numbers[0]))
    assert around(numbers[0])[0] == ""
    assert around(numbers[3])[1] == ""
    assert around(numbers[1], "&search=Вежа") == ("", str(numbers[2]))
    assert around(numbers[1], "&where=%7Bbroken") == ("", "")
    assert around(numbers[1], "&sort=no_such") == ("", "")


def test_a_page_opened_from_a_list_knows_its_neighbours_and_the_way_back(house: House, browser: Any) -> None:
    numbers = [house.make("account", name=name, city=city) for name, city in (("Алея", "Київ"), ("Берег", "Львів"), ("Вежа", "Київ"), ("Гора", "Київ"))]
    seller: Browser = browser("Sofiia")
    kyiv = quote(json.dumps({"field": "city", "op": "eq", "value": "Київ"}))

    def around(number: int, query: str) -> tuple[list[str], str]:
        page = text_of(seller.get(f"/account/{number}/?{query}"))
        found = {rel: int(n) for n, rel in re.findall(r'href="/account/(\d+)/\?within=list[^"]*" rel="(prev|next)"', page)}
        back = re.search(r'aria-label="Where you are"><a href="([^"]+)"', page)
        assert back
        return [str(found.get("prev", "")), str(found.get("next", ""))], back[1]

    assert around(numbers[2], "")[0] == ["", ""]
    assert around(numbers[2], "within=list")[0] == [str(numbers[1]), str(numbers[3])]
    both, back = around(numbers[2], f"within=list&where={kyiv}&sort=-name")
    assert both == [str(numbers[3]), str(numbers[0])]
    assert "where=" in back and "sort=-name" in back
    assert around(numbers[3], f"within=list&where={kyiv}&sort=-name")[0] == ["", str(numbers[2])]
    assert around(numbers[1], "within=list&where=%7Bbroken")[0] == ["", ""]
    page = text_of(seller.get(f"/account/{numbers[2]}/?within=list&sort=-name"))
    assert re.search(r'href="/account/\d+/\?tab=deals&amp;within=list&amp;sort=-name"', page)
    assert re.search(r'href="/account/\d+/\?within=list&amp;sort=-name&amp;kinds=change#timeline"', page)


def test_related_lists_hold_what_the_reader_sees(house: House, browser: Any, account: int) -> None:
    house.make("deal", name="Своя угода", account=account, owner=house.people["Bohdan"], amount="5000")
    house.make("deal", name="Чужа угода", account=account, owner=house.people["Olena"], amount="700000")
    blind = text_of(browser("Bohdan").get(f"/account/{account}/?tab=deals"))
    assert "Своя угода" in blind
    assert "Чужа угода" not in blind
    assert f"/deal/new/?account={account}" in blind
    owner = text_of(browser("Olena").get(f"/account/{account}/?tab=deals"))
    assert "Своя угода" in owner
    assert "Чужа угода" in owner
    counts = text_of(browser("Bohdan").get(f"/account/{account}/?counts=1"))
    assert re.search(r'id="count-deals"[^>]*>1<', counts)
    assert "705" not in counts
    assert "5,000 UAH" in counts
    assert re.search(r'id="count-deals"[^>]*>2<', text_of(browser("Olena").get(f"/account/{account}/?counts=1")))


def test_an_unknown_or_hidden_relation_is_not_found(house: House, browser: Any, account: int) -> None:
    blind: Browser = browser("Bohdan")
    for odd in ("no_such", "__class__", "x" * 300):
        assert blind.get(f"/account/{account}/?tab={odd}").status_code == 404
        assert blind.get(f"/account/{account}/?related={odd}").status_code == 404
    deal = house.make("deal", name="Камера", owner=house.people["Bohdan"])
    assert blind.get(f"/deal/{deal}/?tab=lines").status_code == 404  # his roles say nothing of lines
    assert browser("Olena").get(f"/deal/{deal}/?tab=lines").status_code == 200


def test_the_journal_tells_who_changed_what(house: House, browser: Any, account: int) -> None:
    browser("Olena").submit(f"/account/{account}/edit/", {"city": "Коростень", "owner": str(house.people["Olena"])})
    page = text_of(browser("Sofiia").get(f"/account/{account}/journal"))
    assert "Olena" in page
    assert "Житомир" in page
    assert "Коростень" in page
    assert "City" in page
    assert "212,400,001" in page
    assert page.index("Коростень") < page.index("212,400,001")


def test_a_change_of_hidden_fields_alone_is_not_told(house: House, browser: Any) -> None:
    number = house.make("account", name="Слобода")
    house.change("account", number, revenue="5")
    blind = text_of(browser("Bohdan").get(f"/account/{number}/journal"))
    assert blind.count("b-ev") == 1
    assert text_of(browser("Olena").get(f"/account/{number}/journal")).count("b-ev") == 2


def test_values_from_when_a_condition_hid_them_are_not_told(house: House, browser: Any) -> None:
    deal = house.make("deal", name="Камера", owner=house.people["Bohdan"], amount="50000", margin="41234")
    house.change("deal", deal, amount="5000", margin="1234")
    blind: Browser = browser("Bohdan")
    assert ">1,234 <" in text_of(blind.get(f"/deal/{deal}/"))
    assert "41,234" not in text_of(blind.get(f"/deal/{deal}/journal"))


def test_the_journal_goes_by_pages(house: House, browser: Any) -> None:
    number = house.make("account", name="Слобода")
    for n in range(60):
        house.change("account", number, city=f"Місто {n}")
    seller: Browser = browser("Sofiia")
    first = text_of(seller.get(f"/account/{number}/journal"))
    older = re.search(r"journal\?before=(\d+\.\d+)", first)
    assert older
    assert first.count("b-ev") == 50
    second = text_of(seller.get(f"/account/{number}/journal?before={older[1]}"))
    assert second.count("b-ev") == 11
    assert "Older changes" not in second
    assert seller.get(f"/account/{number}/journal?before=x").status_code == 400


def test_pickers_find_visible_records_by_title_and_code(house: House, browser: Any) -> None:
    for name in ("Київхліб", "Львівхліб", "Гора"):
        house.make("account", name=name)
    seller: Browser = browser("Sofiia")
    found = seller.get("/account/lookup?q=київ").get_json()
    assert [f["text"] for f in found] == ["Київхліб"]
    assert set(found[0]) == {"id", "text", "code"}
    assert [f["text"] for f in seller.get(f"/account/lookup?q={found[0]['code']}").get_json()] == ["Київхліб"]
    assert [f["text"] for f in seller.get("/account/lookup").get_json()] == ["Гора", "Київхліб", "Львівхліб"]
    assert seller.get("/account/lookup?q=нема").get_json() == []
    assert seller.get("/account/lookup?q=%00").status_code == 200


def test_pickers_are_bounded_and_scoped(house: House, browser: Any) -> None:
    for n in range(25):
        house.make("contact", name=f"Особа {n:02d}", owner=house.people["Bohdan"])
    house.make("contact", name="Особа чужа", owner=house.people["Olena"])
    blind: Browser = browser("Bohdan")
    first = blind.get("/contact/lookup?q=особа").get_json()
    rest = blind.get("/contact/lookup?q=особа&offset=20").get_json()
    assert len(first) == 20
    assert len(rest) == 5
    assert not {f["id"] for f in first} & {f["id"] for f in rest}
    assert all("чужа" not in f["text"] for f in (*first, *rest))
    assert blind.get("/contact/lookup?offset=100000").get_json() == []
    for odd in ("-1", "x", "1" * 30, "1.5"):
        assert blind.get(f"/contact/lookup?offset={odd}").status_code == 400
    assert browser("Stepan").get("/contact/lookup").status_code == 403


def test_the_recycle_bin_holds_what_its_reader_may_take_back(house: House, browser: Any) -> None:
    mine = house.make("account", name="Вилучена")
    house.remove("account", mine)
    owner: Browser = browser("Olena")
    assert "Вилучена" in text_of(owner.get("/recycle/?entity=account"))
    assert owner.get(f"/account/{mine}/").status_code == 404
    assert "Вилучена" not in text_of(browser("Sofiia").get("/recycle/?entity=account"))
    assert owner.post(f"/account/{mine}/restore", {}).status_code == 200
    assert owner.get(f"/account/{mine}/").status_code == 200
    assert "Вилучена" not in text_of(owner.get("/recycle/?entity=account"))


def test_who_keeps_the_roles_learns_why_somebody_sees_a_field(house: House, browser: Any, account: int) -> None:
    keeper: Browser = browser("Olena")
    page = text_of(keeper.get(f"/account/{account}/explain?user={house.people['Bohdan']}"))
    line = re.search(r"<tr><th scope=\"row\">Yearly revenue</th>.*?</tr>", page, re.S)
    assert line
    assert "hidden" in line[0]
    assert "blind#1" in page
    assert "may be changed" in page
    assert browser("Sofiia").get(f"/account/{account}/explain").status_code == 403
    assert keeper.get("/account/999999/explain").status_code == 404
    assert keeper.get(f"/account/{account}/explain?user=999999").status_code == 404
    assert keeper.get(f"/account/{account}/explain?user=x").status_code == 400


def test_explanations_of_others_rest_on_nothing_that_the_reader_may_not_see(house: House, browser: Any) -> None:
    keeps = [{"entity": e, "actions": ["read", "update"], "scope": "all"} for e in ("role", "user")]
    sees = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    held = {"entity": "membership", "actions": ["read"], "scope": "all"}
    rules = {"keeper": [*keeps, sees, held], "poor": [*keeps, sees], "blinded": [*keeps, held, {**sees, "fields": {"*": "read", "amount": "hidden"}}]}
    document = {"roles": {key: {"label": {"uk": key, "en": key}, "rules": given} for key, given in rules.items()}}
    with house.system() as session:
        apply(session, read(json.dumps(document).encode(), session.catalog))
        session.commit()
    deal = house.make("deal", name="Угода", amount=500, margin=5, owner=house.people["Bohdan"])
    page = f"/deal/{deal}/explain?user={house.people['Bohdan']}"  # his role shows the margin where the amount is small
    for role, status in (("keeper", 200), ("poor", 403), ("blinded", 403)):
        with house.system() as session:
            person = add_person(session, f"{role}@firm.example", role, roles=(role,), password=PASSWORD)
            session.commit()
        house.people[role] = person
        assert browser(role).get(page).status_code == status, role


def test_no_page_carries_inline_script_or_style(house: House, browser: Any, account: int) -> None:
    deal = house.make("deal", name="Камера", owner=house.people["Olena"])
    owner: Browser = browser("Olena")
    paths = [f"/account/{account}/{tail}" for tail in ("", "journal", "explain")] + [f"/deal/{deal}/{tail}" for tail in ("", "edit/", "?drawer=1")]
    for path in (*paths, "/deal/new/", "/recycle/"):
        page = text_of(owner.get(path))
        assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(src=|application/json))", page), path


def test_people_without_a_readable_name_or_code_stand_namelessly_in_a_journal(house: House, browser: Any) -> None:
    rules = [
        {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
        {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"email": "read"}},
    ]
    document = {"roles": {"blind": {"label": {"uk": "Без обороту", "en": "Without revenue"}, "rules": rules}}}
    with house.system() as session:
        apply(session, read(json.dumps(document).encode(), session.catalog))
        session.commit()
    number = house.make("account", name="Обрій", owner=house.people["Olena"])
    house.change("account", number, owner=house.people["Andrii"])
    for tail in ("", "?drawer=1", "journal"):
        answer = browser("Bohdan").get(f"/account/{number}/{tail}")
        assert answer.status_code == 200, tail
        assert "Andrii" not in text_of(answer)
