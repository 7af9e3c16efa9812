"""Making records in forms: what may be filled, what is refused, what is kept of what was typed."""

from typing import Any

from tests.kit_forms.house import Browser, House, controls


def test_a_new_record_is_saved_as_typed_and_shown(house: House, browser: Any) -> None:
    seller: Browser = browser("Sofiia")
    answer = seller.submit("/account/new/", {"name": "Полісся-Агро", "employees": "184", "credit_limit": "1,500.50", "phone": "050 114 22 08"})
    assert answer.status_code == 303
    number = int(answer.headers["Location"].rstrip("/").split("/")[-1])
    stored = house.stored("account", number)
    assert (stored["name"], stored["employees"], str(stored["credit_limit"]), stored["phone"]) == ("Полісся-Агро", 184, "1500.5000", "+380501142208")
    assert stored["owner"].id == house.people["Sofiia"]
    assert stored["currency"] == "UAH"
    assert stored["code"] == f"A-{number}"
    page = seller.get(answer.headers["Location"]).get_data(as_text=True)
    assert "Полісся-Агро" in page
    assert "050 114 2208" in page
    assert "Added: Полісся-Агро." in page


def test_wrong_values_are_named_at_their_fields_and_what_was_typed_stays(house: House, browser: Any) -> None:
    seller: Browser = browser("Sofiia")
    before = house.count("account")
    answer = seller.submit("/account/new/", {"name": "", "employees": "багато", "city": "Житомир", "founded": "12"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert house.count("account") == before
    typed = controls(page)
    assert (typed["employees"], typed["city"], typed["founded"]) == ("багато", "Житомир", "12")
    assert 'id="f-employees-error"' in page
    assert 'aria-invalid="true"' in page
    assert 'href="#f-employees"' in page
    # With the number put right, the entity's own demands come: the name, the year.
    answer = seller.submit("/account/new/", {"employees": "12"}, untouched=typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="f-name-error"' in page
    assert 'id="f-founded-error"' in page
    assert house.count("account") == before


def test_refusals_are_in_the_readers_language(house: House, browser: Any) -> None:
    english = browser("Sofiia").submit("/account/new/", {"name": ""}).get_data(as_text=True)
    ukrainian = browser("Sofiia", "uk").get("/account/new/").get_data(as_text=True)
    assert "“Name” is required." in english.replace("&#34;", '"')
    assert "Реквізити" in ukrainian
    assert "Particulars" not in ukrainian
    assert "Назва" in ukrainian


def test_a_posted_field_outside_the_form_is_refused_whole(house: House, browser: Any) -> None:
    blind: Browser = browser("Bohdan")
    before = house.count("account")
    for foreign in ("revenue", "credit_limit", "phone", "row_version_", "created_at", "deleted_at", "no_such", "id"):
        answer = blind.submit("/account/new/", {"name": "Вхід збоку", foreign: "1"})
        assert answer.status_code == 400, foreign
    assert house.count("account") == before
    assert blind.submit("/account/new/", {"name": "Через форму"}).status_code == 303


def test_hidden_and_unknown_fields_are_refused_alike(house: House, browser: Any) -> None:
    blind: Browser = browser("Bohdan")
    hidden = blind.submit("/account/new/", {"name": "x", "revenue": "1"}).get_data(as_text=True)
    unknown = blind.submit("/account/new/", {"name": "x", "abcdefg": "1"}).get_data(as_text=True)
    assert hidden.replace("revenue", "abcdefg") == unknown.replace("revenue", "abcdefg") or "revenue" in hidden
    assert "Yearly revenue" not in hidden


def test_without_the_token_nothing_is_saved(house: House, browser: Any) -> None:
    seller: Browser = browser("Sofiia")
    before = house.count("account")
    answer = seller.submit("/account/new/", {"name": "Без маркера", "csrf_token": None})
    assert answer.status_code == 400
    assert house.count("account") == before


def test_only_who_may_create_gets_the_form(browser: Any) -> None:
    assert browser("Stepan").get("/deal/new/").status_code == 403
    assert browser("Sofiia").get("/deal/new/").status_code == 200
    assert browser("Stepan").post("/deal/new/", {"name": "x"}).status_code == 403


def test_the_address_fills_fields_beforehand(house: House, browser: Any) -> None:
    account = house.make("account", name="Слобода", owner=house.people["Sofiia"])
    seller: Browser = browser("Sofiia")
    page = seller.get(f"/deal/new/?account={account}&name=Проєкт&amount=abc&no_such=1").get_data(as_text=True)
    form = controls(page)
    assert form["account"] == str(account)
    assert form["name"] == "Проєкт"
    assert form["amount"] == ""
    assert "Слобода" in page
    # A record that does not exist is left out, and so is what is no number.
    for odd in ("999999", "0", "-1", "x", "99999999999999999999"):
        assert controls(seller.get(f"/deal/new/?account={odd}").get_data(as_text=True))["account"] == ""


def test_a_deal_starts_in_the_first_stage_of_its_pipeline(house: House, browser: Any) -> None:
    answer = browser("Sofiia").submit("/deal/new/", {"name": "Камера"})
    number = int(answer.headers["Location"].rstrip("/").split("/")[-1])
    stored = house.stored("deal", number)
    stage = stored["stage"]
    assert (stage.id if hasattr(stage, "id") else stage) == house.stage("lead")


def test_quick_create_answers_with_the_record_made(house: House, browser: Any) -> None:
    seller: Browser = browser("Sofiia")
    sheet = seller.get("/account/new/?drawer=1&name=Нова").get_data(as_text=True)
    assert "<html" not in sheet
    assert controls(sheet)["name"] == "Нова"
    answer = seller.submit("/account/new/?drawer=1", {"name": "Нова"})
    made = answer.get_json()
    assert made["text"] == "Нова"
    assert house.stored("account", made["id"])["name"] == "Нова"
    assert '"created"' in answer.headers["HX-Trigger"]
    refused = seller.submit("/account/new/?drawer=1", {"name": ""})
    assert refused.status_code == 422
    assert "<html" not in refused.get_data(as_text=True)


def test_a_row_of_a_parent_leads_back_to_its_parent(house: House, browser: Any) -> None:
    account = house.make("account", name="Слобода")
    contact = house.make("contact", name="Роман Марчук")
    answer = browser("Sofiia").submit(f"/position/new/?account={account}", {"contact": str(contact), "title": "інженер"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/account/{account}/"


def test_a_picker_takes_only_visible_records(house: House, browser: Any) -> None:
    mine = house.make("contact", name="Своя", owner=house.people["Bohdan"])
    foreign = house.make("contact", name="Чужа", owner=house.people["Olena"])
    blind: Browser = browser("Bohdan")
    for odd in (str(foreign), "999999", "abc", "1e3"):
        answer = blind.submit("/deal/new/", {"name": "Угода", "contact": odd})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, odd
        assert 'id="f-contact-error"' in page, odd
        assert "Чужа" not in page, odd
    assert blind.submit("/deal/new/", {"name": "Угода", "contact": str(mine)}).status_code == 303


def test_only_options_on_offer_are_taken(house: House, browser: Any) -> None:
    seller: Browser = browser("Sofiia")
    for odd in ("999999", "customer", str(house.stage("won"))):
        if odd.isdigit() and int(odd) in house.catalog.options and house.catalog.options[int(odd)] in house.catalog.picklists["account_kind"].options:
            continue
        assert seller.submit("/account/new/", {"name": "Вид", "kind": odd}).status_code == 422
    assert seller.submit("/account/new/", {"name": "Вид", "kind": str(house.option("account_kind", "customer"))}).status_code == 303


def test_hostile_text_is_shown_as_text(house: House, browser: Any) -> None:
    nasty = '"><script>alert(1)</script>'
    seller: Browser = browser("Sofiia")
    answer = seller.submit("/account/new/", {"name": nasty, "description": "</textarea><script>alert(2)</script>"})
    for path in (answer.headers["Location"], answer.headers["Location"] + "edit/", answer.headers["Location"] + "?drawer=1"):
        page = seller.get(path).get_data(as_text=True)
        assert "<script>alert" not in page
    assert seller.form(answer.headers["Location"] + "edit/")["name"] == nasty
