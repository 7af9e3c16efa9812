"""Changing records in forms: partial posts, merging, conflicts, rights on one record."""

from typing import Any

import pytest
from tests.kit_forms.house import Browser, House, controls


@pytest.fixture
def account(house: House) -> int:
    return house.make(
        "account", name="Полісся-Агро", city="Житомир", phone="+380501142208", revenue="212400000", employees=184, owner=house.people["Sofiia"],
        description="перший рядок\nдругий рядок",
    )


def test_a_change_is_saved_and_the_rest_stays(house: House, browser: Any, account: int) -> None:
    answer = browser("Sofiia").submit(f"/account/{account}/edit/", {"city": "Коростень"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/account/{account}/"
    stored = house.stored("account", account)
    assert (stored["city"], stored["employees"], stored["description"], stored["row_version"]) == ("Коростень", 184, "перший рядок\nдругий рядок", 2)


def test_an_untouched_form_changes_nothing(house: House, browser: Any, account: int) -> None:
    assert browser("Sofiia").submit(f"/account/{account}/edit/").status_code == 303
    assert house.stored("account", account)["row_version"] == 1


@pytest.mark.parametrize("language", ["uk", "en"])
def test_every_entitys_form_reads_back_what_it_shows(house: House, browser: Any, account: int, language: str) -> None:
    contact = house.make("contact", last_name="Поліщук", first_name="Володимир", birth_date="1980-02-29", email="v@polissia.example")
    deal = house.make("deal", name="Камера", account=account, amount="1234567.8901", probability="0.125", expected_on="2026-12-30", cost="1000.5")
    product = house.make("product", name="Агрегат", price="12.3456", vat_rate="0.2")
    line = house.make("deal_line", deal=deal, product=product, quantity="2.5", discount="0.1")
    position = house.make("position", account=account, contact=contact, since="2020-01-01")
    owner: Browser = browser("Olena", language)
    rows = {"account": account, "contact": contact, "deal": deal, "product": product, "deal_line": line, "position": position, "user": house.people["Sofiia"]}
    for entity, number in rows.items():
        before = house.stored(entity, number)
        form = owner.form(f"/{entity}/{number}/edit/")
        form.pop("_seen")  # without it every field counts as given
        answer = owner.submit(f"/{entity}/{number}/edit/", untouched=form)
        assert answer.status_code == 303, (entity, answer.get_data(as_text=True)[-3000:])
        assert house.stored(entity, number) == before, entity


def test_two_people_change_different_fields_and_both_are_kept(house: House, browser: Any, account: int) -> None:
    seller: Browser = browser("Sofiia")
    mine = seller.form(f"/account/{account}/edit/")
    house.change("account", account, employees=200)
    answer = seller.submit(f"/account/{account}/edit/", {"city": "Коростень"}, untouched=mine)
    assert answer.status_code == 303
    stored = house.stored("account", account)
    assert (stored["city"], stored["employees"]) == ("Коростень", 200)


def test_two_people_change_one_field_and_the_second_one_chooses(house: House, browser: Any, account: int) -> None:
    seller: Browser = browser("Sofiia")
    mine = seller.form(f"/account/{account}/edit/")
    house.change("account", account, employees=200)
    answer = seller.submit(f"/account/{account}/edit/", {"employees": "250", "city": "Коростень"}, untouched=mine)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert house.stored("account", account)["employees"] == 200
    assert "250" in page
    assert "200" in page
    assert "Employees" in page
    assert "City" in page
    choice = controls(page)
    assert choice["_choose.employees"] == "mine"
    assert choice["city"] == "Коростень"
    theirs = seller.submit(f"/account/{account}/edit/", {"_choose.employees": "theirs"}, untouched=choice)
    assert theirs.status_code == 303
    stored = house.stored("account", account)
    assert (stored["employees"], stored["city"]) == (200, "Коростень")


def test_who_insists_keeps_his_value(house: House, browser: Any, account: int) -> None:
    seller: Browser = browser("Sofiia")
    mine = seller.form(f"/account/{account}/edit/")
    house.change("account", account, employees=200)
    choice = controls(seller.submit(f"/account/{account}/edit/", {"employees": "250"}, untouched=mine).get_data(as_text=True))
    # A third save in between is met again, and not trampled.
    house.change("account", account, employees=300)
    again = seller.submit(f"/account/{account}/edit/", untouched=choice)
    assert again.status_code == 409
    assert house.stored("account", account)["employees"] == 300
    assert seller.submit(f"/account/{account}/edit/", untouched=controls(again.get_data(as_text=True))).status_code == 303
    assert house.stored("account", account)["employees"] == 250


def test_a_refused_form_is_still_compared_with_what_its_writer_saw(house: House, browser: Any, account: int) -> None:
    seller: Browser = browser("Sofiia")
    mine = seller.form(f"/account/{account}/edit/")
    house.change("account", account, employees=200)
    refused = seller.submit(f"/account/{account}/edit/", {"founded": "x", "employees": "250"}, untouched=mine)
    assert refused.status_code == 422
    assert seller.submit(f"/account/{account}/edit/", {"founded": ""}, untouched=controls(refused.get_data(as_text=True))).status_code == 409


def test_a_post_of_one_field_changes_that_field(house: House, browser: Any, account: int) -> None:
    seller: Browser = browser("Sofiia")
    assert seller.post(f"/account/{account}/edit/", {"city": "Київ", "row_version": "1"}).status_code == 303
    stored = house.stored("account", account)
    assert (stored["city"], stored["employees"]) == ("Київ", 184)


def test_a_stage_is_changed_by_its_button_and_what_it_demands_is_asked(house: House, browser: Any) -> None:
    deal = house.make("deal", name="Камера", owner=house.people["Sofiia"])
    seller: Browser = browser("Sofiia")
    page = seller.get(f"/deal/{deal}/").get_data(as_text=True)
    assert f'name="stage" value="{house.stage("won")}"' in page
    assert seller.post(f"/deal/{deal}/edit/", {"stage": str(house.stage("proposal")), "row_version": "1"}).status_code == 303
    lost = seller.post(f"/deal/{deal}/edit/", {"stage": str(house.stage("lost")), "row_version": "2"})
    form = lost.get_data(as_text=True)
    assert lost.status_code == 422
    assert 'id="f-loss_reason-error"' in form
    assert controls(form)["stage"] == str(house.stage("lost"))
    reason = str(house.option("loss_reason", "price"))
    assert seller.submit(f"/deal/{deal}/edit/", {"loss_reason": reason}, untouched=controls(form)).status_code == 303


def test_a_record_one_may_only_see_has_no_form(house: House, browser: Any, account: int) -> None:
    house.change("account", account, owner=house.people["Olena"])
    seller: Browser = browser("Sofiia")
    assert seller.get(f"/account/{account}/").status_code == 200
    assert seller.get(f"/account/{account}/edit/").status_code == 403
    assert seller.post(f"/account/{account}/edit/", {"city": "Київ"}).status_code == 403
    assert f"/account/{account}/edit/" not in seller.get(f"/account/{account}/").get_data(as_text=True)
    assert house.stored("account", account)["city"] == "Житомир"


def test_outside_the_scope_missing_and_deleted_are_one_answer(house: House, browser: Any) -> None:
    foreign = house.make("deal", name="Чужа угода", owner=house.people["Olena"])
    gone = house.make("deal", name="Вилучена угода", owner=house.people["Bohdan"])
    house.remove("deal", gone)
    blind: Browser = browser("Bohdan")
    bodies = set()
    for number in (foreign, gone, 999999):
        for tail in ("", "edit/", "journal", "?drawer=1", "?counts=1", "?related=lines"):
            answer = blind.get(f"/deal/{number}/{tail}")
            assert answer.status_code == 404, (number, tail)
            bodies.add(answer.get_data(as_text=True).replace(str(number), "N").replace(tail, "") if not tail else "")
        assert blind.post(f"/deal/{number}/edit/", {"name": "x"}).status_code == 404
    assert "Чужа" not in "".join(bodies)
    assert "Вилучена" not in "".join(bodies)
    for odd in ("abc", "-1", "0", "99999999999999999999", "1.5"):
        assert blind.get(f"/deal/{odd}/").status_code == 404, odd


def test_a_version_that_is_no_number_is_refused(house: House, browser: Any, account: int) -> None:
    seller: Browser = browser("Sofiia")
    for odd in ("x", "-1", "99999999999999999999"):
        assert seller.post(f"/account/{account}/edit/", {"city": "Київ", "row_version": odd}).status_code == 400
    assert house.stored("account", account)["city"] == "Житомир"


def test_posted_fields_that_are_not_in_the_form_change_nothing(house: House, browser: Any, account: int) -> None:
    blind: Browser = browser("Bohdan")
    before = house.stored("account", account)
    for foreign in ("revenue", "phone", "credit_limit", "created_by", "deleted_at", "owner_id", "_choose.revenue", "x"):
        answer = blind.submit(f"/account/{account}/edit/", {"city": "Київ", foreign: "1"})
        assert answer.status_code == 400, foreign
    assert house.stored("account", account) == before


def test_a_field_editable_by_condition_is_in_the_form_only_where_it_holds(house: House, browser: Any) -> None:
    small = house.make("deal", name="Мала", owner=house.people["Bohdan"], amount="5000", cost="1000")
    large = house.make("deal", name="Велика", owner=house.people["Bohdan"], amount="50000", cost="1000")
    blind: Browser = browser("Bohdan")
    assert "4 000" in blind.get(f"/deal/{small}/").get_data(as_text=True).replace("\xa0", " ").replace("4,000", "4 000")
    page = blind.get(f"/deal/{large}/").get_data(as_text=True)
    assert "Margin" not in page
    assert "49,000" not in page
    for number in (small, large):
        assert "margin" not in blind.form(f"/deal/{number}/edit/")
