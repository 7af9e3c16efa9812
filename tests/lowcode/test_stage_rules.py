"""What stages ask for: requirements to enter and to leave, moves, service time — in the file, at the one door, on the way back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.checklists import tick
from crm.backoffice.journal import JournalRow
from crm.backoffice.lowcode import condition_uses, export, where_used
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.backoffice.lowcode.pipelines import StageSpec, pipeline_of, stages_of
from crm.backoffice.lowcode.stage_trial import lost
from crm.backoffice.undo import undo
from crm.errors import BadRequest, Forbidden, Invalid, NotFound
from crm.messages import Label, render
from tests.company import Company
from tests.exchange.conftest import Desk
from tests.lowcode.test_made import put, refused, take_back

ASKING = """
pipelines:
  fair:
    label: {uk: Ярмарок, en: Fair}
    entity: deal
    stages:
      - {key: met, label: {uk: Знайомство, en: Met}, type: open, probability: 0.1, days: 5, moves: [offer, lost]}
      - key: offer
        label: {uk: Пропозиція, en: Offer}
        type: open
        probability: 0.5
        enter:
          - {where: {field: amount, op: not_empty}, message: {uk: Вкажіть суму, en: Give the amount}}
          - where: {count: interactions, where: {field: state, op: eq, value: held}, op: ge, value: 1}
            message: {uk: Проведіть зустріч, en: Hold a meeting}
        exit:
          - {where: {field: expected_on, op: not_empty}, message: {uk: Вкажіть дату закриття, en: Give the closing day}}
      - {key: won, label: {uk: Виграно, en: Won}, type: won, probability: 1}
      - {key: lost, label: {uk: Програно, en: Lost}, type: lost, probability: 0}
"""
PLAIN = """
pipelines:
  fair:
    label: {uk: Ярмарок, en: Fair}
    entity: deal
    stages:
      - {key: met, label: {uk: Знайомство, en: Met}, type: open, probability: 0.1}
      - {key: offer, label: {uk: Пропозиція, en: Offer}, type: open, probability: 0.5}
      - {key: won, label: {uk: Виграно, en: Won}, type: won, probability: 1}
      - {key: lost, label: {uk: Програно, en: Lost}, type: lost, probability: 0}
