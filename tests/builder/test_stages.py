"""The stages of a pipeline on one screen: arranged, added, retired, merged and undone; who may, and what is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import lists
from crm.backoffice.configuration import AccessRule
from crm.backoffice.lowcode import where_used
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.pipelines import pipeline_of, stage_stands, stages_of
from crm.backoffice.lowcode.plan import plan as planned
from crm.errors import BadRequest, Invalid
from tests.builder.steps import hidden, plan, publish, text_of
from tests.builder.test_rights import give
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
PAGE = "/configuration/stages-of/?key=sales"
MERGE = "/configuration/stages-of/merge?key=sales&stage=qualified"
CONFIGURES = {"entity": "deal", "actions": ["configure"], "scope": "all"}
READS = {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


def typed(house: House, order: list[str] | None = None, **changes: dict[str, Any]) -> dict[str, Any]:
    """The form of the pipeline “sales” in an order, with these changes by stage; an unknown key is a new stage."""
    known = pipeline_of(house.catalog, "sales")
    stages = {key: stage_stands(row) for key, row in stages_of(house.catalog, known).items()}
    found: dict[str, Any] = {"label_uk": "Продажі", "label_en": "Sales", "opt": []}
    for n, key in enumerate(order or [*stages, *(key for key in changes if key not in stages)]):
        one = stages.get(key)
        found["opt"].append(str(n))
        if one is not None:
            percent = f"{one.probability * 100:f}" if one.probability is not None else ""
            row = {"key": key, "uk": one.label.uk, "en": one.label.en, "kind": one.kind, "probability": percent, "colour": one.colour,
                   **({"retired": "1"} if one.retired else {})}
        else:
            row = {"key": "", "uk": key, "en": key, "kind": "open", "probability": "", "colour": ""}
        found |= {f"opt-{name}-{n}": value for name, value in (row | changes.get(key, {})).items()}
    return found


def keys(house: House) -> list[str]:
    return list(stages_of(house.catalog, pipeline_of(house.catalog, "sales")))


def test_stages_are_arranged_in_one_plan_and_one_version_and_undone(house: House, browser: SignIn) -> None:
    olena, before = browser("Olena"), keys(house)
    firm = house.make("account", name="Ф")
    house.make_many("deal", [{"name": f"У{n}", "account": firm, "stage": house.stage("qualified")} for n in range(3)])
    page = olena.get(PAGE).get_data(as_text=True)
    assert "3 records" in page and "Merge: Qualified" in page and "/deal/?where=" in page
    assert "Sales" in text_of(olena.get("/configuration/all-pipelines/"))
    assert "Arrange the stages" in olena.get(f"/stage/{house.stage('lead')}/").get_data(as_text=True)
    stepped = olena.post(PAGE, typed(house) | {"step": "opt-down-0"}).get_data(as_text=True)
    assert stepped.index('value="qualified"') < stepped.index('value="lead"'), "the buttons work without a script"
    order = ["qualified", "lead", *before[2:], "Audit"]
    form = typed(house, order, lead={"colour": "red", "probability": "7.5"}, contract={"retired": "1"},
                 Audit={"uk": "Перевірка", "en": "Audit", "probability": "70"})
    shown = plan(olena, PAGE, form)
    told = text_of(shown)
    assert "New stage “Audit”" in told and "open · 70%" in told and "Colour: no colour → red" in told and "Probability: 5% → 7.5%" in told
    assert "Retired: no → yes" in told and "Place: 2 → 1" in told
    version = house.catalog.version
    assert olena.post(PAGE, hidden(shown) | {"step": "publish"}).status_code == 303
    assert house.catalog.version == version + 1 and keys(house) == ["qualified", "lead", *before[2:], "audit"]
    rows = stages_of(house.catalog, pipeline_of(house.catalog, "sales"))
    assert rows["lead"].values["colour"] == "red" and rows["contract"].retired
    assert "b-st is-red" in olena.get("/board/deal").get_data(as_text=True)
    assert "/configuration/stages-of/" in olena.get("/configuration/where-used/?entity=deal").get_data(as_text=True)
    assert publish(olena, f"/configuration/all-versions/{version + 1}/undo").status_code == 303
    again = stages_of(house.catalog, pipeline_of(house.catalog, "sales"))
    assert [key for key in keys(house) if key != "audit"] == before and again["audit"].retired
    assert not again["contract"].retired and not again["lead"].values["colour"]


def test_a_new_pipeline_begins_with_an_open_a_won_and_a_lost_stage(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    page = "/configuration/new-pipeline/"
    rows = {"opt": ["0", "1"], "opt-uk-0": "Заявка", "opt-kind-0": "open", "opt-uk-1": "Угода", "opt-en-1": "Deal", "opt-kind-1": "won"}
    assert 'value="Won"' in olena.get(page).get_data(as_text=True)
    assert plan(olena, page, {"label_uk": "Сервіс", "label_en": "Sales", "key": "sales", "entity": "deal", **rows}).status_code == 422
    assert plan(olena, page, {"label_uk": "Сервіс", "label_en": "Service", "entity": "account", **rows}).status_code == 422
    assert publish(olena, page, {"label_uk": "Сервіс", "label_en": "Service", "entity": "deal", **rows}).status_code == 303
    made = stages_of(house.catalog, pipeline_of(house.catalog, "service"))
    assert [(row.label.en, row.values["kind"]) for row in made.values()] == [("Заявка", "open"), ("Deal", "won")]


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"lead": {"probability": "101"}}, "between 0 and 100 %"), ({"lead": {"probability": "-1"}}, "between 0 and 100 %"),
    ({"lead": {"probability": "half"}}, ""), ({"lead": {"uk": "", "en": " "}}, "A stage needs a name."),
    ({key: {"retired": "1"} for key in ("lead", "qualified", "proposal", "negotiation", "contract")}, "At least one open stage"),
    ({key: {"kind": "lost"} for key in ("lead", "qualified", "proposal", "negotiation", "contract")}, "At least one open stage"),
    ({"lead": {"key": "qualified"}}, "“qualified” stands twice"), ({"lead": {"key": "<b>"}}, "not a usable key"),
])
def test_what_makes_no_sense_is_said_and_nothing_is_written(house: House, browser: SignIn, changes: dict[str, Any], sentence: str) -> None:
    version = house.catalog.version
    refused = plan(browser("Olena"), PAGE, typed(house, **changes))
    assert refused.status_code == 422 and sentence in text_of(refused) and house.catalog.version == version


def test_records_and_files_keep_an_open_stage_too(house: House) -> None:
    """The grid of stages goes on working, and says the same."""
    known = stages_of(house.catalog, pipeline_of(house.catalog, "sales"))
    open_ones = [row.id for row in known.values() if row.values["kind"] == "open"]
    for number in open_ones[1:]:
        house.change("stage", number, retired=True)
    with pytest.raises(Invalid, match="no open stage left"):
        house.change("stage", open_ones[0], kind="lost")
    with house.system(write=False) as session, pytest.raises(BadRequest):
        planned(session, from_raw({"pipelines": {"sales": {"label": "Sales", "stages": [{"key": "lead", "label": "Lead", "retired": True}]}}}, session.catalog))


def standing(house: House, deal: int) -> tuple[str, list[tuple[str | None, str]], Any]:
    """Stage, history and probability of a deal."""
    names = {row.id: row.key for row in house.catalog.configured["stage"].values()}
    stored = house.stored("deal", deal)
    history = house.catalog.entity("stage_history").table
    with house.system(write=False) as session:
        rows = session.execute(select(history.c.from_stage_id, history.c.stage_id).where(history.c.deal_id == deal).order_by(history.c.id)).all()
    return names[int(getattr(stored["stage"], "id", stored["stage"]))], [(names.get(was), names[now]) for was, now in rows], stored["probability"]


def test_a_merge_moves_records_with_their_history_and_what_asks_follows(house: House, browser: SignIn) -> None:
    olena, firm = browser("Olena"), house.make("account", name="Ф")
    old, new = house.stage("qualified"), house.stage("lead")
    wheres = [{"field": "stage", "op": "in", "value": ["qualified", "won"]}, {"field": "stage", "op": "eq", "value": old}]
    asks = {"any": [{"count": "deals", "where": where, "op": "gt", "value": 0} for where in wheres]}
    house.configure({"views": {"mine": {"entity": "deal", "label": "M", "where": {"field": "stage", "op": "eq", "value": "sales.qualified"}}}})
    segment = house.make("segment", name="С", of="account", kind="dynamic", condition=json.dumps(asks))
    house.configure({"fields": {"deal": {"why": {"type": "text", "class": "internal", "label": {"uk": "Ч", "en": "W"},
                                                 "required_if": {"field": "stage", "op": "eq", "value": "contract"}}}}})
    deal, other = house.make("deal", name="А", account=firm, stage=old), house.make("deal", name="Б", account=firm, stage=new)
    house.change("deal", other, stage=old)
    before = {one: standing(house, one) for one in (deal, other)}
    for wrong in ("", "qualified", "won", "none"):
        assert plan(olena, MERGE, {"into": wrong}).status_code == 422
    shown = plan(olena, MERGE, {"into": "lead"})
    assert "“Qualified” is merged into another" in text_of(shown) and "→ Lead" in text_of(shown) and "2 records move" in text_of(shown)
    assert olena.post(MERGE, hidden(shown) | {"step": "publish"}).status_code == 303
    version = house.catalog.version
    assert standing(house, deal) == ("lead", [(None, "lead")], before[deal][2]), "the probability stays, nothing is entered anew"
    assert standing(house, other)[:2] == ("lead", [(None, "lead"), ("lead", "lead")])
    assert house.catalog.views["mine"].shows["where"]["value"] == "lead"
    kept = json.loads(str(house.stored("segment", segment)["condition"]))["any"]
    assert kept[0]["where"]["value"] == ["lead", "won"] and kept[1]["where"]["value"] == new
    assert "Nothing would change." in text_of(olena.post(MERGE, {"into": "lead", "step": "check"}))
    house.change("deal", other, stage=house.stage("proposal"))
    assert publish(olena, f"/configuration/all-versions/{version}/undo").status_code == 303
    assert standing(house, deal) == before[deal] and standing(house, other)[0] == "proposal", "what has moved since stays"
    assert house.catalog.views["mine"].shows["where"]["value"] == "sales.qualified"
    assert publish(olena, f"/configuration/all-versions/{house.catalog.version}/undo").status_code == 303, "and back again"
    assert standing(house, deal)[0] == "lead"


def test_a_key_that_several_pipelines_have_goes_on_meaning_the_others(house: House) -> None:
    house.configure({"pipelines": {"second": {"label": "Second", "stages": [{"key": "qualified", "label": "Q"}]}}})
    house.configure({"views": {"both": {"entity": "deal", "label": "B", "where": {"field": "stage", "op": "ne", "value": "qualified"}}}})
    house.configure({"merged_stages": {"sales": {"qualified": "lead"}}})
    assert house.catalog.views["both"].shows["where"] == {"field": "stage", "op": "not_in", "value": ["qualified", "lead"]}


def test_only_who_configures_the_records_arranges_their_stages_and_no_rule_of_rights_moves(house: House, browser: SignIn) -> None:
    bohdan, version = browser("Bohdan"), house.catalog.version
    assert browser("Sofiia").get(PAGE).status_code == 403
    give(house, {**CONFIGURES, "entity": "account"}, READS)
    assert bohdan.get(PAGE).status_code == 404 and plan(bohdan, PAGE, typed(house)).status_code == 404
    assert bohdan.get("/configuration/new-pipeline/").status_code == 404 and "Sales" not in text_of(bohdan.get("/configuration/all-pipelines/"))
    give(house, CONFIGURES, READS)
    assert publish(bohdan, PAGE, typed(house, lead={"colour": "blue"})).status_code == 303
    of_won = {"entity": "account", "actions": ["read"], "where": {"sum": "deals.amount", "where": {"field": "stage.kind", "op": "eq", "value": "won"},
                                                                "op": "gt", "value": 5}, "fields": {"*": "read"}}
    of_lead = {"entity": "deal", "actions": ["update"], "where": {"field": "stage", "op": "eq", "value": "lead"}, "fields": {"*": "edit"}}
    give(house, CONFIGURES, READS, of_won, of_lead)
    kind = plan(bohdan, PAGE, typed(house, qualified={"kind": "won"}))
    assert kind.status_code == 403 and "for the owner" in text_of(kind)
    assert plan(bohdan, PAGE, typed(house, qualified={"colour": "teal"})).status_code == 200
    assert plan(bohdan, MERGE, {"into": "lead"}).status_code == 403
    unseen = plan(bohdan, MERGE, {"into": "proposal"})
    assert unseen.status_code == 200 and "records move" in text_of(unseen)
    give(house, CONFIGURES, {**READS, "scope": "own"})
    hidden_number = plan(bohdan, MERGE, {"into": "proposal"})
    assert "not yours to know" in text_of(hidden_number) and "records move" not in text_of(hidden_number)
    assert house.catalog.version > version


def test_two_who_arrange_at_once_are_merged_stage_by_stage_or_told(house: House, browser: SignIn) -> None:
    olena, andrii = browser("Olena"), browser("Andrii")
    base = str(house.catalog.version)
    mine = typed(house, lead={"colour": "red"}) | {"base": base}
    same = typed(house, qualified={"colour": "teal"}) | {"base": base}
    assert publish(andrii, PAGE, typed(house, qualified={"colour": "pink"})).status_code == 303
    assert publish(olena, PAGE, mine).status_code == 303
    rows = stages_of(house.catalog, pipeline_of(house.catalog, "sales"))
    assert (rows["lead"].values["colour"], rows["qualified"].values["colour"]) == ("red", "pink")
    told = plan(olena, PAGE, same)
    assert told.status_code == 409 and "Qualified · Colour" in text_of(told) and "pink" in text_of(told) and "teal" in text_of(told)


OLD_KEY = {"field": "stage.key", "op": "eq", "value": "qualified"}
RULED = {"type": "text", "class": "internal", "label": {"uk": "Ч", "en": "W"}, "required_if": OLD_KEY}


def test_what_asks_for_the_key_of_a_stage_as_text_follows_a_merge_too(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    through = {"count": "deals", "where": {"field": "stage.key", "op": "in", "value": ["qualified", "won"]}, "op": "gt", "value": 0}
    segment = house.make("segment", name="С", of="account", kind="dynamic", condition=json.dumps(through))
    house.configure({
        "conditions": {"old": {"entity": "deal", "label": "O", "where": {"not": OLD_KEY}}},
        "views": {"mine": {"entity": "deal", "label": "M", "where": {"all": [OLD_KEY, {"field": "stage.name", "op": "starts", "value": "Кв"}]}},
                  "of_stages": {"entity": "stage", "label": "S", "where": {"field": "key", "op": "eq", "value": "qualified"}}},
        "fields": {"deal": {"why": RULED}},
        "checks": {"deal": {"named": {"where": {"field": "stage.code", "op": "ne", "value": "sales.qualified"}, "message": {"uk": "Н", "en": "N"}}}},
    })
    give(house, READS | {"where": OLD_KEY})
    with house.system(write=False) as session:
        named = {(use.kind, use.name) for use in where_used.of_configured(session, "stage", house.stage("qualified"))}
    code = house.stored("segment", segment)["code"]
    assert named == {("rule", "blind"), ("view", "mine"), ("saved", "old"), ("field", "why"), ("check", "named"), ("condition", code)}
    assert "M" in text_of(olena.get("/configuration/where-used/?pipeline=sales&stage=qualified"))
    assert "4 views, rules and conditions follow" in text_of(plan(olena, MERGE, {"into": "lead"}))
    assert publish(olena, MERGE, {"into": "lead"}).status_code == 303
    new = {"field": "stage.key", "op": "eq", "value": "lead"}
    catalog = house.catalog
    assert catalog.saved.known["old"].where == {"not": new}
    assert catalog.views["mine"].shows["where"]["all"] == [new, {"field": "stage.name", "op": "starts", "value": "Кв"}]
    assert catalog.views["of_stages"].shows["where"]["value"] == "qualified", "the stage itself stands where it stood"
    assert catalog.made.of("deal")["why"].said["required_if"] == new
    assert catalog.made.checks[0].said["where"] == {"field": "stage.code", "op": "ne", "value": "sales.lead"}
    assert json.loads(str(house.stored("segment", segment)["condition"]))["where"]["value"] == ["won", "lead"]
    with house.system(write=False) as session:
        assert new in [rule.get("where") for rule in session.execute(select(AccessRule.rule)).scalars()]
    version = catalog.version
    assert publish(olena, f"/configuration/all-versions/{version}/undo").status_code == 303
    assert house.catalog.saved.known["old"].where == {"not": OLD_KEY} and house.catalog.made.of("deal")["why"].said["required_if"] == OLD_KEY


@pytest.mark.parametrize(("second", "before", "after"), [
    ("qualified", OLD_KEY, {"field": "stage.key", "op": "in", "value": ["qualified", "lead"]}),
    ("lead", OLD_KEY, {"field": "stage.code", "op": "eq", "value": "sales.lead"}),
    ("lead", {**OLD_KEY, "op": "not_in", "value": ["qualified", "won"]},
     {"all": [{**OLD_KEY, "op": "ne", "value": "won"}, {"field": "stage.code", "op": "ne", "value": "sales.lead"}]}),
])
def test_a_text_that_stages_of_several_pipelines_have_goes_on_meaning_the_others(
    house: House, second: str, before: dict[str, Any], after: dict[str, Any],
) -> None:
    house.configure({"pipelines": {"second": {"label": "Second", "stages": [{"key": second, "label": "Q"}]}}})
    firm = house.make("account", name="Ф")
    house.make_many("deal", [{"name": key, "account": firm, "stage": house.stage(key)} for key in ("qualified", "won", "proposal")])
    elsewhere = next(row for row in house.catalog.configured["stage"].values() if row.code == f"second.{second}")
    house.make("deal", name="other", account=firm, pipeline=elsewhere.parent_id, stage=elsewhere.id)
    house.configure({"views": {"v": {"entity": "deal", "label": "V", "where": before}}})
    found = chosen(house, before)
    house.configure({"merged_stages": {"sales": {"qualified": "lead"}}})
    assert house.catalog.views["v"].shows["where"] == after
    assert chosen(house, after) == found, "of the same deals, wherever they stand"


def chosen(house: House, where: dict[str, Any]) -> set[str]:
    with house.system(write=False) as session:
        query = lists.parse_query(session, "deal", {"where": json.dumps(where), "columns": "name"})
        return {str(row.values["name"]) for row in lists.page(session, query).rows}
