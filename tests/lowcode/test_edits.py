"""Pipelines, stages and roles changed as records: every worker hears of it, and it can be taken back like a file."""

from threading import Event, Thread
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog, version_in_force
from crm.backoffice.guard import UserSession
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import from_raw
from crm.errors import Forbidden, Invalid
from crm.organization.models import Role
from crm.runtime import Runtime
from tests.company import Company


def whole(company: Company) -> Any:
    with company.system(write=False) as session:
        return yaml.safe_load(yaml.safe_dump(export.whole(session)))


def stored_version(company: Company) -> int:
    with company.engine.connect() as connection:
        return version_in_force(connection)


def taken_back(company: Company, version: int) -> None:
    company.catalog = load_catalog(company.engine)
    with company.system() as session:
        undo(session, version)
        session.commit()
    company.catalog = load_catalog(company.engine)


def test_another_worker_follows_a_changed_stage_at_its_next_request(company: Company) -> None:
    worker = Runtime(company.engine, None)  # type: ignore[arg-type]
    stage = company.stage("lead")
    assert worker.refresh().configured["stage"][stage].label.uk != "Зацікавлені"
    with company.session(company.person("owner")) as session:
        records.change(session, "stage", stage, {"name": "Зацікавлені"})
        session.commit()
    assert worker.refresh().configured["stage"][stage].label.uk == "Зацікавлені"


def test_what_is_saved_unchanged_makes_no_version(company: Company) -> None:
    stage, before = company.stage("lead"), stored_version(company)
    with company.session(company.person("owner")) as session:
        records.change(session, "stage", stage, {"name": company.catalog.configured["stage"][stage].label.uk})
        session.commit()
    assert stored_version(company) == before


def test_each_save_is_a_version_and_is_undone_by_itself(company: Company) -> None:
    owner, before, version = company.person("owner"), whole(company), stored_version(company)
    lead, second = company.stage("lead"), company.stage("qualified")
    with company.session(owner) as session:
        records.change(session, "stage", lead, {"name": "Зацікавлені", "probability": "0.2"})
        records.change(session, "stage", second, {"name": "Перевірені", "position": 0})
        pipeline = records.create(session, "pipeline", {"name": "Друга", "code": "second"})
        records.create(session, "stage", {"name": "Перший", "key": "first", "code": "second.first", "pipeline": pipeline})
        role = records.create(session, "role", {"name": "Нова", "code": "new"})
        records.change(session, "role", role, {"name": "Новіша"})
        session.commit()
    assert stored_version(company) == version + 6
    taken_back(company, version + 2)
    stages = company.catalog.configured["stage"]
    assert stages[lead].label.uk == "Зацікавлені" and stages[second].label.uk != "Перевірені", "only the second of two saves went back"
    for number in (version + 6, version + 5, version + 3, version + 1):
        taken_back(company, number)
    assert whole(company) == before


def test_a_removed_pipeline_comes_back_with_its_version(company: Company) -> None:
    company.configure("pipelines: {other: {label: Other, stages: [{key: a, label: A}, {key: b, label: B, retired: true}]}}")
    before = whole(company)
    pipeline = next(p.id for p in company.catalog.configured["pipeline"].values() if p.code == "other")
    with company.session(company.person("owner")) as session:
        records.remove(session, "pipeline", pipeline)
        session.commit()
    company.catalog = load_catalog(company.engine)
    assert pipeline not in company.catalog.configured["pipeline"]
    with company.session(company.person("owner")) as session:
        records.restore(session, "pipeline", pipeline)
        session.commit()
    company.catalog = load_catalog(company.engine)
    assert whole(company) == before
    taken_back(company, stored_version(company))  # the way back from a restored one is the bin
    assert pipeline not in company.catalog.configured["pipeline"]
    taken_back(company, stored_version(company) - 2)
    assert whole(company)["pipelines"]["other"]["label"] == before["pipelines"]["other"]["label"]


def test_the_second_administrator_waits_and_both_are_heard(company: Company) -> None:
    """A version must not come into force after a higher one: who follows the highest would never hear of it."""
    worker = Runtime(company.engine, None)  # type: ignore[arg-type]
    owner, lead, second = company.person("owner"), company.stage("lead"), company.stage("qualified")
    begun, ended = Event(), Event()

    def other() -> None:
        session: UserSession = company.session(owner)
        with session:
            begun.set()
            records.change(session, "stage", second, {"name": "Другий"})
            session.commit()
        ended.set()

    with company.session(owner) as session:
        records.change(session, "stage", lead, {"name": "Перший"})
        thread = Thread(target=other)
        thread.start()
        begun.wait(10)
        assert not ended.wait(0.3), "the second waits"
        session.commit()
    thread.join(20)
    assert ended.is_set()
    stages = worker.refresh().configured["stage"]
    assert (stages[lead].label.uk, stages[second].label.uk) == ("Перший", "Другий")