"""
LABEL = Label("Е", "S")
BOTH = "Give the amount · Hold a meeting"


@pytest.fixture
def fair(company: Company) -> Company:
    company.configure(ASKING)
    return company


def deal(company: Company, stage: str = "met", source: str = "test", **values: Any) -> int:
    firm = company.make("account", {"name": "Ф"})[0]
    return company.make("deal", {"account": firm, "pipeline": pipeline(company), "stage": company.stage(stage, "fair"), **values}, source=source)[0]


def pipeline(company: Company) -> int:
    known = pipeline_of(company.catalog, "fair")
    assert known is not None
    return known.id


def move(company: Company, number: int, stage: str, source: str = "test", **values: Any) -> None:
    with company.system(source=source) as session:
        records.change(session, "deal", number, {"stage": company.stage(stage, "fair"), **values})
        session.commit()


def why_not(company: Company, number: int, stage: str, **values: Any) -> Mapping[str, str]:
    """Why a deal does not get to a stage, by field."""
    with pytest.raises(Invalid) as why:
        move(company, number, stage, **values)
    return {key: render(message, "en") for key, message in why.value.fields.items()}


def stage_now(company: Company, number: int) -> int:
    table = company.catalog.entity("deal").table
    with company.system(write=False) as session:
        found: int = session.execute(table.select().where(table.c.id == number)).mappings().one()["stage_id"]
    return found


def talk(company: Company, number: int) -> None:
    company.make("interaction", {
        "deal": number, "account": company.make("account", {"name": "Ф"})[0], "subject": "Р", "direction": company.option("direction", "outbound"),
        "state": company.option("interaction_state", "held"), "held_at": datetime.now(UTC), "actual_minutes": 30,
        "medium": company.option("interaction_medium", "meeting"),
    })


def test_a_refused_move_says_all_that_is_missing_at_once(fair: Company) -> None:
    number = deal(fair)
    assert why_not(fair, number, "offer") == {"stage": BOTH}
    assert why_not(fair, number, "offer", amount="100") == {"stage": "Hold a meeting"}
    talk(fair, number)
    move(fair, number, "offer", amount="100")  # what is given with the move counts
    assert why_not(fair, number, "lost", loss_reason=fair.option("loss_reason", "price")) == {"stage": "Give the closing day"}
    move(fair, number, "won", expected_on="2026-12-01")
    assert stage_now(fair, number) == fair.stage("won", "fair")


def test_a_stage_leads_only_where_it_says_and_never_into_another_pipeline(fair: Company) -> None:
    number, other = deal(fair, expected_on="2026-12-01"), fair.stage("lead", "sales")
    assert why_not(fair, number, "won") == {"stage": "From the stage “Met” one cannot go to “Won”."}
    with fair.system() as session, pytest.raises(Invalid) as why:
        records.change(session, "deal", number, {"stage": other, "pipeline": fair.catalog.configured["stage"][other].parent_id})
    assert render(why.value.fields["stage"], "en") == "From the stage “Met” one cannot go to “Lead”."
    move(fair, number, "lost", loss_reason=fair.option("loss_reason", "price"))
    move(fair, number, "met")  # a stage that says nothing leads anywhere; going round is no fault


def test_a_forbidden_move_and_a_missing_field_are_both_told(fair: Company) -> None:
    put(fair, ASKING.replace("moves: [offer, lost]", "moves: [lost]"))
    assert why_not(fair, deal(fair), "offer") == {"stage": f"From the stage “Met” one cannot go to “Offer”. · {BOTH}"}


def test_a_new_deal_enters_its_stage_too_and_leaves_none(fair: Company) -> None:
    with pytest.raises(Invalid) as why:
        deal(fair, "offer")
    assert render(why.value.fields["stage"], "en") == BOTH
    deal(fair, "won")


def test_a_deal_that_stays_where_it_is_is_asked_nothing(fair: Company) -> None:
    number = deal(fair, "offer", source="import")
    with fair.system() as session:
        records.change(session, "deal", number, {"next_step": "Подзвонити"})
        session.commit()


def test_what_brings_its_own_history_and_what_takes_back_are_not_asked(fair: Company) -> None:
    number = deal(fair, "won", source="import")
    move(fair, number, "offer", source="import")
    assert stage_now(fair, number) == fair.stage("offer", "fair")
    other = deal(fair)
    talk(fair, other)
    move(fair, other, "offer", amount="5")
    with fair.system() as session:
        records.change(session, "deal", other, {"amount": None, "stage": fair.stage("won", "fair"), "expected_on": "2026-12-01"})
        session.commit()
        batch = session.batch
    with fair.system() as session:
        assert not undo(session, batch).kept  # back into a stage that asks for an amount
        session.commit()


def test_who_does_not_see_a_field_is_told_the_sentence_and_who_does_not_know_the_stage_too(fair: Company) -> None:
    fair.role("blind", {"entity": "deal", "effect": "allow", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit", "amount": "hidden"}})
    person, number = fair.person("blind"), deal(fair)
    with fair.session(person) as session, pytest.raises(Invalid) as why:
        records.change(session, "deal", number, {"stage": fair.stage("offer", "fair")})
    assert {key: render(message, "en") for key, message in why.value.fields.items()} == {"stage": BOTH}


def test_several_deals_are_refused_each_for_its_own_reason(fair: Company) -> None:
    poor, rich = deal(fair), deal(fair, amount="10")
    with fair.system() as session, pytest.raises(records.InvalidRows) as why:
        records.change_many(session, "deal", {number: {"stage": fair.stage("offer", "fair")} for number in (poor, rich)})
    assert {place: render(found["stage"], "en") for place, found in why.value.rows.items()} == {0: BOTH, 1: "Hold a meeting"}
    with fair.system(write=False) as session:
        told = records.check_changes(session, "deal", {poor: {"stage": fair.stage("offer", "fair")}})
    assert render(told[0]["stage"], "en") == BOTH


def test_the_export_is_read_back_to_the_same_bytes_and_an_undo_brings_back_what_was_asked(fair: Company) -> None:
    with fair.system(write=False) as session:
        printed = yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False)
        assert plan(session, read(printed, fair.catalog)) == []
    before = yaml.safe_load(printed)["pipelines"]["fair"]
    assert before["stages"][0]["days"] == 5 and before["stages"][0]["moves"] == ["offer", "lost"] and len(before["stages"][1]["enter"]) == 2
    put(fair, PLAIN)
    move(fair, deal(fair), "offer")
    take_back(fair)
    fair.catalog = load_catalog(fair.engine)
    with fair.system(write=False) as session:
        assert export.whole(session)["pipelines"]["fair"] == before
    assert why_not(fair, deal(fair), "offer") == {"stage": BOTH}


@pytest.mark.parametrize(("said", "sentence"), [
    ("probability: 1.7", "a probability is a fraction from 0 to 1"),
    ("days: 0", "“days” is a number of working days, from 1 to 2500"),
    ("days: true", "“days” is a number of working days"),
    ("days: soon", "“days” is a number of working days"),
    ("moves: [nowhere]", "there is no stage “nowhere”"),
    ("moves: [met]", "a stage does not lead to itself"),
    ("moves: lost", "“moves” is a list of keys"),
    ("moves: [lost, lost]", "lost"),
    ("enter: {field: amount, op: not_empty}", "“enter” is a list of at most 20"),
    ("enter: [{where: {field: amount, op: not_empty}}]", "“message” has “uk” and “en”"),
    ("enter: [{message: {uk: А, en: A}}]", "“where” is missing"),
    ("exit: [{where: {field: colour_of_eyes, op: not_empty}, message: {uk: А, en: A}}]", "the rule “exit.1” makes no sense"),
    ("exit: [{where: {field: amount, op: hugs, value: 1}, message: {uk: А, en: A}}]", "the rule “exit” makes no sense"),
    ("exit: [{where: {field: amount, op: not_empty}, message: {uk: А, en: A}, field: amount}]", "“field” is not known here"),
])
def test_what_makes_no_sense_is_refused_with_its_place(company: Company, said: str, sentence: str) -> None:
    text = "pipelines: {fair: {label: {uk: Я, en: F}, stages: [{key: met, label: {uk: З, en: M}, %s}, {key: lost, label: {uk: П, en: L}, type: lost}]}}"
    assert sentence in refused(company, text % said)


def test_a_field_that_a_requirement_names_is_renamed_there_and_does_not_go_without_it(fair: Company) -> None:
    put(fair, "fields: {deal: {brief: {type: text, class: open, label: {uk: Бриф, en: Brief}}}}")
    put(fair, ASKING.replace("{field: expected_on, op: not_empty}", "{field: brief, op: not_empty}"))
    put(fair, "fields: {deal: {outline: {type: text, renamed_from: brief, label: {uk: Бриф, en: Brief}}}}")
    with fair.system(write=False) as session:
        assert export.whole(session)["pipelines"]["fair"]["stages"][1]["exit"][0]["where"]["field"] == "outline"
        assert [(use.kind, use.name) for use in where_used.of_field(session, "deal", "outline")] == [("stage", "fair.offer")]
    assert "stage “fair.offer”" in refused(fair, "removed: [deal.outline]")
    put(fair, ASKING + "removed: [deal.outline]\n")  # the same file asks for something else


def test_a_saved_condition_that_a_requirement_names_is_known_as_used_and_stays(fair: Company) -> None:
    put(fair, "conditions: {large: {entity: deal, label: {uk: Велика, en: Large}, where: {field: amount, op: gt, value: 1000}}}")
    put(fair, ASKING.replace("{field: expected_on, op: not_empty}", "{saved: large}"))
    assert "stage “fair.offer”: the rule “exit.1” makes no sense" in refused(fair, "conditions: {large: null}")
    with fair.system(write=False) as session:
        assert [(use.kind, use.name) for use in condition_uses.of_condition(session, "large")] == [("stage", "fair.offer")]
    number = deal(fair, "offer", source="import", amount="10")
    assert why_not(fair, number, "won") == {"stage": "Give the closing day"}
    put(fair, "conditions: {large: {entity: deal, label: {uk: Велика, en: Large}, where: {field: amount, op: gt, value: 1}}}")
    move(fair, number, "won")


def test_a_merged_stage_is_replaced_in_moves_and_conditions_and_comes_back_with_an_undo(fair: Company) -> None:
    more = "      - {key: talk, label: {uk: Розмова, en: Talk}, type: open}\n"
    asking = ASKING.replace("      - {key: won,", more + "      - {key: won,").replace("moves: [offer, lost]", "moves: [talk, lost]")
    put(fair, asking.replace("{field: expected_on, op: not_empty}", "{field: stage, op: ne, value: fair.talk}"))
    with fair.system(write=False) as session:
        before = export.whole(session)["pipelines"]["fair"]
        assert {use.name for use in where_used.of_configured(session, "stage", fair.stage("talk", "fair"))} >= {"fair.met", "fair.offer"}
    put(fair, "merged_stages: {fair: {talk: offer}}")
    rows = stages_of(fair.catalog, pipeline_of(fair.catalog, "fair"))
    assert rows["met"].said["moves"] == ["offer", "lost"] and rows["offer"].said["exit"][0]["where"]["value"] in ("offer", "fair.offer")
    take_back(fair)
    fair.catalog = load_catalog(fair.engine)
    with fair.system(write=False) as session:
        assert export.whole(session)["pipelines"]["fair"] == before


def test_a_removed_stage_is_no_place_to_go_to_until_it_comes_back(fair: Company) -> None:
    put(fair, ASKING.replace("moves: [offer, lost]", "moves: [offer, won, lost]"))
    gone = fair.stage("won", "fair")
    with fair.system() as session:
        records.remove(session, "stage", gone)
        session.commit()
    fair.catalog = load_catalog(fair.engine)
    assert stages_of(fair.catalog, pipeline_of(fair.catalog, "fair"))["met"].said["moves"] == ["offer", "lost"]
    with fair.system(write=False) as session:
        assert plan(session, read(yaml.safe_dump(export.whole(session)), fair.catalog)) == []


def test_a_stage_that_a_requirement_names_is_not_deleted(fair: Company) -> None:
    put(fair, ASKING.replace("{field: expected_on, op: not_empty}", "{field: stage_history.stage, op: ne, value: fair.won}"))
    with fair.system() as session, pytest.raises(Forbidden) as why:
        records.remove(session, "stage", fair.stage("won", "fair"))
    assert render(why.value.message, "en") == "What the stage “Offer” asks for names this one; change that first."
    with fair.system() as session:
        records.remove(session, "stage", fair.stage("offer", "fair"))  # what it asks for itself goes with it


def test_a_stage_changed_as_a_record_keeps_what_it_asks_for_through_an_undo(fair: Company) -> None:
    with fair.system() as session:
        records.change(session, "stage", fair.stage("offer", "fair"), {"name": "Оферта"})
        session.commit()
    fair.catalog = load_catalog(fair.engine)
    take_back(fair)
    fair.catalog = load_catalog(fair.engine)
    assert why_not(fair, deal(fair), "offer") == {"stage": BOTH}
    with fair.system() as session, pytest.raises(Invalid):
        records.change(session, "stage", fair.stage("offer", "fair"), {"days": 0})


def test_a_file_cannot_lie_about_the_kind_of_its_parts(company: Company) -> None:
    with pytest.raises(BadRequest):
        read(b"pipelines: {fair: {label: F, stages: [{key: met, label: M, exit: [1]}]}}", company.catalog)


def test_an_import_brings_deals_into_any_stage(fair: Company, tmp_path: Path) -> None:
    rows = "code,name,pipeline,stage\nD-7,У,fair,offer\n"
    report = Desk(fair, tmp_path).load("deal", rows)
    assert (report.created, report.failed) == (1, 0)
    assert why_not(fair, deal(fair), "offer") == {"stage": BOTH}, "what is not imported is asked as before"


def test_records_of_another_kind_that_a_pipeline_leads_are_asked_too(company: Company) -> None:
    put(company, """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    fields:
      way: {type: reference, to: pipeline, label: {uk: Воронка, en: Pipeline}}
      step: {type: reference, to: stage, label: {uk: Крок, en: Step}}
      budget: {type: money, label: {uk: Бюджет, en: Budget}}
