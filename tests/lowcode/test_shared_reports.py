"""Shared reports in a configuration file: applied, exported, undone, following what is renamed; and a person's own on both databases."""

import pytest
import yaml

import crm.reports
from crm.backoffice.catalog import load_catalog
from crm.backoffice.kept_reports import asks, shelf
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.errors import BadRequest, Invalid
from tests.company import Company

assert crm.reports
REPORTS = """
reports:
  by_stage:
    label: {uk: За етапами, en: By stage}
    report: records
    asks: {entity: deal, by: 'stage,closed_on:quarter', measure: 'count,sum:amount', where: {field: amount, op: gt, value: 1000}, sort: '-sum:amount'}
    chart: stacked
    roles: [seller, head]
  wins:
    label: {uk: Виграші, en: Wins}
    report: win_rate
    asks: {by: owner, period: this_quarter}
"""


def put(company: Company, text: str) -> list[tuple[str, str | None, str]]:
    with company.system() as session:
        applied = apply(session, read(text, company.catalog))
        session.commit()
    company.catalog = load_catalog(company.engine)
    return [(c.kind, c.field, c.effect) for c in applied.changes]


def whole(company: Company) -> dict[str, object]:
    with company.system(write=False) as session:
        found: dict[str, object] = export.whole(session)["reports"]
    return found


def test_applied_exported_and_applied_again(company: Company) -> None:
    assert put(company, REPORTS) == [("report", "by_stage", "create"), ("report", "wins", "create")]
    assert put(company, REPORTS) == []
    assert whole(company) == yaml.safe_load(REPORTS)["reports"]
    with company.system(write=False) as session:
        assert plan(session, read(yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False), company.catalog)) == []


def test_changed_and_undone(company: Company) -> None:
    put(company, REPORTS)
    first, version = whole(company), company.catalog.version
    said = yaml.safe_load(REPORTS)
    said["reports"]["wins"]["chart"] = "line"
    assert put(company, yaml.safe_dump(said, sort_keys=False)) == [("report", "wins", "change")]
    for undone in (version + 1, version):
        with company.system() as session:
            undo(session, undone)
            session.commit()
        company.catalog = load_catalog(company.engine)
        assert whole(company) == (first if undone > version else {})


@pytest.mark.parametrize("wrong", [
    "report: nothing", "report: [1]", "asks: {nope: 1}", "asks: {by: nope}", "asks: {where: {field: nope, op: eq, value: 1}}", "asks: {where: [1]}",
    "asks: [1]", "asks: {period: [1]}", "asks: {sort: nope}", "chart: cake", "roles: seller", "roles: [1]", "colour: red", "asks: {by: {a: 1}}",
])
def test_a_mistake_is_a_sentence(company: Company, wrong: str) -> None:
    spec = {"report": "win_rate", "label": "X", **yaml.safe_load(wrong)}
    with pytest.raises(BadRequest):
        read(yaml.safe_dump({"reports": {"x": spec}}), company.catalog)
    with pytest.raises(BadRequest):
        read(yaml.safe_dump({"reports": {"12": {"report": "win_rate", "label": "X"}}}), company.catalog)


def test_kept_reports_follow_a_field_that_is_renamed_and_do_without_one_that_is_gone(company: Company) -> None:
    put(company, "fields: {account: {risk: {type: decimal, label: {uk: Ризик, en: Risk}}, since: {type: date, label: {uk: З дня, en: Since}}}}")
    put(company, """
reports:
  risky:
    label: Risky
    report: records
    asks: {entity: account, measure: 'count,avg:risk', by: 'since:year', date: since, where: {field: risk, op: gt, value: 1}, sort: '-avg:risk'}
""")
    owner = company.person("owner")
    with company.session(owner) as session:
        shelf.keep(session, "Моє", "records", {"entity": "account", "measure": "sum:risk"}, "")
        session.commit()
    danger = "danger: {type: decimal, renamed_from: risk, label: {uk: Ризик, en: Risk}}"
    renamed = f"fields: {{account: {{{danger}, from_day: {{type: date, renamed_from: since, label: {{uk: З дня, en: From}}}}}}}}"
    put(company, renamed)
    assert dict(company.catalog.reports["risky"].asks) == {
        "entity": "account", "measure": "count,avg:danger", "by": "from_day:year", "date": "from_day", "where": {"field": "danger", "op": "gt", "value": 1},
        "sort": "-avg:danger",
    }
    with company.session(owner) as session:
        assert shelf.kept_reports(session)[0].asks["measure"] == "sum:danger"
    with company.system(write=False) as session:
        (gone,) = plan(session, read("removed: [account.danger]", company.catalog))
        assert {use.kind for use in gone.uses} == {"report", "own_report"} and gone.needed_by is None
    put(company, "removed: [account.danger]")
    assert "risky" not in whole(company)
    with company.session(owner) as session:
        assert shelf.kept_reports(session) == []


def test_ones_own_reports_are_ones_own_and_go_with_him(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    put(company, REPORTS)
    seller, clerk = company.person("seller"), company.person("clerk")
    monkeypatch.setattr(shelf, "MOST", 2)
    with company.session(seller) as session:
        for name in ("Б", "А"):
            number = shelf.keep(session, name, "win_rate", {"by": "owner"}, "bar")
        for name in (" А ", "Третій", ""):
            with pytest.raises(Invalid):
                shelf.keep(session, name, "win_rate", {}, "")
        shelf.star(session, shelf.named(session, "wins"), True)
        session.commit()
        assert [one.name for one in shelf.kept_reports(session)] == ["wins", str(number), str(number - 1), "by_stage"]
    with company.session(clerk) as session:
        assert [one.name for one in shelf.kept_reports(session)] == ["wins"], "the other is for other roles"
    with company.system() as session:
        assert [one["name"] for one in shelf.of_people(session, [seller])] == ["Б", "А"]
        shelf.forget(session, [seller])
        session.commit()
    with company.session(seller) as session:
        assert [one.name for one in shelf.kept_reports(session)] == ["by_stage", "wins"]


def test_what_is_kept_is_read_as_it_was_asked(company: Company) -> None:
    said = {"entity": "deal", "by": "owner", "where": {"field": "name", "op": "eq", "value": "Ї"}}
    assert asks.as_words(said) == {"entity": "deal", "by": "owner", "where": '{"field":"name","op":"eq","value":"Ї"}'}
    assert asks.entity_of("records", said) == "deal" and asks.entity_of("win_rate", {}) == "deal" and asks.entity_of("gone", {}) == ""
