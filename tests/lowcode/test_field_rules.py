"""Rules by conditions: asked at the one door, whichever way a save comes."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import update

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.checks import check_entities
from crm.backoffice.custom.models import CHECKS
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.backoffice.undo import undo
from crm.errors import BadRequest, Invalid
from crm.messages import render
from tests.company import Company
from tests.exchange.conftest import Desk
from tests.lowcode.test_made import held, put, refused as refusal, take_back

TENDER = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    checks:
      - where: {any: [{field: budget, op: empty}, {field: budget, op: ge, value: 0}]}
        message: {uk: Бюджет не буває відʼємний, en: A budget is never negative}
        field: budget
    fields:
      customer: {type: reference, to: account, label: {uk: Замовник, en: Customer}}
      budget: {type: money, label: {uk: Бюджет, en: Budget}, read_only_if: {field: result, op: not_empty}}
      opens_on: {type: date, label: {uk: Відкриття, en: Opens}}
      result:
        type: picklist
        label: {uk: Результат, en: Result}
        options: [{key: won, label: {uk: Виграно, en: Won}}, {key: lost, label: {uk: Програно, en: Lost}}]
      reason:
        type: text
        label: {uk: Причина, en: Reason}
        required_if: {field: result, op: eq, value: lost}
        visible_if: {field: result, op: not_empty}
"""
CHECK = """
checks:
  account:
    doctors: {where: {any: [{field: revenue, op: empty}, {field: revenue, op: lt, value: 1000}]}, message: {uk: Забагато, en: Too much}, field: revenue}
"""


@pytest.fixture
def desk(company: Company, tmp_path: Path) -> Desk:
    return Desk(company, tmp_path)


@pytest.fixture
def tenders(company: Company) -> Company:
    put(company, TENDER)
    return company


def why(company: Company, refused: BaseException) -> dict[int, dict[str, str]]:
    assert isinstance(refused, records.InvalidRows)
    return {place: {key: render(message, "en") for key, message in found.items()} for place, found in refused.rows.items()}


def told(company: Company) -> list[Any]:
    """All that is made, in whatever order."""
    made = company.catalog.made
    return sorted((one.number, one.key, str(one.said)) for one in (*made.fields, *made.checks, *made.entities.values()))


def option(company: Company, key: str) -> int:
    return company.option("tender.result", key)


def change(company: Company, record_id: int, **values: Any) -> None:
    with company.system() as session:
        records.change(session, "tender", record_id, values)
        session.commit()


def test_a_field_is_required_while_its_condition_holds(tenders: Company) -> None:
    (one,) = tenders.make("tender", {})
    with pytest.raises(Invalid) as refused:
        change(tenders, one, result=option(tenders, "lost"))
    assert why(tenders, refused.value) == {0: {"reason": "“Reason” is required."}}
    assert held(tenders, "tender", one, "result") == (None,), "nothing of it is written"
    change(tenders, one, result=option(tenders, "won"))
    change(tenders, one, result=option(tenders, "lost"), reason="ціна")
    with pytest.raises(Invalid):
        change(tenders, one, reason=None)


def test_what_is_wrong_stands_at_the_position_of_its_record(tenders: Company) -> None:
    lost, won = option(tenders, "lost"), option(tenders, "won")
    with pytest.raises(Invalid) as refused:
        tenders.make("tender", {"result": won}, {"result": lost}, {"result": lost, "reason": "ціна"}, {"budget": Decimal(-1)}, {"reason": "зайве"})
    assert why(tenders, refused.value) == {
        1: {"reason": "“Reason” is required."}, 3: {"budget": "A budget is never negative"},
        4: {"reason": "“Reason” does not belong to such a record; leave it empty."},
    }
    one, two = tenders.make("tender", {}, {})
    with tenders.system() as session, pytest.raises(Invalid) as refused:
        records.change_many(session, "tender", {one: {"name": records_name(tenders, one)}, two: {"result": lost}})
    assert why(tenders, refused.value) == {1: {"reason": "“Reason” is required."}}, "an unchanged record before it counts as a place"


