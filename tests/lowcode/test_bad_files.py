"""Configuration files that are wrong, hostile or too much: a sentence that says where, and nothing is written."""

from typing import Any

import pytest
from sqlalchemy import func, select

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw, read
from crm.backoffice.lowcode.plan import plan
from crm.errors import BramaError, Invalid
from crm.messages import render
from tests.company import Company

LABEL = "{uk: Поле, en: Field}"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{two}: &{two} [{', '.join(['*' + one] * 9)}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)


def refusal(company: Company, text: str | dict[str, Any], language: str = "en") -> str:
    """The sentence by which a file is refused when it is read, planned or applied."""
    with company.system() as session:
        with pytest.raises(BramaError) as refused:
            apply(session, read(text, session.catalog) if isinstance(text, str) else from_raw(text, session.catalog))
        session.rollback()
        assert session.execute(select(func.max(ConfigVersion.id))).scalar_one() == session.catalog.version
    assert refused.value.status in (400, 409, 422)
    return render(refused.value.message, language)


@pytest.mark.parametrize(("text", "said"), [
    ("roles: [", "The file is not valid YAML (line 2)."),
    ("roles: !!python/object/apply:os.system [id]", "The file is not valid YAML"),
    ("roles:\n  a: {label: {uk: а, en: a}}\n  b: {}\n  a: {}", "names “a” twice in one place (line 4)"),
    ("roles: {r: {label: {uk: а, en: a}, rules: [{entity: deal, actions: [read, fly]}]}}", "“actions” knows no “fly”."),
    ("roles: {r: {label: {uk: а, en: a}, rules: [{entity: deal, actions: read}]}}", "“actions” is a list, such as [read]."),
    ("roles: {r: {label: {uk: а, en: a}, rules: [{entity: deal, actions: [read], where: {field: x, op: empty}}]}}", "no field or relation named “x”."),
    ("- roles", "named values are expected"),
    (f"fields: {{account: {{x: {{type: text, label: {LABEL}, colour: red}}}}}}", "“colour” is not known here"),
    (f"entities: {{tender: {{label: {LABEL}, fields: {{x: {{type: text, label: {{uk: Поле}}}}}}}}}}", "“label” has “uk” and “en”, neither of them empty"),
    (f"entities: {{tender: {{label: {LABEL}, fields: {{x: {{type: text, label: {{uk: Поле, en: ''}}}}}}}}}}", "neither of them empty"),
    (f"entities: {{account: {{label: {LABEL}}}}}", "it is the product's own"),
    (f"fields: {{account: {{name: {{type: text, label: {LABEL}}}}}}}", "the entity has a field of this key that is not for you to change"),
    (f"fields: {{no_such: {{x: {{type: text, label: {LABEL}}}}}}}", "there is no entity “no_such”"),
    (f"fields: {{account: {{x: {{type: reference, to: no_such, label: {LABEL}}}}}}}", "no_such"),
    ("removed: [account.name]", "is the product's own and cannot be removed"),
    ("removed: [account]", "is the product's own and cannot be removed"),
])
def test_what_is_wrong_is_said_with_its_place(company: Company, text: str, said: str) -> None:
    assert said in refusal(company, text)
    assert any("а" <= letter <= "я" for letter in refusal(company, text, "uk"))


def test_aliases_that_multiply_cost_nothing(company: Company) -> None:
    """A few lines that stand for millions of values, in places where anything, a key and a condition are expected."""
    assert "is not known here" in refusal(company, BOMB)
    label = "label: {uk: а, en: a}"
    said = f"fields: {{account: {{x: {{type: text, {label}, required_if: &c0 {{field: name, op: empty}}}}"
    for n in range(1, 9):
        said += f", x{n}: {{type: text, {label}, required_if: &c{n} {{all: [{', '.join([f'*c{n - 1}'] * 9)}]}}}}"
    assert "required_if" in refusal(company, said + "}}")
    assert "not a usable key" in refusal(company, f"picklists: {{x: {{options: [{{key: [&a [x, x], *a, *a], {label}}}]}}}}")


def test_an_alias_that_holds_itself_is_refused(company: Company) -> None:
    for text in (
        "fields: {account: {x: {type: text, label: {uk: а, en: a}, required_if: &me {all: [*me]}}}}", "entities: &me {tender: *me}", "removed: &me [*me]",
        "roles: {x: {label: x, rules: &me [*me]}}", "views: {x: {entity: account, label: x, where: &me {not: *me}}}", "picklists: {x: {options: &me [*me]}}",
    ):
        refusal(company, text)


def test_five_hundred_fields_fit_and_one_more_is_refused(company: Company) -> None:
    some = {f"f{n}": {"type": "integer", "label": {"uk": f"Поле {n}", "en": f"Field {n}"}} for n in range(501)}
    assert "at most 500 made fields" in refusal(company, {"fields": {"account": some}})


def test_twenty_thousand_options_fit_and_one_more_is_refused(company: Company) -> None:
    options = [{"key": str(n), "label": {"uk": f"Місто {n}", "en": f"Town {n}"}} for n in range(20_001)]
    assert "at most 20000 options" in refusal(company, {"picklists": {"town": {"label": "x", "options": options}}})


def test_values_that_repeat_keep_a_field_from_being_unique_and_are_named(company: Company) -> None:
    one, two, three = company.make("account", {"name": "Гута", "city": "Львів"}, {"name": "Лан", "city": "Львів"}, {"name": "Мур", "city": "Київ"})
    field: dict[str, Any] = {"type": "text", "label": {"uk": "Місто складу", "en": "Town of the store"}}
    with company.system() as session:
        apply(session, from_raw({"fields": {"account": {"store": field}}}, session.catalog))
        session.commit()
    company.catalog = load_catalog(company.engine)
    with company.system() as session:
        records.change_many(session, "account", {one: {"store": "Стрий"}, two: {"store": "Стрий"}, three: {"store": "Самбір"}})
        session.commit()
    said = refusal(company, {"fields": {"account": {"store": {**field, "unique": True}}}})
    assert "Стрий" in said and "Самбір" not in said


def test_a_field_that_must_be_filled_in_over_records_without_it(company: Company) -> None:
    """The plan says how many there are; they stay as they are, and whoever makes one, or saves an old one, is asked for it."""
    old, _ = company.make("account", {"name": "Гута"}, {"name": "Віче"})
    with company.system() as session:
        said = {"type": "text", "required": True, "label": {"uk": "Поле", "en": "Field"}}
        document = from_raw({"fields": {"account": {"x": said}}}, session.catalog)
        assert [(c.kind, c.field, c.effect, c.records) for c in plan(session, document)] == [("field", "x", "create", 0), ("rule", "x.required", "create", 2)]
        apply(session, document)
        assert plan(session, document) == []
        session.commit()
    company.catalog = load_catalog(company.engine)
    with pytest.raises(Invalid):
        company.make("account", {"name": "Лан"})
    with company.system() as session:
        with pytest.raises(Invalid):
            records.change(session, "account", old, {"city": "Львів"})
        records.change(session, "account", old, {"city": "Львів", "x": "є"})
        session.rollback()
