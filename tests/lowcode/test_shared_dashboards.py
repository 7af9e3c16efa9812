"""Dashboards of roles in a configuration file: applied, exported, undone, following what is renamed."""

import pytest
import yaml

import crm.reports
from crm.backoffice.catalog import load_catalog
from crm.backoffice.dashboards import shelf
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.errors import BadRequest
from tests.company import Company

assert crm.reports
RISKY = {"field": "risk", "op": "gt", "value": 1}
DASHBOARDS = """
reports:
  wins: {label: {uk: Виграші, en: Wins}, report: win_rate, asks: {by: owner}}
dashboards:
  sellers:
    label: {uk: Продавцям, en: For sellers}
    roles: [seller]
    panels:
      - {kind: today, what: plan, width: 8}
      - {kind: report, as: figure, width: 4, kept: wins}
      - {kind: report, as: chart, width: 6, report: records, asks: {entity: deal, by: stage, measure: 'sum:amount'}, chart: bar}
      - {kind: list, as: rows, width: 12, title: {uk: Великі, en: Big}, entity: deal, asks: {where: {field: amount, op: gt, value: 5}, sort: -amount}}
"""


def put(company: Company, text: str) -> list[tuple[str, str | None, str]]:
    with company.system() as session:
        applied = apply(session, read(text, company.catalog))
        session.commit()
    company.catalog = load_catalog(company.engine)
    return [(c.kind, c.field, c.effect) for c in applied.changes]


def whole(company: Company) -> dict[str, object]:
    with company.system(write=False) as session:
        found: dict[str, object] = export.whole(session)["dashboards"]
    return found


def test_applied_exported_applied_again_and_undone(company: Company) -> None:
    assert put(company, DASHBOARDS) == [("report", "wins", "create"), ("dashboard", "sellers", "create")]
    assert put(company, DASHBOARDS) == []
    said = yaml.safe_load(DASHBOARDS)["dashboards"]
    assert whole(company) == said
    with company.system(write=False) as session:
        assert plan(session, read(yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False), company.catalog)) == []
    said["sellers"]["panels"].pop()
    assert put(company, yaml.safe_dump({"dashboards": said})) == [("dashboard", "sellers", "change")]
    with company.system() as session:
        undo(session, company.catalog.version)
        session.commit()
    company.catalog = load_catalog(company.engine)
    assert whole(company) == yaml.safe_load(DASHBOARDS)["dashboards"]


@pytest.mark.parametrize("wrong", [
    "{kind: cake}", "[1]", "{kind: today}", "{kind: today, what: 5}", "{kind: report}", "{kind: report, report: none}", "{kind: report, kept: none}",
    "{kind: report, report: win_rate, width: 5}", "{kind: report, report: win_rate, as: rows}", "{kind: report, report: win_rate, asks: {by: nope}}",
    "{kind: list}", "{kind: list, entity: none}", "{kind: list, entity: deal, asks: {where: {field: nope, op: eq, value: 1}}}",
    "{kind: list, entity: deal, as: 'sum:nope'}", "{kind: list, entity: deal, asks: {columns: name}}", "{kind: list, entity: deal, colour: red}",
    "{kind: list, entity: deal, title: [1]}",
])
def test_a_mistake_is_a_sentence(company: Company, wrong: str) -> None:
    with pytest.raises(BadRequest):
        read(yaml.safe_dump({"dashboards": {"x": {"label": "X", "panels": [yaml.safe_load(wrong)]}}}), company.catalog)


def test_panels_follow_a_field_that_is_renamed_and_ones_own_go_with_him(company: Company) -> None:
    put(company, "fields: {account: {risk: {type: decimal, label: {uk: Ризик, en: Risk}}}}")
    panels = [
        {"kind": "report", "as": "figure", "width": 3, "report": "records", "asks": {"entity": "account", "measure": "sum:risk"}},
        {"kind": "list", "as": "sum:risk", "width": 6, "entity": "account", "asks": {"where": RISKY, "columns": ["risk"], "sort": "-risk"}},
    ]
    put(company, yaml.safe_dump({"dashboards": {"d": {"label": "D", "panels": panels}}}))
    owner = company.person("owner")
    with company.session(owner) as session:
        shelf.arrange(session, shelf.dashboard(session, ()), panels)
        session.commit()
    put(company, "fields: {account: {danger: {type: decimal, renamed_from: risk, label: {uk: Ризик, en: Risk}}}}")
    expected = yaml.safe_load(yaml.safe_dump(panels).replace("risk", "danger"))
    assert list(company.catalog.dashboards["d"].panels) == expected
    with company.session(owner) as session:
        assert list(shelf.dashboard(session, ()).panels) == expected
    put(company, "removed: [account.danger]")
    assert whole(company)["d"] == {"label": {"uk": "D", "en": "D"}, "panels": []}
    with company.system() as session:
        assert len(shelf.of_people(session, [owner])) == 1
        shelf.forget(session, [owner])
        assert shelf.of_people(session, [owner]) == []