def records_name(company: Company, record_id: int) -> Any:
    return held(company, "tender", record_id, "name")[0]


def test_a_field_is_for_reading_only_by_how_the_record_stood_before_the_save(tenders: Company) -> None:
    (one,) = tenders.make("tender", {"budget": Decimal(5), "result": option(tenders, "won")})
    with pytest.raises(Invalid) as refused:
        change(tenders, one, budget=Decimal(6))
    assert why(tenders, refused.value) == {0: {"budget": "“Budget” cannot be changed any more."}}
    with pytest.raises(Invalid):
        change(tenders, one, budget=Decimal(6), result=None)
    change(tenders, one, budget=Decimal(5), name="Той самий бюджет")
    change(tenders, one, result=None)
    change(tenders, one, budget=Decimal(6), result=option(tenders, "won"))
    assert held(tenders, "tender", one, "budget") == (Decimal(6),)


def test_what_a_field_held_before_it_stopped_belonging_to_the_record_stays_and_may_be_emptied(tenders: Company) -> None:
    (one,) = tenders.make("tender", {"result": option(tenders, "lost"), "reason": "ціна"})
    change(tenders, one, result=None)
    assert held(tenders, "tender", one, "reason") == ("ціна",)
    with pytest.raises(Invalid):
        change(tenders, one, reason="інше")
    change(tenders, one, reason="ціна", name="Те саме")
    change(tenders, one, reason=None)


def test_a_default_offered_to_a_new_record_is_nothing_that_its_writer_gives(company: Company) -> None:
    put(company, """
fields: {account: {size: {type: integer, default: 3, class: internal, label: {uk: Розмір, en: Size}, visible_if: {field: revenue, op: gt, value: 10}}}}
""")
    company.make("account", {"name": "А", "size": 3}, {"name": "Б"})
    with pytest.raises(Invalid):
        company.make("account", {"name": "В", "size": 4})


def test_records_that_stood_are_counted_in_the_plan_and_asked_when_they_are_saved(company: Company) -> None:
    one, two = company.make("account", {"name": "А", "revenue": Decimal(5000)}, {"name": "Б"})
    assert put(company, CHECK) == [("rule", "account", "checks.doctors", "create", 1)]
    with company.system() as session, pytest.raises(Invalid) as refused:
        records.change(session, "account", one, {"name": "Альфа"})
    assert why(company, refused.value) == {0: {"revenue": "Too much"}}
    with company.system() as session:
        records.change(session, "account", two, {"name": "Бета"})
        records.change(session, "account", one, {"revenue": Decimal(1)})
        session.commit()
    lacking = "fields: {account: {why: {type: text, class: internal, label: {uk: Чому, en: Why}, required_if: {field: revenue, op: gt, value: 0}}}}"
    assert put(company, lacking) == [("field", "account", "why", "create", 0), ("rule", "account", "why.required_if", "create", 1)]


def test_rules_over_what_is_only_planned_are_counted_too(company: Company) -> None:
    company.make("account", {"name": "А"}, {"name": "Б"})
    both = """
fields: {account: {grade: {type: integer, class: internal, label: {uk: Клас, en: Grade}}}}
checks: {account: {graded: {where: {field: grade, op: not_empty}, message: {uk: Дайте клас, en: Give a grade}}}}
"""
    assert ("rule", "account", "checks.graded", "create", 2) in put(company, both)
    tender = TENDER + "checks: {account: {busy: {where: {count: tender_customer, op: gt, value: 0}, message: {uk: Без тендерів, en: No tenders}}}}\n"
    assert ("rule", "account", "checks.busy", "create", 2) in put(company, tender)


