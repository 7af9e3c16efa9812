"""A field of another type: told before what becomes of each value, and done as somebody has decided for those that do not pass."""

from decimal import Decimal

import pytest

from crm.backoffice.lowcode.conversion_report import Report
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from tests.company import Company
from tests.lowcode.test_made import held, put, refused, take_back

BEFORE = """
fields:
  account:
    size: {type: text, class: internal, label: {uk: Розмір, en: Size}}
    mark: {type: decimal, scale: 3, class: internal, label: {uk: Оцінка, en: Mark}}
    note: {type: long_text, class: internal, label: {uk: Нотатка, en: Note}}
"""
SIZE = """
fields:
  account:
    size:
      type: decimal
      scale: 1
      label: {uk: Розмір, en: Size}
"""
DECIDED = SIZE + """
      values: {велика: 100, мала: null, "7": "8"}
      rest_in: size_before
    size_before: {type: text, max_length: 10, class: internal, label: {uk: Розмір раніше, en: Size before}}
"""
SIZES = ("12,5", "12,5", "0,25", "велика", "велика", "мала", "десь така, як на Львівській", "7", None)


def told(company: Company, text: str, field: str) -> Report:
    with company.system(write=False) as session:
        [change] = [one for one in plan(session, read(text, company.catalog), reports=True) if one.field == field and one.effect == "convert"]
    assert change.report is not None and "report" not in change.as_dict()
    return change.report


def sized(company: Company) -> list[int]:
    put(company, BEFORE)
    return company.make("account", *({"name": f"Фірма {n}", "size": size} for n, size in enumerate(SIZES)))


def test_the_report_counts_what_passes_and_names_what_does_not(company: Company) -> None:
    sized(company)
    found = told(company, SIZE, "size")
    assert found.records == {"clean": 3, "rounded": 1, "lost": 4} and (found.different, found.whole) == (6, True)
    assert [(one.said, one.records, one.outcome, one.becomes) for one in found.values] == [
        ("велика", 2, "lost", ""), ("десь така, як на Львівській", 1, "lost", ""), ("мала", 1, "lost", ""), ("0,25", 1, "rounded", "0,3"),
    ]
    decided = told(company, DECIDED, "size")
    assert decided.records == {"clean": 2, "rounded": 1, "decided": 4, "lost": 1}
    assert ("велика", 2, "decided", "100") in [(one.said, one.records, one.outcome, one.becomes) for one in decided.values]


def test_texts_are_shortened_and_numbers_rounded_as_the_report_says(company: Company) -> None:
    put(company, BEFORE)
    (firm,) = company.make("account", {"name": "А", "mark": Decimal("1.125"), "size": "довгий опис розміру"})
    marks = "fields: {account: {mark: {type: integer, label: {uk: Оцінка, en: Mark}}, size: {type: text, max_length: 6, label: {uk: Розмір, en: Size}}}}"
    assert told(company, marks, "size").records == {"shortened": 1} and told(company, marks, "mark").records == {"lost": 1}
    tenths = marks.replace("integer", "decimal, scale: 2")
    assert told(company, tenths, "mark").records == {"rounded": 1}
    put(company, tenths, agreed=True)
    assert held(company, "account", firm, "size", "mark") == ("довгий", Decimal("1.13"))


def test_values_become_what_was_decided_and_the_rest_stands_in_a_new_field(company: Company) -> None:
    firms = sized(company)
    put(company, DECIDED, agreed=True)
    assert [held(company, "account", firm, "size")[0] for firm in firms] == [
        Decimal("12.5"), Decimal("12.5"), Decimal("0.3"), Decimal(100), Decimal(100), None, None, Decimal(8), None,
    ]
    assert [held(company, "account", firm, "size_before")[0] for firm in firms] == [None] * 6 + ["десь така,", None, None]
    assert put(company, DECIDED) == [], "decisions are of one change: the file says nothing new"
    take_back(company)
    assert [held(company, "account", firm, "size")[0] for firm in firms] == list(SIZES)


def test_an_option_by_option_list_may_be_decided_to(company: Company) -> None:
    firms = sized(company)
    put(company, """
fields:
  account:
    size:
      type: picklist
      label: {uk: Розмір, en: Size}
      options: [{key: big, label: {uk: Великий, en: Big}}, {key: small, label: {uk: Малий, en: Small}}]
      values: {велика: big, мала: small, "12,5": small}
""", agreed=True)
    big, small = company.option("account.size", "big"), company.option("account.size", "small")
    assert [held(company, "account", firm, "size")[0] for firm in firms] == [small, small, None, big, big, small, None, None, None]


@pytest.mark.parametrize(("said", "sentence"), [
    ('values: {велика: "чимала"}', "is not accepted"),
    ("values: [велика]", "what each becomes"),
    ("values: {велика: {a: 1}}", "another one, or null"),
    ("rest_in: note", "the same file adds"),
    ("rest_in: nowhere", "the same file adds"),
])
def test_what_makes_no_sense_is_refused(company: Company, said: str, sentence: str) -> None:
    sized(company)
    assert sentence in refused(company, f"{SIZE}      {said}\n")