""")
    put(company, """
pipelines:
  bids:
    label: {uk: Заявки, en: Bids}
    entity: tender
    stages:
      - {key: draft, label: {uk: Чернетка, en: Draft}, type: open}
      - {key: sent, label: {uk: Подано, en: Sent}, type: open, enter: [{where: {field: budget, op: not_empty}, message: {uk: Бюджет, en: Budget first}}]}
""")
    number = company.make("tender", {"name": "Т", "step": company.stage("draft", "bids")})[0]
    with company.system() as session, pytest.raises(Invalid) as why:
        records.change(session, "tender", number, {"step": company.stage("sent", "bids")})
    assert {key: render(message, "en") for key, message in why.value.fields.items()} == {"step": "Budget first"}
    with company.system() as session:
        records.change(session, "tender", number, {"step": company.stage("sent", "bids"), "budget": "5"})
        session.commit()


# --- checklists ----------------------------------------------------------------------------------------------------------

LISTED = PLAIN.replace("key: met,", "key: met, checklist: [{key: call, label: {uk: Подзвонити, en: Call}, required: true}, "
                       "{key: gift, label: {uk: Подарунок, en: Gift}}],")


def tick_off(company: Company, number: int, item: str, *, done: bool = True, person: int | None = None) -> None:
    with company.system() if person is None else company.session(person) as session:
        tick(session, company.catalog.entity("deal"), number, item, done=done)
        session.commit()


def test_a_deal_leaves_a_stage_when_what_is_needed_is_ticked(company: Company) -> None:
    put(company, LISTED)
    number, other = deal(company), deal(company)
    assert why_not(company, number, "offer") == {"stage": "On the checklist “Call” is not ticked."}
    tick_off(company, number, "call")
    with company.system() as session, pytest.raises(records.InvalidRows) as why:
        records.change_many(session, "deal", {one: {"stage": company.stage("offer", "fair")} for one in (number, other)})
    assert list(why.value.rows) == [1], "each deal has its own ticks"
    move(company, number, "offer")
    move(company, number, "met")  # what was ticked there before stays so
    tick_off(company, number, "call", done=False)
    assert why_not(company, number, "offer") == {"stage": "On the checklist “Call” is not ticked."}
    move(company, number, "offer", source="import")


def test_ticks_are_journaled_and_only_of_the_stage_where_the_deal_stands(company: Company) -> None:
    put(company, LISTED)
    number = deal(company)
    for _ in range(2):
        tick_off(company, number, "gift")
    tick_off(company, number, "gift", done=False)
    journal = JournalRow.__table__.c
    with company.system(write=False) as session:
        rows = session.execute(select(journal.changes).where(journal.action == "checklist", journal.record_id == number).order_by(journal.id)).scalars().all()
    stage = ["fair.met", "fair.met"]
    assert rows == [{"stage": stage, "item": [None, "gift"]}, {"stage": stage, "item": ["gift", None]}], "what is so already is no change"
    with pytest.raises(NotFound):
        tick_off(company, number, "no_such")
    tick_off(company, number, "call")
    move(company, number, "offer")
    with pytest.raises(NotFound):
        tick_off(company, number, "gift")


def test_whoever_may_change_the_deal_ticks_and_nobody_else(company: Company) -> None:
    put(company, LISTED)
    number = deal(company)
    read = {"entity": "deal", "effect": "allow", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    company.role("looker", read)
    company.role("worker", {**read, "actions": ["read", "update"], "fields": {"*": "edit"}})
    company.role("blind", {**read, "actions": ["read", "update"], "fields": {"*": "edit", "stage": "hidden"}})
    company.role("nobody", {**read, "scope": "own"})
    with pytest.raises(Forbidden):
        tick_off(company, number, "gift", person=company.person("looker"))
    for role in ("blind", "nobody"):
        with pytest.raises(NotFound):
            tick_off(company, number, "gift", person=company.person(role))
    tick_off(company, number, "gift", person=company.person("worker"))


def test_a_checklist_is_exported_and_what_makes_no_sense_in_it_refused(company: Company) -> None:
    put(company, LISTED)
    with company.system(write=False) as session:
        said = export.whole(session)["pipelines"]["fair"]["stages"][0]["checklist"]
    assert said == [{"key": "call", "label": {"uk": "Подзвонити", "en": "Call"}, "required": True}, {"key": "gift", "label": {"uk": "Подарунок", "en": "Gift"}}]
    text = "pipelines: {fair: {label: F, stages: [{key: met, label: M, checklist: %s}]}}"
    for wrong, sentence in (("call", "“checklist” is a list of at most 30"), ("[{key: a}]", "“label” has “uk” and “en”"),
                            ("[{key: a, label: {uk: А, en: A}, required: maybe}]", "“required” is true or false"),
                            ("[{key: a, label: {uk: А, en: A}}, {key: a, label: {uk: Б, en: B}}]", "“a”")):
        assert sentence in refused(company, text % wrong)


# --- tried on what has happened ------------------------------------------------------------------------------------------


def planned(company: Company, text: str) -> dict[tuple[str, str], int]:
    """What a file would change: effect and place → records."""
    with company.system(write=False) as session:
        return {(f"{one.kind} {one.effect}", one.field or ""): one.records for one in plan(session, read(text, company.catalog))}


def test_a_changed_pipeline_is_tried_on_the_moves_of_deals_that_stand(fair: Company) -> None:
    put(fair, PLAIN)
    gone = [deal(fair, amount="10"), deal(fair), deal(fair)]
    for number in gone:
        move(fair, number, "offer")
    move(fair, gone[1], "won", expected_on="2026-12-01")
    move(fair, gone[2], "won")
    with fair.system() as session:
        records.remove(session, "deal", deal(fair, "offer"))  # what stands no more is not counted
        session.commit()
    found = planned(fair, ASKING)
    assert found["requirement create", "fair.offer.enter.1"] == 2, "two of the three have no amount today"
    assert found["requirement create", "fair.offer.enter.2"] == 3, "nobody has met any of them"
    assert found["requirement create", "fair.offer.exit.1"] == 1, "of the two that have left it one has no closing day"
    assert found["moves change", "fair.met"] == 0
    assert planned(fair, PLAIN.replace("key: met,", "key: met, moves: [won],"))["moves change", "fair.met"] == 3
    assert planned(fair, PLAIN) == {}


def test_the_trial_counts_the_moves_of_those_deals_too(fair: Company) -> None:
    """One deal without an amount comes to the offer twice and leaves it once, another with one comes once; one in the recycle bin is not counted."""
    put(fair, PLAIN)
    poor, rich, gone = deal(fair), deal(fair, amount="10"), deal(fair)
    for number, stages in ((poor, ("offer", "met", "offer")), (rich, ("offer",)), (gone, ("offer",))):
        for stage in stages:
            move(fair, number, stage)
    with fair.system() as session:
        records.remove(session, "deal", gone)
        session.commit()

    def told(text: str, place: str) -> tuple[int, int]:
        with fair.system(write=False) as session:
            found = {one.field: (one.records, one.moves) for one in plan(session, read(text, fair.catalog)) if one.effect in ("create", "change")}
        return found[place]

    assert told(ASKING, "fair.offer.enter.1") == (1, 2), "one deal without an amount, which came twice"
    assert told(ASKING, "fair.offer.enter.2") == (2, 3)
    assert told(ASKING, "fair.offer.exit.1") == (0, 1), "it left once and stands there again"
    assert told(PLAIN.replace("key: met,", "key: met, moves: [won],"), "fair.met") == (2, 3)
    with fair.system(write=False) as session:
        found = [one.as_dict() for one in plan(session, read(ASKING, fair.catalog))]
    assert {"kind": "requirement", "entity": "deal", "field": "fair.offer.enter.1", "effect": "create", "records": 1, "moves": 2} in found


def test_a_requirement_that_is_changed_or_lifted_is_told_by_its_place(fair: Company) -> None:
    found = planned(fair, ASKING.replace("Give the amount", "An amount please"))
    assert dict.fromkeys(found, 0) == found == {("stage change", "fair.offer"): 0, ("requirement change", "fair.offer.enter.1"): 0}
    found = planned(fair, PLAIN)
    assert {("requirement remove", f"fair.offer.{name}") for name in ("enter.1", "enter.2", "exit.1")} | {("moves change", "fair.met")} <= set(found)


def test_a_stage_that_nobody_reaches_and_one_that_leads_nowhere_are_named_and_not_refused(fair: Company) -> None:
    found = planned(fair, ASKING.replace("moves: [offer, lost]", "moves: [lost]"))
    assert ("moves unreachable", "fair.offer") in found and ("moves unreachable", "fair.won") in found and ("moves dead_end", "fair.met") not in found
    circle = ASKING.replace("moves: [offer, lost]", "moves: [offer]").replace("probability: 0.5\n", "probability: 0.5\n        moves: [met]\n")
    found = planned(fair, circle)
    assert {("moves dead_end", "fair.met"), ("moves dead_end", "fair.offer"), ("moves unreachable", "fair.won")} <= set(found)
    put(fair, circle)


def test_a_pipeline_that_says_nothing_of_moves_is_warned_of_nothing() -> None:
    stages = [StageSpec("a", LABEL), StageSpec("b", LABEL, moves=("a",)), StageSpec("c", LABEL, "won")]
    assert list(lost(stages[:2])) == [], "without an end nothing is said of ends; a circle is no fault"
    assert list(lost([StageSpec("a", LABEL), StageSpec("c", LABEL, "won")])) == []
    assert list(lost([StageSpec("a", LABEL, moves=("b",)), *stages[1:]])) == [("c", "unreachable"), ("a", "dead_end"), ("b", "dead_end")]
    assert list(lost([StageSpec("a", LABEL, moves=("c",)), replace(stages[1], retired=True), stages[2]])) == []
