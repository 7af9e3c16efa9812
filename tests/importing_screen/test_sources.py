"""Named sources: a mapping kept under a name, recognised by columns, in versions, one's own or shared; and ready kits chosen on the screen."""

import html
import re
from collections.abc import Callable
from typing import Any

from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import Browser, House

OLD = "Клієнт (рос.);Сума обороту;Звідки\nРошен;1000;Виставка\n"


def send(at: Desk, step: str, **values: Any) -> Any:
    return at.browser.post(at.url, {"step": step, **values})


def offered(at: Desk) -> dict[str, str]:
    """Name → value of every source on the page."""
    page = at.look().page
    select = re.search(r'<select[^>]*name="source"[^>]*>(.*?)</select>', page, re.S)
    return {html.unescape(text): value for value, text in re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', select[1])} if select else {}


def recognised(at: Desk) -> str:
    found = re.search(r"<span>Recognised as “([^”]*)”</span>", html.unescape(at.look().page))
    return found[1] if found else ""


def kept(house: House, desk: Callable[..., Desk], *, shared: bool = False) -> Desk:
    at = desk("Olena").bring(OLD)
    at.send(**{"Клієнт (рос.)__to": "name", "Сума обороту__to": "revenue", "Звідки__to": ""})
    assert send(at, "keep", name="Стара система", **({"shared": "1"} if shared else {})).status_code == 303
    return at


def test_a_mapping_kept_as_a_source_is_recognised_by_its_columns(house: House, desk: Callable[..., Desk]) -> None:
    kept(house, desk)
    again = desk("Olena").bring(OLD.replace("Рошен", "Нібулон"), "next.csv")
    assert recognised(again) == "Стара система"
    assert [again.target(c) for c in ("Клієнт (рос.)", "Сума обороту", "Звідки")] == ["name", "revenue", ""]
    assert recognised(desk("Olena").bring("name;city\nРошен;Київ\n")) == ""


def test_a_source_has_versions_and_an_earlier_one_can_be_used_again(house: House, desk: Callable[..., Desk]) -> None:
    at = kept(house, desk)
    assert send(at, "keep", name="Стара система").status_code == 303
    at.look().send(**{"Сума обороту__to": "credit_limit"})
    send(at, "keep", name="Стара система")
    options = offered(at)
    assert list(options)[:2] == ["Стара система", "Стара система, version 1"]
    send(at, "source", source=options["Стара система, version 1"])
    assert at.look().target("Сума обороту") == "revenue"


def test_colleagues_use_a_shared_source_as_far_as_their_rights_go_and_do_not_change_it(house: House, desk: Callable[..., Desk]) -> None:
    own = kept(house, desk)
    value = offered(own)["Стара система"]
    blind = desk("Bohdan").bring(OLD)
    assert "Стара система" not in offered(blind)
    assert send(blind, "source", source=value).status_code == 422
    send(own, "keep", name="Стара система", shared="1")
    blind = desk("Bohdan").bring(OLD)
    assert recognised(blind) == "Стара система"
    assert blind.target("Клієнт (рос.)") == "name"
    assert blind.target("Сума обороту") != "revenue", "which is hidden from him"
    assert "revenue" not in blind.browser.get(f"{blind.url}mapping.yaml").get_data(as_text=True)
    assert send(blind, "drop").status_code == 422
    assert "Стара система" in offered(own)
    assert send(own, "drop").status_code == 303
    assert "Стара система" not in offered(own)


def test_a_kit_is_recognised_and_can_be_chosen(house: House, desk: Callable[..., Desk]) -> None:
    at = desk("Olena").bring("Record ID,Company name,Company owner,Phone Number,Country/Region\n9001,Рошен,Olena,+380441112233,Ukraine\n")
    assert recognised(at) == "HubSpot"
    assert [at.target(c) for c in ("Record ID", "Company name", "Company owner", "Country/Region")] == ["code", "name", "owner", "country"]
    assert send(at, "source", source="kit:suitecrm.account").status_code == 303
    assert recognised(at) == "SuiteCRM"


def test_what_makes_no_sense_is_refused(house: House, desk: Callable[..., Desk], browser: Callable[..., Browser]) -> None:
    at = kept(house, desk)
    for raw in ("", "kit:none", "source:0", "source:x", "source:99999999999", "kit:hubspot.deal"):
        assert send(at, "source", source=raw).status_code == 422, raw
    assert send(at, "keep", name="  ").status_code == 422
    assert send(at, "keep", name="x" * 200).status_code == 422
