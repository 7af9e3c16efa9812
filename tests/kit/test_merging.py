"""Several records become one on a page: what is offered, what is refused, how it is taken back."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from crm.admin_views.kit import merging
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from tests.kit.conftest import Browser
from tests.kit_forms.house import House

Sign = Callable[[str], Browser]
LESS = """
roles:
  blind:
    label: {uk: Без обороту, en: Without revenue}
    rules:
      - {entity: account, actions: [read, delete], scope: all, fields: {"*": edit}}
"""


def test_the_page_shows_every_difference_and_the_merge_can_be_taken_back(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    stays, goes = house.make_many("account", [{"name": "Криниця", "city": "Київ"}, {"name": "ТОВ Криниця", "city": "Львів", "phone": "+380441234567"}])
    (deal,) = house.make_many("deal", [{"name": "Насос", "account": goes}])
    page = olena.page(f"/account/merge?ids={stays},{goes}")
    assert "Криниця" in page and "ТОВ Криниця" in page and 'name="pick.city"' in page and 'name="pick.kind"' not in page
    assert re.search(rf'name="pick.phone" value="{goes}"[^>]* checked', page), "an empty field is filled from the other record"
    form = {"ids": f"{stays},{goes}", "into": str(stays), f"version.{stays}": "1", f"version.{goes}": "1", "pick.phone": str(goes)}
    answer = olena.post("/account/merge", form)
    assert answer.status_code == 200 and answer.get_json()["id"] == stays
    assert olena.get(f"/account/{goes}/").headers["Location"].endswith(f"/account/{stays}/")
    assert "044 123" in olena.page(f"/account/{stays}/") and f"/account/{stays}/" in olena.page(f"/deal/{deal}/")
    assert olena.undo(answer).get_json() == {"undone": 2, "kept": []}
    assert "ТОВ Криниця" in olena.page(f"/account/{goes}/") and f"/account/{goes}/" in olena.page(f"/deal/{deal}/")


def test_without_scripts_it_leads_to_the_record_that_stays(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    stays, goes = house.make_many("account", [{"name": "а"}, {"name": "б"}])
    form = {"ids": f"{stays},{goes}", "into": str(goes), f"version.{stays}": "1", f"version.{goes}": "1", "csrf_token": olena.token}
    answer = olena.client.post("/account/merge", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/account/{goes}/")
    assert "undo=/undo/" in olena.page(f"/account/{goes}/")


@pytest.mark.parametrize(("ids", "status"), [
    ("", 400), ("1", 400), ("x,y", 400), ("1,1", 400), ("999999,999998", 404), (",".join(map(str, range(1, 30))), 400),
])
def test_what_cannot_be_merged_is_said(house: House, browser: Sign, ids: str, status: int) -> None:
    assert browser("Olena").get(f"/account/merge?ids={ids}").status_code == status


def test_a_record_changed_meanwhile_is_shown_once_more(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    stays, goes = house.make_many("account", [{"name": "а"}, {"name": "б"}])
    assert olena.post(f"/account/{goes}/cell/city", {"value": "Одеса"}).status_code == 200
    form = {"ids": f"{stays},{goes}", "into": str(stays), f"version.{stays}": "1", f"version.{goes}": "1"}
    answer = olena.post("/account/merge", form)
    assert answer.status_code == 409 and "Одеса" in answer.get_data(as_text=True)


@pytest.mark.parametrize("extra", [{"pick.city": "17"}, {"pick.city": "all"}, {"version.1": "-"}, {"version.1": ""}])
def test_a_forged_choice_is_refused(house: House, browser: Sign, extra: dict[str, str]) -> None:
    stays, goes = house.make_many("account", [{"name": "а"}, {"name": "б"}])
    form = {"ids": f"{stays},{goes}", "into": str(stays), f"version.{stays}": "1", f"version.{goes}": "1"}
    answer = browser("Olena").post("/account/merge", {**form, **{k.replace(".1", f".{stays}"): v for k, v in extra.items()}})
    assert answer.status_code == 400


def test_who_may_not_change_and_remove_does_not_merge(house: House, browser: Sign) -> None:
    stays, goes = house.make_many("account", [{"name": "а"}, {"name": "б"}])
    roman = browser("Roman")
    assert roman.get(f"/account/merge?ids={stays},{goes}").status_code == 403
    assert "data-merge-selected" not in roman.page("/account/")
    assert "data-merge-selected" in browser("Olena").page("/account/")


def test_what_is_hidden_is_neither_shown_nor_taken(house: House, browser: Sign) -> None:
    stays, goes = house.make_many("account", [{"name": "а", "revenue": 111}, {"name": "б", "revenue": 777, "phone": "+380441234567"}])
    bohdan = browser("Bohdan")
    page = bohdan.page(f"/account/merge?ids={stays},{goes}")
    assert "777" not in page and "pick.revenue" not in page and "1234567" not in page.replace(" ", "")
    form = {"ids": f"{stays},{goes}", "into": str(stays), f"version.{stays}": "1", f"version.{goes}": "1", "pick.revenue": str(goes)}
    assert bohdan.post("/account/merge", form).status_code == 200
    assert "777" not in browser("Olena").page(f"/account/{stays}/")


def test_deals_are_not_merged(house: House, browser: Sign) -> None:
    one, two = house.make_many("deal", [{"name": "а"}, {"name": "б"}])
    assert browser("Olena").get(f"/deal/merge?ids={one},{two}").status_code == 404


class Waited(Exception):
    """What the driver raises; `sqlstate` as PostgreSQL says it."""

    def __init__(self, sqlstate: str | None, text: str = "waited") -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("why", "status"), [
    (Waited("40P01"), 503), (Waited("40001"), 503), (Waited("55P03"), 503), (Waited(None, "database is locked"), 503), (Waited("57014", "canceled"), 500),
])
def test_one_of_two_who_waited_for_each_other_is_asked_to_try_again(
    house: House, browser: Sign, monkeypatch: pytest.MonkeyPatch, why: Waited, status: int
) -> None:
    def merge(*_: object, **__: object) -> None:
        raise OperationalError("UPDATE", {}, why)

    stays, goes = house.make_many("account", [{"name": "а"}, {"name": "б"}])
    olena = browser("Olena")
    monkeypatch.setattr(merging, "merge", merge)
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = olena.post("/account/merge", {"ids": f"{stays},{goes}", "into": str(stays), f"version.{stays}": "1", f"version.{goes}": "1"})
    assert (answer.status_code, answer.get_json()["error"]) == (status, "locked" if status == 503 else "failed")


def test_who_may_no_longer_take_a_merge_back_is_told_so(house: House, browser: Sign) -> None:
    stays, goes = house.make_many("account", [{"name": "а"}, {"name": "б"}])
    bohdan = browser("Bohdan")
    # Where they stand is hidden from nobody here, and both stand nowhere.
    answer = bohdan.post("/account/merge", {"ids": f"{stays},{goes}", "into": str(stays), f"version.{stays}": "1", f"version.{goes}": "1"})
    assert answer.status_code == 200
    with house.system() as session:
        apply(session, read(LESS.encode(), session.catalog))
        session.commit()
    assert bohdan.undo(answer).status_code == 403
    assert house.is_there("account", stays) and not house.is_there("account", goes)