def test_the_whole_is_printed_and_reads_back_to_no_change_and_an_undo_takes_rules_back(company: Company) -> None:
    put(company, TENDER)
    put(company, CHECK)
    assert put(company, TENDER) == put(company, CHECK) == [], "applying twice changes nothing"
    with company.system(write=False) as session:
        text = yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False)
        assert plan(session, read(text, company.catalog)) == []
    assert "doctors" in text and "read_only_if" in text and "A budget is never negative" in text
    take_back(company)
    company.make("account", {"name": "А", "revenue": Decimal(5000)})
    take_back(company)
    with pytest.raises(Invalid):
        company.make("account", {"name": "Б", "revenue": Decimal(5000)})
    assert put(company, "removed: [account.checks.doctors]") == [("rule", "account", "checks.doctors", "remove", 0)]
    company.make("account", {"name": "Б", "revenue": Decimal(5000)})
    put(company, TENDER.replace("required_if", "read_only_if"))
    company.make("tender", {"result": option(company, "lost")})
    take_back(company)
    with pytest.raises(Invalid):
        company.make("tender", {"result": option(company, "lost")})


def test_a_rule_follows_a_field_that_is_renamed_and_an_undo_takes_it_back(company: Company) -> None:
    put(company, TENDER)
    put(company, """
checks: {account: {busy: {where: {sum: tender_customer.budget, op: lt, value: 100}, message: {uk: А, en: B}}}}
fields: {contact: {firm: {type: reference, to: account, label: {uk: Фірма, en: Firm}}, note: {
  type: text, label: {uk: Нотатка, en: Note}, required_if: {field: firm.tender_customer.result, op: eq, value: lost}}}}
""")
    before = told(company)
    put(company, """
fields: {tender: {
  outcome: {type: picklist, picklist: tender.result, renamed_from: result, label: {uk: Підсумок, en: Outcome}},
  client: {type: reference, to: account, renamed_from: customer, label: {uk: Клієнт, en: Client}},
  cost: {type: money, renamed_from: budget, label: {uk: Вартість, en: Cost}, read_only_if: {field: outcome, op: not_empty}}}}
""")
    made = company.catalog.made
    assert made.of("tender")["reason"].said["required_if"] == {"field": "outcome", "op": "eq", "value": "lost"}
    assert made.of("contact")["note"].said["required_if"]["field"] == "firm.tender_client.outcome"
    assert made.checks[0].said["where"]["sum"] == "tender_client.cost"
    assert made.entities["tender"].said["checks"][0]["field"] == "cost" and "'budget'" not in str(made.entities["tender"].said)
    with pytest.raises(Invalid) as refused:
        company.make("tender", {"cost": Decimal(-1), "outcome": option(company, "lost")})
    assert set(why(company, refused.value)[0]) == {"cost", "reason"}
    take_back(company)
    assert told(company) == before


def test_a_field_that_a_rule_names_stays_until_the_rule_goes(company: Company) -> None:
    put(company, TENDER)
    sentence = refusal(company, "removed: [tender.result]")
    assert "tender.budget" in sentence and "read_only_if" in sentence and "result" in sentence
    put(company, "fields: {account: {grade: {type: integer, class: internal, label: {uk: Клас, en: Grade}}}}")
    put(company, "checks: {account: {graded: {where: {field: grade, op: not_empty}, message: {uk: Дайте клас, en: Give a grade}}}}")
    assert "account.graded" in refusal(company, "removed: [account.grade]")
    with pytest.raises(BadRequest) as refused:
        take_back(company, company.catalog.version - 1)
    assert "account.graded" in render(refused.value.message, "en")


