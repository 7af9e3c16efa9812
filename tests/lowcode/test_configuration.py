"""A configuration file: planned, applied, exported, undone; a mistake in it is a sentence and changes nothing."""

import pytest
import yaml
from sqlalchemy import select

from crm.backoffice.catalog import load_catalog
from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import add_options, apply, undo
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.errors import BadRequest
from tests.company import Company

PIPELINE = """
pipelines:
  maven:
    label: {uk: Воронка, en: Pipeline}
    entity: deal
    stages:
      - {key: engaging, label: {uk: Перемовини, en: Engaging}, type: open, probability: 0.5}
      - {key: won, label: {uk: Виграно, en: Won}, type: won, probability: 1}
roles:
  narrow:
    label: {uk: Вузька, en: Narrow}
    rules:
      - {entity: account, actions: [read], scope: all, fields: {"*": read, revenue: hidden}}
picklists:
  source:
    options:
      - {key: website, label: {uk: Сайт, en: Website}, colour: green}
      - {key: fair, label: {uk: Ярмарок, en: Fair}}
"""


def put(company: Company, text: str) -> tuple[int, list[tuple[str, str | None, str]]]:
    with company.system() as session:
        applied = apply(session, read(text, company.catalog))
        session.commit()
    company.catalog = load_catalog(company.engine)
    return applied.version, [(c.kind, c.field, c.effect) for c in applied.changes]


def whole(company: Company) -> str:
    with company.system(write=False) as session:
        return yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False)


def test_what_is_applied_is_in_force_and_applying_it_again_changes_nothing(company: Company) -> None:
    version, changes = put(company, PIPELINE)
    assert ("pipeline", "maven", "create") in changes and ("stage", "maven.won", "create") in changes and ("role", "narrow", "create") in changes
    assert ("option", "website", "change") in changes and ("option", "fair", "create") in changes
    assert put(company, PIPELINE) == (version, [])
    assert company.stage("engaging", "maven")
    assert company.catalog.picklists["source"].by_key("referral") is not None, "what a file does not name stays"


def test_the_export_reads_back_to_no_change(company: Company) -> None:
    put(company, PIPELINE)
    with company.system(write=False) as session:
        assert plan(session, read(whole(company), company.catalog)) == []


def test_a_version_is_undone(company: Company) -> None:
    before = whole(company)
    version, _ = put(company, PIPELINE)
    with company.system() as session:
        undo(session, version)
        session.commit()
    company.catalog = load_catalog(company.engine)
    after = yaml.safe_load(whole(company))
    fair = [o for o in after["picklists"]["source"]["options"] if o["key"] == "fair"]
    after["picklists"]["source"]["options"] = [o for o in after["picklists"]["source"]["options"] if o["key"] != "fair"]
    assert after == yaml.safe_load(before)
    assert fair[0]["retired"] is True, "an option that was made is retired: records may hold it"


def test_changed_rules_bite_at_once(company: Company) -> None:
    put(company, PIPELINE)
    me = company.person("narrow")
    with company.session(me) as session:
        assert "revenue" not in session.sight.readable("account") and "city" in session.sight.readable("account")
    put(company, PIPELINE.replace("revenue: hidden", "city: hidden"))
    with company.session(me) as session:
        assert "revenue" in session.sight.readable("account") and "city" not in session.sight.readable("account")


def test_an_import_may_add_options(company: Company) -> None:
    with company.system() as session:
        add_options(session, "industry", {"medical": "Медицина", "retail": "Retail"})
        session.commit()
    options = load_catalog(company.engine).picklists["industry"].options
    assert [o.key for o in options].count("medical") == 1 and options[-1].key == "retail"


@pytest.mark.parametrize("text", [
    "roles: [", "roles: 5", "rolse: {}", "tables: {}", "roles: {x: {label: X, rules: [{entity: nothing, actions: [read]}]}}",
    "roles: {x: {label: X, rules: [{entity: account, actions: [fly]}]}}", "roles: {x: {label: X, rules: [{entity: account, actions: [read], scope: moon}]}}",
    "roles: {x: {label: X, rules: [{entity: account, actions: [read], scope: all, fields: {revenu: read}}]}}",
    "roles: {x: {label: X, rules: [{entity: account, actions: [read], scope: all, fields: {revenue: maybe}}]}}",
    "roles: {x: {label: X, rules: [{entity: account, actions: [read], where: {field: nope, op: eq, value: 1}}]}}",
    "roles: {x: {label: X, rules: [{entity: account, actions: [read], scope: all, colour: red}]}}", "roles: {x: {rules: []}}", "roles: {'': {label: X}}",
    "pipelines: {p: {label: P, entity: nothing}}", "pipelines: {p: {label: P, stages: [{key: a, label: A}, {key: a, label: B}]}}",
    "pipelines: {p: {label: P, stages: [{key: a, label: A, probability: 7}]}}", "pipelines: {p: {label: P, stages: [{key: a, label: A, type: maybe}]}}",
    "picklists: {p: {options: [{key: a, label: A, colour: ultraviolet}]}}", "!!python/object/apply:os.system [id]", "a: &a [*a]",
    'picklists: {source: {options: [{key: fair, label: {uk: "a\\uD800", en: b}}]}}', 'roles: {"r\\0": {label: {uk: a, en: b}, rules: []}}',
])
def test_a_mistake_is_a_sentence_and_changes_nothing(company: Company, text: str) -> None:
    before = whole(company)
    with company.system() as session, pytest.raises(BadRequest):
        apply(session, read(text, company.catalog))
    assert whole(company) == before


def test_a_file_makes_one_version_whatever_it_changes(company: Company) -> None:
    version = company.catalog.version
    put(company, PIPELINE)
    assert company.catalog.version == version + 1
    with company.engine.connect() as connection:
        row = connection.execute(select(ConfigVersion.__table__).where(ConfigVersion.__table__.c.id == version + 1)).one()
    assert {c["kind"] for c in row.changes} >= {"pipeline", "stage", "role", "option"}


def undone(company: Company, version: int) -> int:
    """Undoes a version; the number of the version which that makes."""
    with company.system() as session:
        made = undo(session, version).version
        session.commit()
    company.catalog = load_catalog(company.engine)
    return made


def test_an_undo_is_undone_and_what_it_took_away_is_back(company: Company) -> None:
    """A role with its rules and whoever held it, a pipeline with its stages, an option, a stage of a pipeline that was there before."""
    more = PIPELINE.replace("roles:", "  sales: {label: {uk: Продажі, en: Sales}, stages: [{key: extra, label: {uk: Додатковий, en: Extra}}]}\nroles:")
    at_first = yaml.safe_load(whole(company))
    version, _ = put(company, more)
    applied = yaml.safe_load(whole(company))
    assert applied != at_first
    holder = company.person("narrow")
    assert "city" in readable(company, holder)
    for _ in range(2):
        version = undone(company, version)
        gone = yaml.safe_load(whole(company))
        assert gone["roles"] == at_first["roles"]
        assert "city" not in readable(company, holder)
        version = undone(company, version)
        assert yaml.safe_load(whole(company)) == applied
        assert "city" in readable(company, holder)


def readable(company: Company, person: int) -> tuple[str, ...]:
    with company.session(person) as session:
        return session.sight.readable("account")
