"""All numbers by a mask on one screen: what they give next, changed in one plan, undone; who is told how far they have come."""

from collections.abc import Callable
from datetime import UTC, datetime

from crm.backoffice.fields.numbering import read_mask
from tests.builder.steps import hidden, plan, publish, text_of
from tests.builder.test_rights import CONFIGURES, READS, give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
PAGE, YEAR = "/configuration/number-masks/", datetime.now(UTC).year
ACT, BILL = "mask-account.act", "mask-deal.bill"


def furnished(house: House) -> None:
    label = {"uk": "Акт", "en": "Act"}
    house.configure({"fields": {
        "account": {"act": {"type": "auto_number", "mask": "A-{YYYY}-{000}", "class": "internal", "label": label}},
        "deal": {"bill": {"type": "auto_number", "mask": "{DEPARTMENT}/{00}", "class": "internal", "label": {"uk": "Рахунок", "en": "Bill"}}},
    }})
    house.make_many("account", [{"name": "А"}, {"name": "Б"}])


def test_masks_are_changed_together_with_what_they_give_next_told_first(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert "No field has numbers by a pattern" in text_of(olena.get(PAGE))
    furnished(house)
    held = house.count("account")
    shown = text_of(olena.get(PAGE))
    assert f"A-{YEAR}-{held + 1:03}" in shown and f"A-{YEAR}-{held:03}" in shown and "Bill" in shown
    told = plan(olena, PAGE, {ACT: "A-{YYYY}-{0000}", BILL: "{DEPARTMENT}-{000}"})
    words = text_of(told)
    assert "Pattern: A-{YYYY}-{000} → A-{YYYY}-{0000}" in words and f"The next number: A-{YEAR}-{held + 1:04}" in words and "-001" in words
    version = house.catalog.version
    assert olena.post(PAGE, hidden(told) | {"step": "publish"}).status_code == 303 and house.catalog.version == version + 1
    made = house.make("account", name="В")
    assert house.stored("account", made)["act"] == f"A-{YEAR}-{held + 1:04}"
    taken = text_of(plan(olena, PAGE, {ACT: "A-" + str(YEAR) + "-{000}"}))
    assert f"{held} numbers of this pattern are taken already and passed over" in taken, "another counter would give what stands already"
    assert publish(olena, f"/configuration/all-versions/{version + 1}/undo").status_code == 303
    assert house.catalog.entity("account").fields["act"].numbering == "A-{YYYY}-{000}"


def test_a_mask_that_makes_no_sense_is_refused_at_its_control(house: House, browser: SignIn) -> None:
    furnished(house)
    olena, version = browser("Olena"), house.catalog.version
    for wrong in ("", "A-{YYYY}", "A-{0}{00}", "{WHO}-{0}", "{0", "{DEPARTMENT}{000}", "x" * 200):
        refused = plan(olena, PAGE, {ACT: wrong})
        assert refused.status_code == 422 and f'id="{ACT}-error"' in refused.get_data(as_text=True), wrong
    assert "Nothing would change." in text_of(plan(olena, PAGE, {ACT: "A-{YYYY}-{000}"})) and house.catalog.version == version


def test_a_company_that_moves_in_goes_on_with_its_own_numbers(house: House, browser: SignIn) -> None:
    furnished(house)
    olena, path, version = browser("Olena"), f"{PAGE}account/act/next/", house.catalog.version
    assert path in olena.get(PAGE).get_data(as_text=True) and f"A-{YEAR}-" in text_of(olena.get(path))
    held, here = house.count("account"), str(YEAR)
    for typed in ("", "тисяча", "-5", "12.5", "٣", "9" * 12, "9" * 400, "0", str(held)):
        refused = olena.post(path, {"counter": here, "next": typed})
        assert refused.status_code == 422 and 'id="next-error"' in refused.get_data(as_text=True), typed
    told = text_of(olena.post(path, {"counter": here, "next": "1"}))
    assert f"The highest number in use is A-{YEAR}-{held:03}, so the next one is {held + 1} or higher." in told
    for counter in ("", "1999", f"{YEAR}/N", "x" * 5000, "\x00"):
        assert olena.post(path, {"counter": counter, "next": "1235"}).status_code == 422, counter[:9]
    assert olena.post(path, {"counter": here, "next": "1235"}).headers["Location"] == PAGE
    assert f"The next number: A-{YEAR}-1235" in text_of(olena.get(PAGE)) and house.catalog.version == version, "a counter is no configuration"
    assert house.stored("account", house.make("account", name="В"))["act"] == f"A-{YEAR}-1235"
    assert "Next number set" in text_of(olena.get("/journal/?action=event"))
    for missing in ("account/name/next/", "account/no_such/next/", "no_such/act/next/"):
        assert olena.get(PAGE + missing).status_code == 404, missing


def test_a_counter_of_a_department_is_set_before_it_has_a_record(house: House, browser: SignIn) -> None:
    furnished(house)
    house.make("department", name="Північ", code="N")
    olena, path = browser("Olena", "uk"), f"{PAGE}deal/bill/next/"
    assert "N/01" in text_of(olena.get(path)) and "без підрозділу" in text_of(olena.get(path))
    assert olena.post(path, {"counter": "N", "next": "77"}).status_code == 303
    assert "N/77" in text_of(olena.get(path)) and "0/01" in text_of(olena.get(path))


def test_only_who_configures_the_records_and_sees_all_numbers_sets_the_next_one(house: House, browser: SignIn) -> None:
    furnished(house)
    bohdan, path, typed = browser("Bohdan"), f"{PAGE}account/act/next/", {"counter": str(YEAR), "next": "500"}
    for rules, status in (([READS], 403), ([CONFIGURES, {**READS, "scope": "own"}], 403), ([{**CONFIGURES, "entity": "deal"}, READS], 404)):
        give(house, *rules)
        assert (bohdan.get(path).status_code, bohdan.post(path, typed).status_code) == (status, status), rules
    give(house, CONFIGURES, READS)
    assert bohdan.post(path, typed).status_code == 303 and bohdan.get(f"{PAGE}deal/bill/next/").status_code == 404


def test_how_far_numbers_have_come_is_told_to_who_sees_them_all(house: House, browser: SignIn) -> None:
    furnished(house)
    bohdan = browser("Bohdan")
    give(house, CONFIGURES, {**READS, "scope": "own"})
    shown = text_of(bohdan.get(PAGE))
    assert "not yours to know" in shown and f"A-{YEAR}-" not in shown and "Bill" not in shown
    planned = text_of(plan(bohdan, PAGE, {ACT: "B-{0000}", BILL: "{000}"}))
    assert "Pattern: A-{YYYY}-{000} → B-{0000}" in planned and "The next number" not in planned and "Bill" not in planned
    give(house, CONFIGURES, READS)
    assert f"A-{YEAR}-" in text_of(bohdan.get(PAGE))
    assert browser("Sofiia").get(PAGE).status_code == 403


def test_a_counter_is_read_back_from_what_it_runs_over() -> None:
    mask = read_mask("T-{DEPARTMENT}-{YYYY}-{000}")
    assert mask.text_in("N/S/2026", 7) == "T-N/S-2026-007" and mask.text_in("2026", 7) is None and mask.text_in("N/26", 7) is None
    assert read_mask("{0}").text_in("", 12) == "12" and read_mask("{YY}-{0}").text_in("2026", 1) is None
