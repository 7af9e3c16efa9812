"""What stages ask for, met on the screens of deals: refused moves, the stage bar, for how long a deal has stood; and who may change it."""

import html
import re
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
from tests.builder.steps import hidden, plan, publish, text_of
from tests.builder.test_rights import give
from tests.builder.test_stages import typed
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


def test_the_checklist_of_a_stage_is_set_up_shown_on_the_card_and_ticked(house: House, browser: SignIn) -> None:
    olena, page = browser("Olena"), "/configuration/stages-of/asking?key=sales&stage=lead"
    number = house.make("deal", name="У", account=house.make("account", name="Ф"))
    added = olena.post(page, {"leads": "any", "step": "opt-add"}).get_data(as_text=True)
    assert 'name="opt-uk-0"' in added
    items = {"opt": ["0", "1"], "opt-uk-0": "Подзвонити", "opt-en-0": "Call", "opt-required-0": "1", "opt-en-1": "Gift"}
    shown = plan(olena, page, {"leads": "any", **items})
    assert "New on the checklist: Call" in text_of(shown) and publish_shown(olena, page, shown) == 303
    card = olena.get(f"/deal/{number}/").get_data(as_text=True)
    assert 'name="done" value="call"' in card and 'name="done" value="gift"' in card
    assert olena.post(f"/deal/{number}/checklist", {"done": "call"}).status_code == 303
    assert 'name="open" value="call"' in olena.get(f"/deal/{number}/").get_data(as_text=True)
    assert 'name="open" value="call"' in olena.get(f"/deal/{number}/?drawer=1").get_data(as_text=True)
    for odd in ({"done": "no_such"}, {}, {"open": "x" * 200}):
        assert olena.post(f"/deal/{number}/checklist", odd).status_code == 404
    assert olena.post("/deal/999999/checklist", {"done": "call"}).status_code == 404 and olena.post("/account/1/checklist", {"done": "a"}).status_code == 404
    assert "Tick on the checklist of a stage" in text_of(olena.get("/journal/"))
    assert browser("Sofiia").post(f"/deal/{number}/checklist", {"done": "gift"}).status_code == 404, "a deal of somebody else is none of hers"
    undone = plan(olena, page, {"leads": "any", "opt": ["0"], "opt-key-0": "call", "opt-en-0": "Ring"})
    assert "Otherwise on the checklist: Ring" in text_of(undone) and "No more on the checklist: Gift" in text_of(undone)
    assert plan(olena, page, {"leads": "any", "opt": ["0"], "opt-key-0": "call"}).status_code == 422


# --- the page of one stage -----------------------------------------------------------------------------------------------

PAGE = "/configuration/stages-of/asking?key=sales&stage=qualified"
AMOUNT = '{"field":"amount","op":"not_empty"}'


def form(**changes: Any) -> dict[str, Any]:
    """The form of a stage with one requirement to enter."""
    row = {"req": ["0"], "req-side-0": "enter", "req-where-0": AMOUNT, "req-uk-0": "Вкажіть суму", "req-en-0": "Give the amount"}
    return {"leads": "any", "days": "", **row, **changes}


def asked(house: House, stage: str = "qualified") -> Any:
    return next(one for one in house.catalog.configured["stage"].values() if one.code == f"sales.{stage}")


def test_requirements_moves_and_service_time_are_planned_in_words_published_and_undone(house: House, browser: SignIn) -> None:
    olena, firm = browser("Olena"), house.make("account", name="Ф")
    house.make_many("deal", [{"name": f"У{n}", "account": firm, "stage": house.stage("qualified"), "amount": n or None} for n in range(3)])
    assert "/configuration/stages-of/asking?key=sales&amp;stage=qualified" in olena.get("/configuration/stages-of/?key=sales").get_data(as_text=True)
    assert "Nothing is asked." in text_of(olena.get(PAGE))
    shown = plan(olena, PAGE, form(days="5", leads="listed", moves=["lost", "won"]))
    told = text_of(shown)
    assert "The stage “Qualified” asks for more – to enter: Give the amount" in told and "1 record would have been stopped here" in told
    assert "Asked of the records as they are now" in told and "Service time, working days: — → 5" in told and "any stage → " in told
    listed = re.search(r'href="(/deal/\?where=[^"]*)"', shown.get_data(as_text=True))
    assert listed and "У0" in text_of(olena.get(html.unescape(listed[1]))) and "У1" not in text_of(olena.get(html.unescape(listed[1])))
    assert olena.post(PAGE, hidden(shown) | {"step": "publish"}).status_code == 303
    row = asked(house)
    assert row.values["days"] == 5 and set(row.said["moves"]) == {"won", "lost"} and len(row.said["enter"]) == 1
    page = olena.get(PAGE).get_data(as_text=True)
    assert 'value="Give the amount"' in page and 'value="5"' in page and re.search(r'name="moves" value="won" checked', page)
    arranged = plan(olena, "/configuration/stages-of/?key=sales", typed(house, lead={"colour": "red"}))
    assert publish_shown(olena, "/configuration/stages-of/?key=sales", arranged) == 303 and asked(house).said == row.said, "the list of stages keeps it"
    assert publish(olena, PAGE, form(req=[])).status_code == 303 and not asked(house).said
    assert publish(olena, f"/configuration/all-versions/{house.catalog.version}/undo").status_code == 303
    assert asked(house).said == row.said and asked(house).values["days"] == 5


