"""A change of the configuration that is cut off at any statement leaves the old configuration, its schema and its values as they were."""


import yaml
from sqlalchemy import inspect

from crm.backoffice.catalog import load_catalog
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from tests.company import Company
from tests.lowcode.cutting import cut
from tests.lowcode.test_made import TENDER, put
from tests.operations.test_made import MORE, everything

CHANGES = f"""{TENDER}
    size: {{type: decimal, label: {{uk: Розмір, en: Size}}}}
    danger: {{type: decimal, renamed_from: risk, label: {{uk: Небезпека, en: Danger}}}}
removed: [account.nickname]
"""
BEFORE = """
fields:
  account:
    size: {type: text, class: internal, label: {uk: Розмір, en: Size}}
    risk: {type: decimal, class: internal, label: {uk: Ризик, en: Risk}}
    nickname: {type: text, class: internal, label: {uk: Прізвисько, en: Nickname}}
"""


def state(company: Company) -> tuple[str, dict[str, list[str]], dict[str, list[tuple[object, ...]]]]:
    company.catalog = load_catalog(company.engine)
    with company.system(write=False) as session:
        printed = yaml.safe_dump(export.whole(session), allow_unicode=True)
    made = inspect(company.engine)
    return printed, {name: sorted(column["name"] for column in made.get_columns(name)) for name in sorted(made.get_table_names())}, everything(company)


def run(company: Company) -> None:
    with company.system() as session:
        apply(session, read(CHANGES, company.catalog))
        session.commit()


def test_cut_off_at_any_statement_it_leaves_the_old_configuration(company: Company) -> None:
    put(company, BEFORE)
    put(company, MORE)
    company.make("account", {"name": "А", "size": "12,5", "risk": 1, "nickname": "Рибка"}, {"name": "Б", "size": "велика"})
    before = state(company)
    stop = 1
    while cut(company.engine, stop, lambda: run(company)):
        assert state(company) == before, f"cut off at statement {stop}"
        stop += 11
    assert stop > 50, "there were statements to be cut off at"
    printed, _, rows = state(company)
    assert "tender" in printed and "danger" in printed and "nickname" not in printed
    assert rows != before[2]