@pytest.mark.parametrize("text", [
    "fields: {account: {x: {type: text, label: {uk: А, en: B}, required_if: {field: nowhere, op: empty}}}}",
    "fields: {account: {x: {type: text, label: {uk: А, en: B}, required_if: {field: revenue, op: like, value: 1}}}}",
    "fields: {account: {x: {type: text, label: {uk: А, en: B}, required_if: {field: revenue, op: eq, value: much}}}}",
    "fields: {account: {x: {type: text, label: {uk: А, en: B}, required_if: revenue}}}",
    "fields: {account: {x: {type: text, label: {uk: А, en: B}, required_if: {field: revenue, op: eq, value: .nan}}}}",
    "fields: {account: {x: {type: text, label: {uk: А, en: B}, required: true, visible_if: {field: revenue, op: empty}}}}",
    "fields: {account: {x: {type: formula, formula: revenue, label: {uk: А, en: B}, read_only_if: {field: revenue, op: empty}}}}",
    "checks: {nowhere: {x: {where: {field: name, op: empty}, message: {uk: А, en: B}}}}",
    "checks: {account: {x: {where: {field: nowhere, op: empty}, message: {uk: А, en: B}}}}",
    "checks: {account: {x: {where: {field: name, op: empty}, message: {uk: А}}}}",
    "checks: {account: {x: {message: {uk: А, en: B}}}}",
    "checks: {account: {x: {where: {field: name, op: empty}, message: {uk: А, en: B}, field: nowhere}}}",
    "checks: {account: [name]}",
    "entities: {paper: {label: {uk: А, en: B}, checks: [{where: {field: nowhere, op: empty}, message: {uk: А, en: B}}]}}",
    "entities: {paper: {label: {uk: А, en: B}, checks: {where: {field: name, op: empty}}}}",
], ids=str)
def test_a_rule_that_makes_no_sense_is_a_sentence_and_changes_nothing(company: Company, text: str) -> None:
    assert refusal(company, text)


def test_a_trial_says_the_same_as_the_door(tenders: Company) -> None:
    lost = option(tenders, "lost")
    (one,) = tenders.make("tender", {"budget": Decimal(5), "result": option(tenders, "won"), "opens_on": date(2026, 5, 1)})
    rows: list[dict[str, Any]] = [{"opens_on": date(2026, 5, 1)}, {"result": lost}, {"budget": Decimal("-0.01")}, {"reason": "зайве"}]
    with tenders.system() as session:
        tried = records.check_new(session, "tender", rows)
        with pytest.raises(Invalid) as refused:
            records.create_many(session, "tender", rows)
        assert isinstance(refused.value, records.InvalidRows) and tried == refused.value.rows and set(tried) == {1, 2, 3}
        for values in ({"result": lost}, {"budget": Decimal(7)}, {"result": None, "reason": "зайве"}):
            tried = records.check_changes(session, "tender", {one: values})
            with pytest.raises(Invalid) as refused:
                records.change(session, "tender", one, values)
            assert isinstance(refused.value, records.InvalidRows) and tried == refused.value.rows
        assert not records.check_changes(session, "tender", {one: {"result": lost, "reason": "ціна"}})


def test_what_was_may_be_again_by_an_undo_and_is_asked_when_it_comes_back_from_the_recycle_bin(tenders: Company) -> None:
    (one,) = tenders.make("tender", {"budget": Decimal(5)})
    with tenders.system() as session:
        records.change(session, "tender", one, {"budget": Decimal(6), "result": option(tenders, "won")})
        session.commit()
        batch = session.batch
    with tenders.system() as session:
        assert undo(session, batch).undone == 1
        session.commit()
    assert held(tenders, "tender", one, "budget", "result") == (Decimal(5), None)
    with tenders.system() as session:
        records.remove(session, "tender", one)
        session.commit()
    put(tenders, "checks: {tender: {dated: {where: {field: opens_on, op: not_empty}, message: {uk: Коли, en: When}}}}")
    with tenders.system() as session, pytest.raises(Invalid) as refused:
        records.restore(session, "tender", one)
    assert why(tenders, refused.value) == {0: {"": "When"}}


def test_a_condition_may_look_at_other_records_and_at_what_follows_the_save(company: Company) -> None:
    put(company, TENDER)
    put(company, """
fields: {account: {total: {type: rollup, of: tender.customer, function: sum, field: budget, label: {uk: Разом, en: Total}}}}
checks: {tender: {limit: {where: {any: [{field: customer, op: empty}, {field: customer.total, op: le, value: 100}]}, message: {uk: Понад, en: Above}}}}
""")
    (firm,) = company.make("account", {"name": "А"})
    company.make("tender", {"customer": firm, "budget": Decimal(60)})
    with pytest.raises(Invalid):
        company.make("tender", {"customer": firm, "budget": Decimal(60)})
    company.make("tender", {"customer": firm, "budget": Decimal(40)})
    assert held(company, "account", firm, "total") == (Decimal(100),)


