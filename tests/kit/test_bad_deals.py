"""What a deal cannot be, said in its reader's language at the field that makes no sense, by the form and by the cell; nothing is written."""

import html
from collections.abc import Callable
from datetime import timedelta

import pytest

from crm.backoffice import records
from crm.errors import Forbidden
from crm.messages import render
from tests.company import today
from tests.kit.conftest import Browser
from tests.kit_forms.house import House

SignIn = Callable[..., Browser]
DAY, EARLIER = today().isoformat(), (today() - timedelta(days=1)).isoformat()
NONSENSE = (
    ({"probability": "170"}, "probability", "Ймовірність має бути від 0 до 100 %."),
    ({"opened_on": DAY, "closed_on": EARLIER}, "closed_on", "Угода закрилася б раніше, ніж відкрилася."),
    ({"opened_on": DAY, "expected_on": EARLIER}, "expected_on", "Очікуване закриття було б раніше, ніж угоду відкрито."),
    ({"amount": "1 000 000 000 000 000"}, "amount", "Число завелике."),
)


def test_a_form_and_a_cell_say_what_makes_no_sense(house: House, browser: SignIn) -> None:
    olena, stage = browser("Olena", "uk"), house.stage("lead")
    deal = house.make("deal", name="Дах", stage=stage, opened_on=today(), amount=5)
    before = house.count("deal"), house.stored("deal", deal)
    for given, field, sentence in NONSENSE:
        form = olena.post("/deal/new/", {"name": "Дах", "stage": str(stage), **given})
        assert form.status_code == 422 and f'<a href="#f-{field}">' in form.text and sentence in html.unescape(form.text), field
        cell = olena.post(f"/deal/{deal}/cell/{field}", {"value": given[field], "row_version": "1"})
        assert cell.status_code == 422 and f'id="cell-{deal}-{field}-why" role="alert">{sentence}' in html.unescape(cell.text), field
    assert (house.count("deal"), house.stored("deal", deal)) == before


def test_a_stage_in_which_deals_stand_is_taken_out_of_use_and_never_removed(house: House, browser: SignIn) -> None:
    stage = house.stage("qualified")
    deal = house.make("deal", name="Дах", stage=stage)
    with house.system() as session, pytest.raises(Forbidden) as why:
        records.remove(session, "stage", stage)
    assert render(why.value.message, "uk") == "Тут стоять угоди. Етап, який більше не вживається, виводять з ужитку, а не вилучають."
    house.change("stage", stage, retired=True)
    board = browser("Olena").page("/board/deal")
    assert "no longer used" in board and house.stored("deal", deal)["stage"] == stage, "it stands where it stood, and the board says so"
