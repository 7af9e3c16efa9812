"""What stages ask for, met on the screens of deals: refused moves, the stage bar, for how long a deal has stood; and who may change it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.backoffice.guard import system_session
from crm.backoffice import records
from crm.errors import Forbidden
from crm.messages import render
from crm.rights.configuring import of_raw, planned
from tests.builder.steps import text_of
from tests.builder.test_rights import give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
SENTENCE = {"uk": "Вкажіть суму", "en": "Give the amount"}


def ask(stage: str, **said: Any) -> dict[str, Any]:
    """What a file says of one stage of the pipeline “sales”."""
    labels = {"lead": {"uk": "Лід", "en": "Lead"}, "qualified": {"uk": "Кваліфіковано", "en": "Qualified"}}
    one = {"key": stage, "label": labels[stage], "type": "open", "probability": 0.05, **said}
    return {"pipelines": {"sales": {"label": {"uk": "Продажі", "en": "Sales"}, "entity": "deal", "stages": [one]}}}


def amount_asked(field: str = "amount") -> list[dict[str, Any]]:
    return [{"where": {"field": field, "op": "not_empty"}, "message": SENTENCE}]


def test_every_screen_tells_what_is_missing_at_the_stage(house: House, browser: SignIn) -> None:
    house.configure(ask("qualified", enter=amount_asked()))
    firm = house.make("account", name="Ф")
    number, olena = house.make("deal", name="У", account=firm), browser("Olena")
    target = house.stage("qualified")
    form = olena.submit(f"/deal/{number}/edit/", {"stage": str(target)})
    assert form.status_code == 422 and "Give the amount" in text_of(form)
    cell = olena.post(f"/deal/{number}/cell/stage", {"value": str(target), "stage": str(target), "row_version": "1"})
    assert cell.status_code == 422 and "Give the amount" in cell.get_data(as_text=True)
    assert house.stored("deal", number)["stage"] == house.stage("lead")
    assert olena.submit(f"/deal/{number}/edit/", {"stage": str(target), "amount": "100"}).status_code in (302, 303)
    assert house.stored("deal", number)["stage"] == target


def test_the_bar_offers_only_stages_to_which_this_one_leads(house: House, browser: SignIn) -> None:
    number, olena = house.make("deal", name="У", account=house.make("account", name="Ф")), browser("Olena")
    button = f'name="stage" value="{house.stage("won")}"'
    assert button in olena.get(f"/deal/{number}/").get_data(as_text=True)
    house.configure(ask("lead", moves=["qualified"]))
    page = olena.get(f"/deal/{number}/").get_data(as_text=True)
    assert button not in page and f'name="stage" value="{house.stage("qualified")}"' in page


def test_a_card_says_for_how_many_working_days_a_deal_has_stood_in_its_stage(house: House, browser: SignIn) -> None:
    number, olena = house.make("deal", name="У", account=house.make("account", name="Ф")), browser("Olena")
    assert "service time" not in text_of(olena.get(f"/deal/{number}/"))
    house.configure(ask("lead", days=3))
    assert "0 working days in this stage · service time: 3" in text_of(olena.get(f"/deal/{number}/"))
    came, now = datetime.now(UTC) - timedelta(days=30), datetime.now(ZoneInfo("Europe/Kyiv")).date()
    with system_session(house.engine, "test", house.catalog, write=True, source="import") as session:
        records.create(session, "stage_history", {"deal": house.make("deal", name="Д", account=house.make("account", name="Г")), "stage": house.stage("lead"),
                                                  "entered_at": came})
        old = session.execute(session.catalog.entity("stage_history").table.select()).mappings().all()[0]
        records.change(session, "stage_history", old["id"], {"entered_at": came})
        session.commit()
    first = came.astimezone(ZoneInfo("Europe/Kyiv")).date()
    worked = sum(date.fromordinal(day).weekday() < 5 for day in range(first.toordinal() + 1, now.toordinal() + 1))
    page = olena.get(f"/deal/{number}/")
    assert f"{worked} working days in this stage · service time: 3" in text_of(page) and "b-stay b-12 is-late" in page.get_data(as_text=True)


def test_whoever_is_limited_asks_only_for_what_he_sees_on_every_deal(house: House) -> None:
    rights = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}}
    configures = {"entity": "deal", "actions": ["configure"], "scope": "all"}
    give(house, configures, rights)
    bohdan = house.people["Bohdan"]

    def plan(said: dict[str, Any]) -> Any:
        return planned(house.engine, house.catalog, bohdan, of_raw(said))

    with pytest.raises(Forbidden) as why:
        plan(ask("qualified", enter=amount_asked()))
    assert "fields that you see on every record" in render(why.value.message, "en")
    found = plan(ask("qualified", enter=amount_asked("expected_on")))
    told = dict(zip(((one.kind, one.effect) for one in found.changes), found.told, strict=True))
    assert told["requirement", "create"] is False, "he does not see the history of stages, so the count is none of his"
    house.configure(ask("qualified", enter=amount_asked()))
    with pytest.raises(Forbidden) as kept:
        plan(ask("qualified"))
    assert "stays as it is" in render(kept.value.message, "en")