def test_a_writer_is_not_told_of_fields_that_he_does_not_see(company: Company) -> None:
    put(company, """
fields:
  account:
    grade: {type: integer, label: {uk: Клас, en: Grade}}
    secret: {type: text, label: {uk: Таємне, en: Secret}, required_if: {field: grade, op: gt, value: 5}}
checks: {account: {low: {where: {any: [{field: grade, op: empty}, {field: grade, op: lt, value: 10}]}, field: grade, message: {uk: Не так, en: Not so}}}}
""")
    one, two, three = company.make("account", {"name": "А"}, {"name": "Б"}, {"name": "В", "secret": "є"})
    kind = company.catalog.entity("account")
    with company.engine.execution_options(writer=True).begin() as connection:
        for number, value in ((one, 7), (two, 12), (three, 12)):
            connection.execute(kind.table.update().where(kind.table.c.id == number).values({kind.fields["grade"].attribute: value}))
    writer = company.person(company.role("writer", {"entity": "account", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}}))
    seer = company.person(company.role(
        "seer", {"entity": "account", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit", "grade": "read", "secret": "edit"}},
    ))
    untold = "The record cannot be saved so: a rule of the company is against it."
    for person, told in ((writer, ({"": untold}, {"": untold}, {"": "Not so"})), (seer, (
        {"secret": "“Secret” is required."}, {"grade": "Not so", "secret": "“Secret” is required."}, {"grade": "Not so"},
    ))):
        for number, expected in zip((one, two, three), told, strict=True):
            with company.session(person) as session, pytest.raises(Invalid) as refused:
                records.change(session, "account", number, {"name": "Інша"})
            assert why(company, refused.value) == {0: expected}


def test_a_file_is_told_of_rules_before_anything_is_written_and_an_export_reads_back_to_no_change(company: Company, desk: Desk) -> None:
    put(company, CHECK + """
fields:
  account:
    act: {type: auto_number, mask: "A-{000}", class: internal, label: {uk: Акт, en: Act}}
    why: {type: text, class: internal, label: {uk: Чому, en: Why}, required_if: {field: revenue, op: gt, value: 100}}
""")
    told = desk.load("account", "name,revenue,why,act\nА,50,,Z-9\nБ,200,,\nВ,5000,бо,\n")
    assert told.failed == 2 and told.refused and {one.row for one in told.problems} == {3, 4}
    assert {render(one.message, "en") for one in told.problems} == {"“Why” is required.", "Too much"}
    assert desk.load("account", "name,revenue,why,act\nА,50,,Z-9\nБ,200,бо,\n").created == 2
    assert desk.rows("account", "name", "act") == [("А", "A-001"), ("Б", "A-002")]
    file = desk.export("account", "csv", "code", "name", "revenue", "why", "act")
    assert b"A-002" in file
    again = desk.load("account", file)
    assert (again.created, again.updated, again.unchanged, again.failed) == (0, 0, 2, 0)


def test_a_rule_whose_field_went_with_an_upgrade_refuses_saves_and_is_named_by_the_doctor(company: Company) -> None:
    put(company, CHECK)
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(CHECKS).values(said={"where": {"field": "gone", "op": "empty"}, "message": {"uk": "А", "en": "B"}}))
    company.catalog = load_catalog(company.engine)
    assert [(found.check, found.entity) for found in check_entities(company.catalog)] == [("entity.E012", "account")]
    with pytest.raises(BadRequest):
        company.make("account", {"name": "А"})
    put(company, "removed: [account.checks.doctors]")
    company.make("account", {"name": "А"})
