"""Numbers of records stand in texts: whatever is posted instead of one is refused with a sentence."""

import io
import json
from collections.abc import Callable

from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
NONE = ["9" * 5000, "9" * 25, "99999999999", "4294967296", "0", "-1", "٣", "²", "1e3", "keep", "keep" + "9" * 5000]


def test_what_is_no_number_of_a_record_is_refused_by_every_form(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    account = house.make("account", name="а")
    deal = house.make("deal", name="б", account=account)
    for text in NONE:
        _refused_everywhere(house, olena, account, deal, text)


def _refused_everywhere(house: House, olena: Browser, account: int, deal: int, text: str) -> None:
    for path, key in ((f"/deal/{deal}/edit/", "account"), ("/deal/new/", "account"), (f"/account/{account}/edit/", "interests")):
        assert olena.submit(path, {"name": "в", key: text}).status_code in (303, 422), path
    assert olena.post(f"/deal/{deal}/cell/account", {"value": text}).status_code in (200, 422)
    assert olena.post("/deal/bulk", {"ids": str(deal), "field": "account", "value": text}).status_code in (200, 422)
    assert olena.get(f"/deal/new/?account={text}").status_code == 200
    assert house.stored("deal", deal)["account"] is None or house.stored("deal", deal)["account"].id == account


def test_a_report_asked_for_a_number_that_is_none_is_no_fault(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert olena.get("/report/interactions").status_code == 200
    for text in NONE:
        for name in ("owner", "owner_id"):
            assert olena.get(f"/report/interactions?{name}={text}").status_code in (200, 400), (name, text[:20])


def test_a_version_that_is_none_is_refused(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    one, two = house.make("account", name="а"), house.make("account", name="б")
    house.change("account", one, city="Львів")
    for text in (*NONE, "9999999999", "2147483648"):
        assert olena.submit(f"/account/{one}/edit/", {"name": "в", "city": "г", "row_version": text}).status_code == 400, text[:20]
        form = {"ids": f"{one},{two}", "into": str(one), f"version.{one}": text, f"version.{two}": "1", "pick.name": str(two)}
        assert olena.post("/account/merge", form).status_code == 400, text[:20]
    assert olena.submit(f"/account/{one}/edit/", {"city": "г", "row_version": "2147483647"}).status_code in (200, 303, 409)
    assert house.stored("account", one)["name"] == "а"


def test_a_condition_on_a_number_that_is_none_is_told(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    house.make("account", name="а", department=house.make("department", name="в"))
    for value in (2**31, 2**63, 2**200, -1, 0, "9" * 9, "9" * 10, "9" * 400, [2**40, 2**90], True):
        for where in ({"field": "department", "op": "in" if isinstance(value, list) else "eq", "value": value}, {"field": "owner", "op": "eq", "value": value}):
            assert olena.get("/account/", query_string={"where": json.dumps(where)}).status_code in (200, 400), value


def test_a_file_sent_where_text_is_typed_is_refused(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    account = house.make("account", name="а")
    for path, name in ((f"/account/{account}/edit/", "name"), (f"/account/{account}/edit/", "city"), (f"/account/{account}/cell/city", "value")):
        data = {**olena.form(f"/account/{account}/edit/"), name: (io.BytesIO(b"x"), "x.txt")} if name != "value" else {
            "csrf_token": olena.token, name: (io.BytesIO(b"x"), "x.txt")}
        assert olena.client.post(path, data=data).status_code == 422
    stored = house.stored("account", account)
    assert (stored["name"], stored["city"], stored["row_version"]) == ("а", None, 1)
