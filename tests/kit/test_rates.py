"""The page of exchange rates, and the command that loads the same files."""

import io
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.kit.conftest import Browser
from tests.kit_forms.house import House

Sign = Callable[[str], Browser]


def quotes(**values: Any) -> str:
    return json.dumps([{"cc": "USD", "exchangedate": "25.11.2026", "rate": 41.2345, **values}, {"cc": "EUR", "exchangedate": "25.11.2026", "rate": 47.8}])


def brought(text: str, **more: str) -> dict[str, Any]:
    return {"file": (io.BytesIO(text.encode()), "rates.json"), **more}


def test_a_file_is_loaded_once_shown_and_taken_back(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    assert "There is no rate yet" in olena.page("/rates/") and 'href="/rates/"' in olena.page("/")
    assert olena.post("/rates/", brought(quotes())).headers["Location"] == "/rates/"
    page = olena.page("/rates/")
    assert "41.2345" in page and "US Dollar" in page and "2 rates were written" in page
    undo = page.split("/undo/")[1][:32]
    olena.post("/rates/", brought(quotes()))
    assert "All of them are there already" in olena.page("/rates/")
    assert olena.post(f"/undo/{undo}").status_code == 200
    assert "There is no rate yet" in olena.page("/rates/")


def test_the_newest_rate_of_each_currency_is_shown(house: House, browser: Sign) -> None:
    house.make_many("exchange_rate", [{"currency": "USD", "day": date(2026, 11, day), "rate": Decimal(rate)} for day, rate in ((24, "41.1"), (23, "40.9"))])
    page = browser("Roman").page("/rates/?lang=uk")
    assert "41,1" in page and "40,9" not in page and "долар США" in page


def test_only_chosen_currencies_are_taken(house: House, browser: Sign) -> None:
    browser("Olena").post("/rates/", brought(quotes(), only="eur, "))
    assert house.count("exchange_rate") == 1


@pytest.mark.parametrize(("text", "said"), [
    ("[", "not valid JSON"), (quotes(rate=0), "Entry 1 of the file"), (quotes(cc="EUR"), "two rates of EUR"), ("", "The file is empty"),
])
def test_a_bad_file_is_answered_on_the_page_and_writes_nothing(house: House, browser: Sign, text: str, said: str) -> None:
    answer = browser("Olena").post("/rates/", brought(text, only="USD"))
    assert answer.status_code == 422 and said in answer.get_data(as_text=True) and 'value="USD"' in answer.get_data(as_text=True)
    assert house.count("exchange_rate") == 0


def test_no_file_and_no_currency_are_said(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    assert "Choose a file" in olena.post("/rates/", {}).get_data(as_text=True)
    assert "is not the code of a currency" in olena.post("/rates/", brought(quotes(), only="<b>")).get_data(as_text=True)


def test_who_may_not_add_rates_only_looks(house: House, browser: Sign) -> None:
    roman = browser("Roman")
    assert 'action="/rates/"' not in roman.page("/rates/") and 'href="/rates/"' not in roman.page("/account/")
    assert roman.post("/rates/", brought(quotes())).status_code == 403
    assert browser("Andrii").post("/rates/", brought(quotes())).status_code == 303


def test_the_command_loads_the_same_and_says_what_became_of_it(house: House, tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    file.write_text(quotes(cc="QQQ"))
    run = house.app.test_cli_runner()
    done = run.invoke(args=["rates", "load", str(file)])
    assert (done.exit_code, json.loads(done.stdout)) == (
        0, {"rates": 1, "created": 1, "updated": 0, "unchanged": 0, "kept": 0, "unknown": ["QQQ"]})
    assert "QQQ" in done.stderr
    file.write_text(quotes(rate=42))
    assert json.loads(run.invoke(args=["rates", "load", str(file), "--only", "usd", "--format", "json"]).stdout)["created"] == 1
    assert house.count("exchange_rate") == 2


@pytest.mark.parametrize(("text", "options", "code"), [
    ("[", (), 1), (quotes(), ("--format", "xml"), 1), (quotes(), ("--only", "DOLLAR"), 1), (quotes(), ("--format", "yaml"), 2),
    (quotes(), ("--as", "nobody@firm.example"), 1), (quotes(), ("--as", "roman@firm.example"), 4),
])
def test_the_command_refuses_and_writes_nothing(house: House, tmp_path: Path, text: str, options: tuple[str, ...], code: int) -> None:
    file = tmp_path / "rates.json"
    file.write_text(text)
    refused = house.app.test_cli_runner().invoke(args=["rates", "load", str(file), *options])
    assert refused.exit_code == code and refused.stdout == "" and refused.stderr
    assert house.count("exchange_rate") == 0


def test_a_file_that_is_not_there_is_said(house: House, tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        assert house.app.test_cli_runner().invoke(args=["rates", "load", str(path)]).exit_code == 1


def test_lists_and_boards_say_what_several_currencies_come_to(house: House, browser: Sign) -> None:
    stage = house.stage("qualified")
    house.make_many("deal", [{"name": f"D{n}", "stage": stage, "amount": Decimal(amount), "currency": currency}
                             for n, (amount, currency) in enumerate((("100", "UAH"), ("10", "USD")))])
    olena = browser("Olena")
    assert "together: no rate for USD" in olena.page("/deal/count") and "together: no rate for USD" in olena.page("/board/deal")
    house.make("exchange_rate", currency="USD", day=date(2024, 1, 1), rate=Decimal("41.5"))
    assert "together 515 UAH" in olena.page("/deal/count") and olena.page("/board/deal").count("together 515 UAH") >= 2  # its column and the whole
    assert "together 515 UAH" in olena.page("/deal/?group=stage")
    assert "together" not in olena.page("/deal/count?where=" + json.dumps({"field": "currency", "op": "eq", "value": "UAH"}))
    assert "together" not in olena.page("/board/deal?where=" + json.dumps({"field": "currency", "op": "eq", "value": "UAH"}))