def publish_shown(person: Browser, path: str, shown: Any) -> int:
    return int(person.post(path, hidden(shown) | {"step": "publish"}).status_code)


def test_rows_are_added_and_dropped_without_a_script_and_conditions_drawn_in_words(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    added = olena.post(PAGE, form(step="req-add-exit")).get_data(as_text=True)
    assert 'name="req-side-1" value="exit"' in added and 'value="Give the amount"' in added
    dropped = olena.post(PAGE, form(step="req-drop-0")).get_data(as_text=True)
    assert 'name="req" value="0"' not in dropped
    drawn = olena.post(PAGE.replace("asking?", "asking/drawn?"), form())
    assert drawn.status_code == 200 and "Amount" in drawn.get_data(as_text=True) and "<html" not in drawn.get_data(as_text=True)


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"days": "0"}, "from 1 to 2500"), ({"days": "many"}, "from 1 to 2500"), ({"days": "9" * 10}, "from 1 to 2500"),
    ({"req-where-0": ""}, "Say what must hold."), ({"req-where-0": "{"}, "condition"), ({"req-en-0": " "}, "Both languages are needed"),
    ({"req-where-0": '{"field":"no_such","op":"not_empty"}'}, "makes no sense"), ({"req-kept-0": "0123456789abcdef"}, "Open the page anew"),
])
def test_what_makes_no_sense_is_told_beside_what_was_typed(house: House, browser: SignIn, changes: dict[str, Any], sentence: str) -> None:
    answer = plan(browser("Olena"), PAGE, form(**changes))
    assert answer.status_code in (400, 422) and sentence in text_of(answer)
    assert 'value="Вкажіть суму"' in answer.get_data(as_text=True)


def test_odd_forms_and_addresses_are_no_crash(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    for path in (PAGE.replace("qualified", "no_such"), PAGE.replace("sales", "no_such"), PAGE.partition("?")[0]):
        assert olena.get(path).status_code == 404
    odd_ones: list[dict[str, Any]] = [
        {"req": ["x", "0", "0"]}, {"req-side-0": "sideways"}, {"step": "req-drop-99999"}, {"step": "req-add-"}, {"leads": "listed", "moves": ["no_such"]},
    ]
    for odd in odd_ones:
        assert olena.post(PAGE, {**form(), "step": "check", **odd}).status_code in (200, 422), odd


def test_two_administrators_who_change_the_same_stage_are_told_of_each_other(house: House, browser: SignIn) -> None:
    olena, andrii, base = browser("Olena"), browser("Andrii"), str(house.catalog.version)
    assert publish(olena, PAGE, form(base=base)).status_code == 303
    clash = plan(andrii, PAGE, form(base=base, **{"req-en-0": "An amount"}))
    assert clash.status_code == 409 and "Requirements to enter" in text_of(clash)
    assert plan(andrii, PAGE, form(base=base, days="3")).status_code == 200, "what only one of them has changed is put together"


def test_drafts_of_two_stages_and_of_their_order_are_published_together(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    arranging = "/configuration/stages-of/?key=sales"
    colours = typed(house, lead={"colour": "red"}, qualified={"colour": "lime"})
    for path, sent in ((PAGE, form()), (arranging, colours), (PAGE.replace("qualified", "lead"), form())):
        assert olena.post(path, hidden(plan(olena, path, sent)) | {"step": "keep"}).status_code == 303
    shown = plan(olena, "/configuration/draft/publish")
    assert publish_shown(olena, "/configuration/draft/publish", shown) == 303
    for stage, colour in (("qualified", "lime"), ("lead", "red")):
        assert asked(house, stage).said["enter"] and asked(house, stage).values["colour"] == colour, "neither draft takes back what another says"


def test_a_requirement_that_looks_at_what_one_does_not_see_is_named_and_stays(house: House, browser: SignIn) -> None:
    give(house, {"entity": "deal", "actions": ["configure"], "scope": "all"},
         {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read", "amount": "hidden"}})
    house.configure(ask("qualified", enter=[{"where": {"field": "amount", "op": "gt", "value": 777}, "message": SENTENCE}]))
    bohdan = browser("Bohdan")
    page = bohdan.get(PAGE).get_data(as_text=True)
    assert "Give the amount" in page and "777" not in page and "stays as it is" in page
    kept = re.search(r'name="req-kept-0" value="([0-9a-f]+)"', page)
    assert kept
    shown = plan(bohdan, PAGE, form(days="4", **{"req-kept-0": kept[1], "req-where-0": ""}))
    assert publish_shown(bohdan, PAGE, shown) == 303 and asked(house).values["days"] == 4 and len(asked(house).said["enter"]) == 1
    assert plan(bohdan, PAGE, form(req=[])).status_code == 403
    give(house, {"entity": "account", "actions": ["configure"], "scope": "all"})
    assert browser("Bohdan").get(PAGE).status_code == 404 and browser("Sofiia").get(PAGE).status_code == 403
