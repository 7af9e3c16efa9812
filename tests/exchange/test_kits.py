"""Exports of other products become records without a mapping of one's own. The files are headed as the sources of those products head them."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm.backoffice.exchange import kits
from crm.backoffice.exchange.mapping import load_mapping
from crm.backoffice.exchange.mapping_text import as_yaml
from crm.messages import render
from tests.exchange.conftest import Desk

FILES = Path(__file__).parent / "kits"
PRODUCTS = sorted(kits.PRODUCTS.keys() - {"vcard"})
WITH_TALKS = ("espocrm", "hubspot", "suitecrm")
COUNTERPARTIES = ("account", "contact", "deal")
KYIV_WINTER, KYIV_SUMMER = datetime(2024, 3, 12, 7, 30, tzinfo=UTC), datetime(2024, 7, 12, 7, 30, tzinfo=UTC)  # 9:30 and 10:30 by the clocks there


def columns_of(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    return next(csv.reader(text.splitlines(), delimiter=";" if text.count(";") > text.count(",") else ","))


def columns_of_text(text: str) -> list[str]:
    return text.splitlines()[0].split(",")


def load(desk: Desk, key: str) -> Any:
    path = FILES / f"{key}.csv"
    columns = columns_of(path)
    entity = key.split(".")[1]
    kit = kits.likely(entity, columns, "csv")
    assert kit is not None
    assert kit.key == key
    return desk.load(entity, path.read_bytes(), given=kits.fitted(kit.mapping, columns, rest=True))


@pytest.mark.parametrize("product", PRODUCTS)
def test_an_export_is_recognised_and_becomes_records(desk: Desk, product: str) -> None:
    for entity in COUNTERPARTIES:
        done = load(desk, f"{product}.{entity}")
        assert [render(p.message, "en") for p in done.problems] == []
        assert (done.created, done.updated) == (1, 0)
        again = load(desk, f"{product}.{entity}")
        assert (again.created, again.updated) == (1 if product == "creatio" and entity != "account" else 0, 0)
    assert desk.rows("account", "name", "owner")[0][0] == "Рошен"
    assert ("Ірина Коваль",) in desk.rows("user", "name")
    contact = desk.rows("contact", "name", "email")[0]
    assert "Мельник" in contact[0]
    assert contact[1] == "o@roshen.example"
    assert desk.rows("position", "title")[0] == ("Директор",)
    name, amount, account = desk.rows("deal", "name", "amount", "account")[0]
    assert (name, str(amount)) == ("Вітрина", "5000.5000")
    assert len(desk.rows("account", "name")) == 1, "contacts and deals find the company that is there"


@pytest.mark.parametrize("product", WITH_TALKS)
def test_calls_and_meetings_become_interactions(desk: Desk, product: str) -> None:
    for entity in COUNTERPARTIES:
        load(desk, f"{product}.{entity}")
    calls, meetings = load(desk, f"{product}.interaction.calls"), load(desk, f"{product}.interaction.meetings")
    assert [render(p.message, "en") for p in (*calls.problems, *meetings.problems)] == []
    assert (calls.created, meetings.created) == (2, 1)
    options = {o.id: o.key for name in ("interaction_medium", "direction", "interaction_state") for o in desk.company.catalog.picklists[name].options}
    told = [
        (subject, *(options[one] for one in (medium, direction, state)), starts)
        for subject, medium, direction, state, starts in desk.rows("interaction", "subject", "medium", "direction", "state", "starts_at")
    ]
    missed = "held" if product == "hubspot" else "cancelled"
    assert told == [
        ("Про вітрину", "call", "inbound", "held", KYIV_WINTER), ("Нагадати", "call", "outbound", missed, KYIV_SUMMER),
        ("Огляд складу", "meeting", "outbound", "held", datetime(2024, 3, 14, 8, 0, tzinfo=UTC)),
    ]
    company = desk.rows("account", "code")[0][0]
    assert {account for (account,) in desk.rows("interaction", "account")} == {company}, "by its name, by its number, by its person, by its deal"
    again = load(desk, f"{product}.interaction.calls")
    assert (again.created, again.updated) == (0, 0)


def test_activities_and_calls_of_creatio_become_interactions(desk: Desk) -> None:
    for entity in COUNTERPARTIES:
        load(desk, f"creatio.{entity}")
    for key, made in (("creatio.interaction", 2), ("creatio.interaction.calls", 1)):
        done = load(desk, key)
        assert [render(p.message, "en") for p in done.problems] == []
        assert done.created == made
        again = load(desk, key)
        assert (again.created, again.unchanged) == (0, made), "they have no number and are found by what they are about and when"
    options = {o.id: o.key for name in ("interaction_medium", "direction", "interaction_state") for o in desk.company.catalog.picklists[name].options}
    told = {
        (options[medium], options[direction], options[state], subject, starts)
        for subject, medium, direction, state, starts in desk.rows("interaction", "subject", "medium", "direction", "state", "starts_at")
    }
    assert told == {
        ("meeting", "outbound", "held", "Огляд складу", datetime(2024, 3, 14, 8, 0, tzinfo=UTC)), ("call", "outbound", "cancelled", "Нагадати", KYIV_SUMMER),
        ("call", "inbound", "held", None, KYIV_WINTER),
    }
    company = desk.rows("account", "code")[0][0]
    assert {account for (account,) in desk.rows("interaction", "account")} == {company}


def test_calls_of_bitrix24_find_their_person_by_the_phone(desk: Desk) -> None:
    for entity in COUNTERPARTIES:
        load(desk, f"bitrix24.{entity}")
    done = load(desk, "bitrix24.interaction.calls")
    assert [render(p.message, "en") for p in done.problems] == []
    again = load(desk, "bitrix24.interaction.calls")
    assert (done.created, again.created, again.unchanged) == (2, 0, 2)
    options = {o.id: o.key for name in ("direction", "interaction_result") for o in desk.company.catalog.picklists[name].options}
    told = [(options[d], options[r], at) for d, r, at in desk.rows("interaction", "direction", "result", "held_at")]
    assert told == [("inbound", "goes_on", KYIV_WINTER), ("outbound", "busy", KYIV_SUMMER)]
    (person,) = {contact for (contact,) in desk.rows("interaction", "contact")}
    assert person in {number for number, name in desk.rows("contact", "code", "name") if "Мельник" in name}


def test_a_task_of_creatio_that_is_no_contact_waits_for_a_word(desk: Desk) -> None:
    kit = kits.find("interaction", "creatio.interaction")
    assert kit is not None
    file = "Subject,Start,Status,Category,Account\nДоговір,12.03.2024 9:30,Completed,Paper work,Рошен\n"
    done = desk.load("interaction", file, given=kits.fitted(kit.mapping, columns_of_text(file), rest=True))
    assert (done.created, done.failed) == (0, 1)


def test_every_file_is_of_a_kit_and_its_columns_are_known() -> None:
    files = {path.stem: set(columns_of(path)) for path in FILES.glob("*.csv")}
    known = {kit.key: kit for kit in kits.every() if kit.mapping.file.format != "vcard"}
    assert files.keys() == known.keys()
    assert {key: columns - known[key].columns for key, columns in files.items() if columns - known[key].columns} == {}


def test_every_kit_names_only_fields_and_options_that_exist(desk: Desk) -> None:
    for kit in kits.every():
        columns = list(kit.mapping.columns or ())
        if kit.mapping.file.format == "vcard":
            continue
        fitted = kits.fitted(kit.mapping, columns)
        empty = ",".join(f'"{name}"' for name in fitted.columns or ()) + "\n" + "," * (len(fitted.columns or ()) - 1) + "\n"
        assert desk.load(kit.entity, empty, given=fitted, dry_run=True).failed == 0, kit.key
        for target in (target for targets in (kit.mapping.columns or {}).values() for target in targets):
            spec = desk.company.catalog.entity(kit.entity).fields.get(target.name)
            if target.name == "stage":
                assert set(target.values.values()) <= {row.key for row in desk.company.catalog.configured["stage"].values()}, kit.key
            elif target.values and spec is not None and spec.picklist:
                assert set(target.values.values()) <= {option.key for option in desk.company.catalog.picklists[spec.picklist].options}, (kit.key, target.name)


def test_a_kit_may_tell_time_by_other_clocks(desk: Desk) -> None:
    mapping = load_mapping("zone: UTC\ncolumns: {id: code, what: subject, at: held_at, who: {field: account, by: name, missing: create}}\n"
                           "defaults: {medium: call, direction: inbound}\ndates: ['%Y-%m-%d %H:%M']\n")
    assert load_mapping(as_yaml(mapping)) == mapping
    assert desk.load("interaction", "id,what,at,who\n1,Про вітрину,2024-07-12 07:30,Рошен\n", given=mapping).created == 1
    assert desk.rows("interaction", "held_at") == [(KYIV_SUMMER,)]
    with pytest.raises(Exception, match="no time zone"):
        load_mapping("zone: Kyiv\ncolumns: {id: code}\n")


def test_a_file_of_no_product_is_not_taken_for_one() -> None:
    assert kits.likely("account", ("Назва", "Місто", "Пошта бухгалтера"), "csv") is None
    assert kits.likely("account", ("name", "Color", "Height", "Weight"), "csv") is None
