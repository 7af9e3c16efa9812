"""Many deals and the board before a stage that asks for something: each way into it tells what is missing, and changes nothing."""

from collections.abc import Callable

from tests.kit.conftest import Browser, House
from tests.kit.test_many import pasted

SignIn = Callable[..., Browser]
ASKING = {"pipelines": {"sales": {"label": {"uk": "Продажі", "en": "Sales"}, "entity": "deal", "stages": [{
    "key": "qualified", "label": {"uk": "Кваліфіковано", "en": "Qualified"},
    "enter": [{"where": {"field": "amount", "op": "not_empty"}, "message": {"uk": "Вкажіть суму", "en": "Give the amount"}}],
}]}}}


def test_the_board_a_paste_and_a_bulk_change_tell_what_is_missing(house: House, browser: SignIn) -> None:
    house.configure(ASKING)
    lead, target, olena = house.stage("lead"), house.stage("qualified"), browser("Olena")
    poor, rich = house.make_many("deal", [{"name": "Без суми", "stage": lead}, {"name": "Із сумою", "stage": lead, "amount": 10}])
    moved = olena.post(f"/board/deal/{poor}", {"column": str(target), "row_version": "1"})
    assert moved.status_code == 422 and "Give the amount" in moved.get_data(as_text=True)
    paste = olena.send("/deal/paste", pasted([poor, rich], ["stage"], [["Qualified"], ["Qualified"]]))
    assert paste.status_code == 422
    assert [(one["id"], one["field"]) for one in paste.get_json()["errors"]] == [(poor, "stage")]
    assert house.stored("deal", rich)["stage"] == lead, "neither of the two is pasted"
    assert "Give the amount" in olena.page(f"/deal/bulk?ids={poor},{rich}&field=stage&value={target}")
    bulk = olena.post("/deal/bulk", {"ids": f"{poor},{rich}", "field": "stage", "value": str(target), "step": "apply"}).get_json()
    assert (bulk["count"], bulk["left"]) == (1, 1), "what is refused is left"
    assert (house.stored("deal", poor)["stage"], house.stored("deal", rich)["stage"]) == (lead, target)
    back = olena.post(f"/board/deal/{rich}", {"column": str(lead), "row_version": str(house.stored("deal", rich)["row_version"])})
    assert back.status_code == 200 and house.stored("deal", rich)["stage"] == lead