def test_keys_stay_and_stand_once(company: Company) -> None:
    lead = company.stage("lead")
    pipeline = company.catalog.configured["stage"][lead].parent_id
    company.configure("pipelines: {other: {label: Other, stages: [{key: a, label: A}]}}")
    other = next(p.id for p in company.catalog.configured["pipeline"].values() if p.code == "other")
    owner = company.person("owner")
    for entity, number, values, key in (
        ("stage", lead, {"key": "leads"}, "key"), ("stage", lead, {"pipeline": other}, "pipeline"), ("pipeline", pipeline, {"code": "p"}, "code"),
    ):
        with company.session(owner) as session, pytest.raises(Invalid) as refused:
            records.change(session, entity, number, values)
        assert set(refused.value.fields) == {key}
    with company.session(owner) as session, pytest.raises(Invalid):
        records.create(session, "stage", {"name": "Ще раз", "key": "lead", "pipeline": pipeline})
    with company.session(owner) as session:
        assert records.create(session, "stage", {"name": "Ще раз", "key": "lead", "pipeline": other})


def test_where_deals_stand_is_not_deleted(company: Company) -> None:
    deal = company.make("deal", {"name": "Угода"})[0]
    owner = company.person("owner")
    with company.system(write=False) as session:
        stage, pipeline = session.execute(company.catalog.entity("deal").table.select()).mappings().one()["stage_id"], company.catalog.configured
    stage_row = pipeline["stage"][stage]
    for entity, number in (("stage", stage), ("pipeline", stage_row.parent_id)):
        with company.session(owner) as session, pytest.raises(Forbidden):
            records.remove(session, entity, number)
    with company.system() as session:
        records.remove(session, "deal", deal)
        session.commit()
    with company.session(owner) as session:
        records.remove(session, "stage", stage)
        session.commit()


def test_an_undone_name_of_a_role_leaves_its_rules_and_undone_rules_its_name(company: Company) -> None:
    company.role("mine", {"entity": "deal", "actions": ["read", "update"], "scope": "all"})
    owner = company.person("owner")
    with company.session(owner) as session:
        role = session.kernel(select(Role.__table__.c.id).where(Role.__table__.c.code == "mine")).scalar_one()
        records.change(session, "role", role, {"name": "Нова"})
        session.commit()
    renamed = stored_version(company)
    narrow = {"entity": "deal", "effect": "allow", "actions": ["read"], "scope": "own"}
    with company.system() as session:
        apply(session, from_raw({"roles": {"mine": {"label": {"uk": "Нова", "en": "mine"}, "rules": [narrow]}}}, company.catalog))
        session.commit()
    tightened = stored_version(company)
    taken_back(company, renamed)
    assert whole(company)["roles"]["mine"] == {"label": {"uk": "mine", "en": "mine"}, "rules": [narrow]}
    with company.session(owner) as session:
        records.change(session, "role", role, {"name": "Ще новіша"})
        session.commit()
    taken_back(company, tightened)
    assert whole(company)["roles"]["mine"]["label"]["uk"] == "Ще новіша"
    assert whole(company)["roles"]["mine"]["rules"][0]["scope"] == "all"


def test_a_removed_role_comes_back_itself_to_whoever_held_it(company: Company) -> None:
    company.role("mine", {"entity": "deal", "actions": ["read"], "scope": "all"})
    owner, holder = company.person("owner"), company.person("mine")
    with company.session(owner) as session:
        role = session.kernel(select(Role.__table__.c.id).where(Role.__table__.c.code == "mine")).scalar_one()
        records.remove(session, "role", role)
        session.commit()
    assert not company.access(holder).may("deal", "read")
    removed = stored_version(company)
    company.configure("roles: {mine: {label: Other, rules: [{entity: account, actions: [read], scope: all}]}}")
    assert not company.access(holder).may("account", "read"), "a new role with the key is another role"
    taken_back(company, stored_version(company))
    taken_back(company, removed)
    assert company.access(holder).may("deal", "read")
    with company.system(write=False) as session:
        assert session.execute(select(Role.id).where(Role.code == "mine", Role.deleted_at.is_(None))).scalars().one() == role


def test_an_undone_version_leaves_what_later_ones_did_beside_it(company: Company) -> None:
    company.configure("picklists: {mine: {label: Mine, options: [{key: a, label: A}, {key: b, label: B}, {key: c, label: C}]}}")
    company.configure("pipelines: {other: {label: Other, stages: [{key: x, label: X}, {key: y, label: Y}, {key: z, label: Z}]}}")
    company.configure("picklists: {mine: {options: [{key: a, label: First}]}}")
    option = stored_version(company)
    company.configure("pipelines: {other: {label: Other, stages: [{key: y, label: Second}]}}")
    stage = stored_version(company)
    company.configure("picklists: {mine: {label: Ours, options: [{key: c, label: C}, {key: b, label: Later}]}}")
    company.configure("pipelines: {other: {label: Another, stages: [{key: z, label: Later}, {key: x, label: X}]}}")
    taken_back(company, option)
    taken_back(company, stage)
    picklist, pipeline = whole(company)["picklists"]["mine"], whole(company)["pipelines"]["other"]
    assert picklist["label"]["en"] == "Ours" and [(o["key"], o["label"]["en"]) for o in picklist["options"]] == [("a", "A"), ("c", "C"), ("b", "Later")]
    assert pipeline["label"]["en"] == "Another" and [(s["key"], s["label"]["en"]) for s in pipeline["stages"]] == [("z", "Later"), ("y", "Y"), ("x", "X")]
