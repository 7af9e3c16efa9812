"""Changes kept as a draft, and two administrators who change at once: merged where they touch different things, named where the same."""

import html
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from crm.admin_views.configuration import options_form
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from tests.builder.steps import hidden, names, plan, publish, text_of
from tests.builder.test_rights import CONFIGURES, READS, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
ADD, LIST = "/configuration/account/add/text/", "/configuration/pick-list/?key=industry"


def base_of(page: str) -> str:
    found = re.search(r'name="base" value="(\d+)"', page)
    assert found
    return found[1]


def keep(browser: Browser, path: str, typed: dict[str, Any]) -> None:
    shown = plan(browser, path, typed)
    assert browser.post(path, hidden(shown) | {"step": "keep"}).status_code == 303, text_of(shown)[:800]


def kept_forms(browser: Browser) -> list[tuple[str, dict[str, Any], str]]:
    """Of each kept change its page, what would be posted, and its number."""
    page = browser.get("/configuration/").get_data(as_text=True)
    found = []
    for row in re.findall(r"<li><div class=\"b-grow\"><b>.*?</li>", page, re.S):
        forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', row, re.S)
        values = {html.unescape(name): html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', forms[0][1])}
        number = re.search(r'name="id" value="(\d+)"', forms[1][1])
        assert number
        found.append((html.unescape(forms[0][0]), values, number[1]))
    return found


def options(house: House, **changes: dict[str, Any]) -> dict[str, Any]:
    """The form of the list of industries, with these changes by option."""
    known = house.catalog.picklists["industry"]
    rows = options_form.of_picklist(known)
    typed: dict[str, Any] = {"label_uk": known.label.uk, "label_en": known.label.en, "opt": [str(n) for n in range(len(rows))]}
    for n, row in enumerate(rows):
        typed |= {f"opt-key-{n}": row.key, f"opt-uk-{n}": row.uk, f"opt-en-{n}": row.en, f"opt-colour-{n}": row.colour}
        typed |= {f"opt-{name}-{n}": value for name, value in changes.get(row.key, {}).items()}
    return typed


def test_a_draft_waits_over_sign_ins_is_resumed_thrown_away_and_published_as_one_version(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    keep(olena, ADD, names("Один", "One", **{"class": "internal"}))
    keep(olena, ADD, names("Два", "Two", **{"class": "internal"}))
    keep(olena, ADD, names("Один інакше", "One", **{"class": "open"}))  # the same field: in place of the first
    assert not {"one", "two"} & set(house.catalog.entity("account").fields)
    later = browser("Olena")
    again = kept_forms(later)
    assert [action for action, _, _ in again] == [ADD, ADD]
    form = later.post(ADD, again[1][1] | {"step": "edit"}).get_data(as_text=True)
    assert 'value="Один інакше"' in form
    stranger = browser("Andrii")
    assert "Two" not in text_of(stranger.get("/configuration/")), "a draft is its maker's own"
    assert stranger.post("/configuration/draft/throw-away", {"id": again[0][2]}).status_code == 404
    assert stranger.post("/configuration/draft/publish", {"step": "check"}).status_code == 404
    for bad in ("", "x", "99999999999"):
        assert later.post("/configuration/draft/throw-away", {"id": bad}).status_code == 400
    keep(later, ADD, names("Три", "Three", **{"class": "internal"}))
    assert later.post("/configuration/draft/throw-away", {"id": kept_forms(later)[2][2]}).status_code == 303
    shown = later.post("/configuration/draft/publish", {"step": "check"})
    assert "New field “One” on" in text_of(shown) and "New field “Two” on" in text_of(shown) and "Three" not in text_of(shown)
    before = house.catalog.version
    assert later.post("/configuration/draft/publish", hidden(shown) | {"step": "publish"}).status_code == 303
    assert house.catalog.version == before + 1 and {"one", "two"} <= set(house.catalog.entity("account").fields)
    assert kept_forms(later) == []
    with house.system(write=False) as session:
        events = session.execute(select(JournalRow.changes).where(JournalRow.action == "configure").order_by(JournalRow.id)).scalars().all()
    assert [None, "Three"] in [one.get("draft") for one in events] and ["Three", None] in [one.get("draft") for one in events]


def test_two_who_change_different_things_are_both_heard(house: House, browser: SignIn) -> None:
    """Even from pages that are older than what the other has published: neither takes back what the other did."""
    olena, andrii = browser("Olena"), browser("Andrii")
    first, second = (one.key for one in house.catalog.picklists["industry"].options[:2])
    base = base_of(olena.get(LIST).get_data(as_text=True))
    begun = plan(olena, ADD, names("Один", "One", **{"class": "internal"}))
    mine = options(house, **{first: {"colour": "red"}}) | {"base": base}
    assert publish(andrii, LIST, options(house, **{second: {"en": "Renamed", "uk": "Інша"}})).status_code == 303
    assert olena.post(ADD, hidden(begun) | {"step": "publish"}).status_code == 303, "over a newer version, about other things"
    shown = plan(olena, LIST, mine)
    assert "Andrii published version" in text_of(shown) and shown.status_code == 200
    assert olena.post(LIST, hidden(shown) | {"step": "publish"}).status_code == 303
    now = house.catalog.picklists["industry"]
    painted, renamed = now.by_key(first), now.by_key(second)
    assert painted and renamed and (painted.colour, renamed.label.en) == ("red", "Renamed")


def test_two_who_change_the_same_are_told_and_the_later_decides(house: House, browser: SignIn) -> None:
    olena, andrii = browser("Olena"), browser("Andrii")
    key = house.catalog.picklists["industry"].options[0].key
    base = base_of(olena.get(LIST).get_data(as_text=True))
    mine = options(house, **{key: {"colour": "red"}}) | {"base": base}
    keep(olena, LIST, mine)
    assert "Olena has a draft that changes this too" in text_of(andrii.get(LIST))
    theirs = plan(andrii, LIST, options(house, **{key: {"colour": "green"}}))
    assert "Olena has a draft that changes this too" in text_of(theirs), "before publishing too"
    begun = plan(olena, LIST, mine)
    assert andrii.post(LIST, hidden(theirs) | {"step": "publish"}).status_code == 303
    late = olena.post(LIST, hidden(begun) | {"step": "publish"})
    assert late.status_code == 409 and "Now: green. Yours: red." in text_of(late) and "Andrii published version" in text_of(late)
    whole = olena.post("/configuration/draft/publish", {"step": "check"})
    assert whole.status_code == 409 and "Now: green. Yours: red." in text_of(whole)
    assert olena.post("/configuration/draft/publish", {"step": "publish", "version": str(house.catalog.version)}).status_code == 409
    assert getattr(house.catalog.picklists["industry"].by_key(key), "colour", "") == "green"
    going_on = olena.post("/configuration/draft/publish", hidden(whole) | {"step": "check"})
    assert going_on.status_code == 200 and "Now:" not in text_of(going_on)
    assert olena.post("/configuration/draft/publish", hidden(going_on) | {"step": "publish"}).status_code == 303
    assert getattr(house.catalog.picklists["industry"].by_key(key), "colour", "") == "red"


def test_fields_and_layouts_changed_by_two_are_merged_part_by_part(house: House, browser: SignIn) -> None:
    olena, andrii = browser("Olena"), browser("Andrii")
    typed = names("Поле", "Field", key="field", **{"class": "internal"})
    assert publish(olena, ADD, typed).status_code == 303
    path = "/configuration/account/field/field/"
    base = base_of(olena.get(path).get_data(as_text=True))
    assert publish(andrii, path, typed | {"help_uk": "Чому", "help_en": "Why"}).status_code == 303
    assert publish(olena, path, typed | {"label_en": "Other", "base": base}).status_code == 303
    said = house.catalog.made.of("account")["field"].said
    assert said["label"]["en"] == "Other" and said["help"]["en"] == "Why"
    clash = plan(olena, path, typed | {"label_en": "Third", "base": base})
    assert clash.status_code == 409 and "Now: Other. Yours: Third." in text_of(clash)
    layout = "/configuration/account/layout/"
    base = base_of(olena.get(layout).get_data(as_text=True))
    assert publish(andrii, layout, {"columns": ["name", "city"]}).status_code == 303
    assert publish(olena, layout, {"quick": ["name"], "base": base}).status_code == 303
    assert house.catalog.layouts["account"][""] == {"columns": ["name", "city"], "quick": ["name"]}
    base = base_of(olena.get(path).get_data(as_text=True))
    assert publish(andrii, path + "remove", agreed=True).status_code == 303
    gone = olena.post(path, typed | {"base": base, "step": "check"})
    assert gone.status_code == 404 and "field" not in house.catalog.entity("account").fields


def test_a_draft_is_judged_by_the_rights_of_its_publishing(house: House, browser: SignIn) -> None:
    give(house, CONFIGURES, {**READS, "fields": {"*": "edit"}})
    bohdan, path = browser("Bohdan"), "/configuration/account/add/formula/"
    keep(bohdan, path, names("Подвоєне", "Twice", formula="revenue * 2", **{"class": "internal"}))
    give(house, CONFIGURES, READS)
    refused = bohdan.post("/configuration/draft/publish", {"step": "check"})
    assert refused.status_code == 403 and "fields that you see on every record" in text_of(refused)
    with house.system() as session:
        apply(session, from_raw({"roles": {"blind": {"label": {"uk": "а", "en": "a"}, "rules": []}}}, session.catalog))
        session.commit()
    for path in ("publish", "throw-away"):
        assert bohdan.post(f"/configuration/draft/{path}", {"step": "check", "id": "1"}).status_code == 403


def test_a_new_kind_with_fields_lists_and_layout_is_kept_and_published_as_one_version(house: House, browser: SignIn) -> None:
    """Nothing of it is in force before: each piece stands on those kept before it, and seen by nobody else."""
    olena, before = browser("Olena"), house.catalog.version
    keep(olena, "/configuration/new-entity/", names("Тендер", "Tender", icon="coins", area="sales"))
    home = "/configuration/tender/"
    assert "tender" not in house.catalog.entities and "Only kept by you" in text_of(olena.get(home))
    keep(olena, home + "add/money/", names("Бюджет", "Budget", **{"class": "internal"}))
    keep(olena, home + "add/reference/", names("Замовник", "Customer", to="account", **{"class": "internal"}))
    assert 'data-put="budget"' in olena.get(home + "add/formula/").get_data(as_text=True)
    keep(olena, home + "add/formula/", names("Внесок", "Fee", formula="budget * 0.02", **{"class": "internal"}))
    rows = {"opt": ["0", "1"], "opt-uk-0": "Відкрито", "opt-en-0": "Open", "opt-uk-1": "Виграно", "opt-en-1": "Won"}
    keep(olena, home + "add/picklist/", names("Стан", "State", **rows, **{"class": "internal"}))
    keep(olena, "/configuration/account/add/rollup/", names("Тендери", "Tenders", of="tender.customer", function="sum", field="tender:budget",
                                                            **{"class": "sensitive"}))
    assert "Budget" in text_of(olena.get(home + "layout/"))
    arrangement = "columns=name&columns=budget&columns=fee"
    for screen in ("form", "card", "list", "quick"):
        drawn = olena.post(f"{home}layout/preview?screen={screen}", {"arrangement": arrangement})
        assert drawn.status_code == 200, screen
        assert screen == "card" or "Budget" in drawn.get_data(as_text=True)
    keep(olena, home + "layout/", {"columns": ["name", "budget", "fee"]})
    page = text_of(olena.get(home))
    assert all(word in page for word in ("Budget", "Customer", "Fee", "State", "budget * 0.02"))
    assert browser("Andrii").get(home).status_code == 404, "a draft is its maker's own"
    wrong = plan(olena, home + "add/formula/", names("Інше", "Other", formula="no_such * 2", **{"class": "internal"}))
    assert wrong.status_code == 422
    shown = olena.post("/configuration/draft/publish", {"step": "check"})
    assert "New kind of records: “Tenders”" in text_of(shown) or "New kind of records: “Tender”" in text_of(shown)
    assert olena.post("/configuration/draft/publish", hidden(shown) | {"step": "publish"}).status_code == 303
    assert house.catalog.version == before + 1 and kept_forms(olena) == []
    kind = house.catalog.entity("tender")
    assert {"budget", "customer", "fee", "state"} <= set(kind.fields) and list(house.catalog.layout("tender").columns) == ["name", "budget", "fee"]
    assert "tenders" in house.catalog.entity("account").fields
    assert publish(olena, f"/configuration/all-versions/{before + 1}/undo", agreed=True).status_code == 303
    assert "tender" not in house.catalog.entities and "tenders" not in house.catalog.entity("account").fields


def test_a_piece_of_a_draft_is_published_with_what_it_stands_on_and_thrown_away_with_it(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    keep(olena, "/configuration/new-entity/", names("Тендер", "Tender", icon="coins", area="sales"))
    keep(olena, "/configuration/tender/add/text/", names("Номер", "Number", **{"class": "internal"}))
    number = kept_forms(olena)[0][2]
    assert "2 kept changes are thrown away" in text_of(olena.client.post(
        "/configuration/draft/throw-away", data={"csrf_token": olena.token, "id": number}, follow_redirects=True)) and kept_forms(olena) == []
    keep(olena, "/configuration/new-entity/", names("Тендер", "Tender", icon="coins", area="sales"))
    typed = names("Номер", "Number", **{"class": "internal"})
    shown = plan(olena, "/configuration/tender/add/text/", typed)
    assert "published with it: Tender" in text_of(shown) and "New field “Number”" in text_of(shown)
    assert olena.post("/configuration/tender/add/text/", hidden(shown) | {"step": "publish"}).status_code == 303
    assert "number" in house.catalog.entity("tender").fields and kept_forms(olena) == []


def test_a_draft_gone_on_with_takes_its_own_place_under_another_key(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    keep(olena, "/configuration/new-entity/", names("Тендер", "Tender", icon="coins", area="sales"))
    page = "/configuration/tender/add/text/"
    keep(olena, page, names("Номер", "Number", **{"class": "internal"}))
    form = olena.post(page, kept_forms(olena)[1][1] | {"step": "edit"}).get_data(as_text=True)
    found = re.search(r'name="draft" value="(\d+)"', form)
    assert found
    keep(olena, page, names("Шифр", "Cipher", **{"class": "internal"}) | {"draft": found[1]})
    page_of_all = text_of(olena.get("/configuration/tender/"))
    assert len(kept_forms(olena)) == 2 and "Cipher" in page_of_all and "Number" not in page_of_all


def test_a_draft_that_changed_in_another_tab_is_shown_before_it_is_published(house: House, browser: SignIn) -> None:
    olena, other = browser("Olena"), browser("Olena")
    keep(olena, ADD, names("Один", "One", **{"class": "internal"}))
    shown = olena.post("/configuration/draft/publish", {"step": "check"})
    keep(other, ADD, names("Два", "Two", **{"class": "internal"}))
    before = house.catalog.version
    again = olena.post("/configuration/draft/publish", hidden(shown) | {"step": "publish"})
    assert again.status_code == 409 and "another tab" in text_of(again) and "“Two”" in text_of(again) and house.catalog.version == before
    assert olena.post("/configuration/draft/publish", hidden(again) | {"step": "publish"}).status_code == 303
    assert {"one", "two"} <= set(house.catalog.entity("account").fields)


def test_a_kept_merge_is_held_against_what_others_have_done_to_its_options(house: House, browser: SignIn) -> None:
    olena, andrii = browser("Olena"), browser("Andrii")
    old, new = (one.key for one in house.catalog.picklists["industry"].options[:2])
    page = f"/configuration/pick-list/merge?key=industry&option={old}"
    keep(olena, page, {"into": new, "base": str(house.catalog.version)})
    stages = "/configuration/stages-of/merge?key=sales&stage=lead"
    keep(olena, stages, {"into": "qualified", "base": str(house.catalog.version)})
    assert publish(andrii, LIST, options(house, **{new: {"en": "Renamed", "uk": "Інша"}})).status_code == 303
    house.configure({"pipelines": {"sales": {"label": {"uk": "Продажі", "en": "Sales"}, "stages": [
        {"key": "lead", "label": {"uk": "Перше", "en": "First"}, "probability": 0.05}]}}})
    shown = olena.post("/configuration/draft/publish", {"step": "check"})
    assert shown.status_code == 409 and "Renamed” has been changed" in text_of(shown) and "First” has been changed" in text_of(shown)
    seen = olena.post("/configuration/draft/publish", hidden(shown) | {"step": "check"})
    assert seen.status_code == 200, "whoever goes on has seen it"
    assert olena.post("/configuration/draft/publish", hidden(seen) | {"step": "publish"}).status_code == 303


def test_all_layouts_of_a_role_put_back_as_a_draft_are_told_at_each_of_their_entities(house: House, browser: SignIn) -> None:
    house.configure({"layouts": {key: {"roles": {"seller": {"columns": ["name"]}}} for key in ("account", "contact")}})
    olena, andrii = browser("Olena"), browser("Andrii")
    keep(olena, "/configuration/all-layouts/reset?role=seller", {})
    for key in ("account", "contact"):
        assert "has a draft that changes this too" in text_of(andrii.get(f"/configuration/{key}/layout/?role=seller")), key
    assert "has a draft that changes this too" not in text_of(andrii.get("/configuration/deal/layout/"))
