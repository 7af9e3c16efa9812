"""A cell edited where it stands: who may, what is refused and how, whose change wins, and taking it back."""

import json
from collections.abc import Callable
from decimal import Decimal

from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]


def test_cell_form_holds_the_value_and_saving_answers_the_row(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач", revenue=Decimal("1500.5"))
    someone = browser("Olena", "uk")
    form = someone.page(f"/account/{number}/cell/revenue")
    assert "1 500,50" in form.replace("\xa0", " ")
    answer = someone.post(f"/account/{number}/cell/revenue?columns=name,revenue", {"value": "2 750,25", "row_version": "1"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    row = answer.get_json()["rows"][0]
    assert (row["id"], row["row_version"]) == (number, 2)
    assert "2 750,25" in row["cells"]["revenue"].replace("\xa0", " ")
    assert house.stored("account", number)["revenue"] == Decimal("2750.25")
    assert someone.undo(answer).status_code == 200
    assert house.stored("account", number)["revenue"] == Decimal("1500.5")


def test_cell_without_javascript_answers_the_value_as_html(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач")
    someone = browser("Olena")
    answer = someone.client.post(
        f"/account/{number}/cell/city", data={"value": "Львів <b>", "row_version": "1"}, headers={"X-CSRFToken": someone.token, "Accept": "text/html"}
    )
    assert answer.get_data(as_text=True) == "Львів &lt;b&gt;"


def test_refused_value_keeps_what_was_typed_and_says_why(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач", employees=5)
    answer = browser("Olena").post(f"/account/{number}/cell/employees", {"value": "багато", "row_version": "1"})
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert 'value="багато"' in text
    assert 'role="alert"' in text
    assert house.stored("account", number)["employees"] == 5


def test_emptying_a_required_field_is_refused(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач")
    answer = browser("Olena").post(f"/account/{number}/cell/name", {"value": "  ", "row_version": "1"})
    assert answer.status_code == 422
    assert "is required" in answer.get_data(as_text=True)


def test_hidden_and_unknown_fields_are_refused_alike_and_readable_ones_are_forbidden(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач", revenue=Decimal(7), phone="+380441234567")
    someone = browser("Bohdan")
    for method in (someone.get, someone.post):
        assert method(f"/account/{number}/cell/revenue").status_code == method(f"/account/{number}/cell/nonsense").status_code == 400
        assert method(f"/account/{number}/cell/credit_limit").status_code == 403
        assert method(f"/account/{number}/cell/phone").status_code == 403
    assert someone.post(f"/account/{number}/cell/row_version", {"value": "9"}).status_code == 400
    assert someone.get(f"/account/{number}/cell/city").status_code == 200
    assert house.stored("account", number)["row_version"] == 1


def test_a_colleagues_deal_is_seen_and_not_changed(house: House, browser: SignIn) -> None:
    own = house.make("deal", name="Моя", owner=house.people["Oksana"], pipeline=1, stage=_first_stage(house))
    others = house.make("deal", name="Чужа", owner=house.people["Olena"], pipeline=1, stage=_first_stage(house))
    someone = browser("Oksana")
    assert someone.get(f"/deal/{own}/cell/amount").status_code == 200
    assert someone.post(f"/deal/{own}/cell/amount", {"value": "5", "row_version": "1"}).status_code == 200
    assert someone.get(f"/deal/{others}/cell/amount").status_code == 403
    assert someone.post(f"/deal/{others}/cell/amount", {"value": "5", "row_version": "1"}).status_code == 403
    assert house.stored("deal", others)["amount"] is None


def test_same_field_saved_by_another_is_a_conflict_and_another_field_merges(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач", city="Київ", employees=1)
    house.change("account", number, city="Одеса")
    someone = browser("Olena")
    merged = someone.post(f"/account/{number}/cell/employees", {"value": "9", "row_version": "1"})
    assert merged.status_code == 200
    answer = someone.post(f"/account/{number}/cell/city", {"value": "Львів", "row_version": "1"})
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "Одеса" in text
    assert 'value="Львів"' in text
    assert house.stored("account", number)["city"] == "Одеса"
    version = house.stored("account", number)["row_version"]
    assert f'name="row_version" value="{version}"' in text
    assert someone.post(f"/account/{number}/cell/city", {"value": "Львів", "row_version": str(version)}).status_code == 200


def test_stage_cell_offers_the_stages_of_the_deals_own_pipeline(house: House, browser: SignIn) -> None:
    number = house.make("deal", name="Моя", pipeline=1, stage=_first_stage(house))
    form = browser("Olena").page(f"/deal/{number}/cell/stage")
    own = [s for s in house.catalog.configured["stage"].values() if s.parent_id == 1 and not s.retired]
    assert form.count("<option") >= len(own)
    other = house.make("pipeline", name="Інша", code="other")
    alien = house.make("stage", name="Зовсім інший", code="other.x", key="x", pipeline=other)
    assert alien
    assert "Зовсім інший" not in browser("Olena").page(f"/deal/{number}/cell/stage")


def test_a_post_without_the_token_changes_nothing(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач", city="Київ")
    someone = browser("Olena")
    app = house.app
    app.config["WTF_CSRF_ENABLED"] = True
    assert someone.client.post(f"/account/{number}/cell/city", data={"value": "Львів"}).status_code == 400
    assert house.stored("account", number)["city"] == "Київ"


def test_undo_is_the_writers_own_and_of_this_batch_only(house: House, browser: SignIn) -> None:
    number = house.make("account", name="Бучач", city="Київ")
    answer = browser("Olena").post(f"/account/{number}/cell/city", {"value": "Львів", "row_version": "1"})
    url = json.loads(answer.headers["HX-Trigger"])["toast"]["undo_url"]
    for path in (url, "/undo/" + "0" * 32, "/undo/nonsense"):
        assert browser("Andrii").post(path).status_code == 404
    assert house.stored("account", number)["city"] == "Львів"


def _first_stage(house: House) -> int:
    return min((s for s in house.catalog.configured["stage"].values() if s.parent_id == 1), key=lambda s: s.position).id
