"""Entities and fields made by a configuration file: real tables and columns, the same doors, and a way back."""

from datetime import date
from decimal import Decimal

import pytest
import yaml
from sqlalchemy import inspect, select

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.errors import BadRequest, Invalid
from crm.messages import render
from tests.company import Company

TENDER = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    fields:
      customer: {type: reference, to: account, required: true, label: {uk: Замовник, en: Customer}}
      budget: {type: money, label: {uk: Бюджет, en: Budget}}
      opens_on: {type: date, label: {uk: Відкриття, en: Opens}}
      result:
        type: picklist
        label: {uk: Результат, en: Result}
        options: [{key: won, label: {uk: Виграно, en: Won}, colour: green}, {key: lost, label: {uk: Програно, en: Lost}}]
      fee: {type: formula, formula: "budget * 0.02", label: {uk: Внесок, en: Fee}}
fields:
  account:
    tenders_total: {type: rollup, of: tender.customer, function: sum, field: budget, class: sensitive, label: {uk: Сума тендерів, en: Tenders total}}
    tenders: {type: rollup, of: tender.customer, function: count, label: {uk: Тендерів, en: Tenders}}
    last_result: {type: rollup, of: tender.customer, function: last, field: result, by: opens_on, label: {uk: Останній результат, en: Last result}}
    share: {type: formula, formula: "tenders_total / revenue", gives: percent, class: sensitive, label: {uk: Частка, en: Share}}
"""


def put(company: Company, text: str, *, agreed: bool = False) -> list[tuple[str, str, str | None, str, int]]:
    with company.system() as session:
        applied = apply(session, read(text, company.catalog), agreed=agreed)
        session.commit()
    company.catalog = load_catalog(company.engine)
    return [(c.kind, c.entity, c.field, c.effect, c.records) for c in applied.changes]


def refused(company: Company, text: str) -> str:
    """The sentence with which a file is refused; nothing has changed then."""
    with company.system() as session, pytest.raises(BadRequest) as why:
        apply(session, read(text, company.catalog))
    assert load_catalog(company.engine).version == company.catalog.version
    return render(why.value.message, "en")


def take_back(company: Company, version: int | None = None, *, agreed: bool = True) -> None:
    with company.system() as session:
        undo(session, version or company.catalog.version, agreed=agreed)
        session.commit()
    company.catalog = load_catalog(company.engine)


def held(company: Company, entity: str, record_id: int, *keys: str) -> tuple[object, ...]:
    kind = company.catalog.entity(entity)
    with company.engine.connect() as connection:
        return tuple(connection.execute(select(*(kind.table.c[kind.fields[k].attribute] for k in keys)).where(kind.table.c.id == record_id)).one())


def test_a_file_makes_an_entity_with_a_table_and_fields_with_columns(company: Company) -> None:
    changes = put(company, TENDER)
    assert ("entity", "tender", None, "create", 0) in changes and ("field", "tender", "customer", "create", 0) in changes
    assert put(company, TENDER) == [], "applying it twice changes nothing"
    kind = company.catalog.entity("tender")
    made = inspect(company.engine)
    columns = {column["name"] for column in made.get_columns(kind.table.name)}
    assert {kind.fields[key].attribute for key in ("customer", "budget", "opens_on", "result", "fee")} <= columns
    referred = {(key["constrained_columns"][0], key["referred_table"]) for key in made.get_foreign_keys(kind.table.name)}
    assert (kind.fields["customer"].attribute, "account") in referred
    assert any(index["column_names"][0] == kind.fields["customer"].attribute for index in made.get_indexes(kind.table.name))
    assert kind.fields["fee"].type == "money", "money by a number is money"
    assert company.catalog.entity("account").relations["tender_customer"].entity == "tender"
    assert kind.fields["budget"].sensitivity == "internal" and company.catalog.entity("account").fields["tenders"].sensitivity == "sensitive"


def test_records_of_a_made_entity_go_through_the_one_door(company: Company) -> None:
    put(company, TENDER)
    (firm,) = company.make("account", {"name": "Фірма", "revenue": Decimal(1000)})
    first, second = company.make(
        "tender", {"customer": firm, "budget": Decimal("100.50"), "opens_on": date(2026, 5, 1), "result": company.option("tender.result", "lost")},
        {"customer": firm, "budget": Decimal(200), "opens_on": date(2026, 4, 1), "result": company.option("tender.result", "won")},
    )
    assert held(company, "tender", first, "fee", "name", "currency") == (Decimal("2.01"), f"TEN-{first}", "UAH")
    lost = company.option("tender.result", "lost")
    assert held(company, "account", firm, "tenders_total", "tenders", "last_result", "share") == (Decimal("300.5"), 2, lost, Decimal("0.3005"))
    with company.system() as session:
        records.change(session, "tender", second, {"budget": Decimal(300), "opens_on": date(2026, 6, 1)})
        session.commit()
    won = company.option("tender.result", "won")
    assert held(company, "account", firm, "tenders_total", "tenders", "last_result", "share") == (Decimal("400.5"), 2, won, Decimal("0.4005"))
    with company.system() as session:
        records.remove(session, "tender", second)
        session.commit()
    assert held(company, "account", firm, "tenders_total", "tenders", "last_result") == (Decimal("100.5"), 1, lost)
    with company.system() as session, pytest.raises(Invalid):
        records.create(session, "tender", {"budget": Decimal(5)})


def test_amounts_of_another_currency_have_no_sum(company: Company) -> None:
    put(company, TENDER)
    (firm,) = company.make("account", {"name": "Фірма"})
    company.make("tender", {"customer": firm, "budget": Decimal(100)}, {"customer": firm, "budget": Decimal(7), "currency": "USD"})
    assert held(company, "account", firm, "tenders_total", "tenders") == (None, 2)


def test_a_roll_up_made_over_records_that_stand_adds_them_up(company: Company) -> None:
    rollups = yaml.safe_load(TENDER)
    fields = rollups.pop("fields")
    put(company, yaml.safe_dump(rollups, allow_unicode=True))
    (firm,) = company.make("account", {"name": "Фірма"})
    company.make("tender", {"customer": firm, "budget": Decimal(100)}, {"customer": firm, "budget": Decimal(7)})
    put(company, yaml.safe_dump({"fields": fields}, allow_unicode=True))
    assert held(company, "account", firm, "tenders_total", "tenders") == (Decimal(107), 2)


def test_the_whole_is_printed_and_reads_back_to_no_change(company: Company) -> None:
    put(company, TENDER)
    with company.system(write=False) as session:
        text = yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False)
        assert plan(session, read(text, company.catalog)) == []
    assert "tenders_total" in text


def test_an_undone_version_takes_its_fields_away_and_undoing_that_brings_their_values_back(company: Company) -> None:
    put(company, TENDER)
    (firm,) = company.make("account", {"name": "Фірма"})
    (one,) = company.make("tender", {"customer": firm, "budget": Decimal(100)})
    with pytest.raises(BadRequest):
        take_back(company, agreed=False)
    take_back(company)
    assert "tender" not in company.catalog.entities and "tenders" not in company.catalog.entity("account").fields
    take_back(company)
    assert held(company, "tender", one, "budget", "fee") == (Decimal(100), Decimal(2))
    assert held(company, "account", firm, "tenders_total") == (Decimal(100),)


def test_a_removed_field_comes_back_with_its_values(company: Company) -> None:
    put(company, "fields: {account: {nickname: {type: text, class: internal, label: {uk: Прізвисько, en: Nickname}}}}")
    (firm,) = company.make("account", {"name": "Фірма", "nickname": "Рибка"})
    with pytest.raises(BadRequest):
        put(company, "removed: [account.nickname]")
    assert put(company, "removed: [account.nickname]", agreed=True) == [("field", "account", "nickname", "remove", 1)]
    assert "nickname" not in company.catalog.entity("account").fields
    take_back(company)
    assert held(company, "account", firm, "nickname") == ("Рибка",)


def test_a_renamed_field_keeps_its_values_and_a_done_renaming_is_ignored(company: Company) -> None:
    put(company, "fields: {account: {risk_score: {type: decimal, class: internal, label: {uk: Ризик, en: Risk}}}}")
    (firm,) = company.make("account", {"name": "Фірма", "risk_score": Decimal("1.5")})
    renamed = "fields: {account: {risk: {type: decimal, renamed_from: risk_score, label: {uk: Ризик, en: Risk}}}}"
    assert put(company, renamed) == [("field", "account", "risk", "rename", 1)]
    assert put(company, renamed) == []
    assert held(company, "account", firm, "risk") == (Decimal("1.5"),) and "risk_score" not in company.catalog.entity("account").fields
    take_back(company)
    assert held(company, "account", firm, "risk_score") == (Decimal("1.5"),)


def test_a_changed_type_converts_what_it_can_and_undo_brings_back_the_rest(company: Company) -> None:
    put(company, "fields: {account: {size: {type: text, class: internal, label: {uk: Розмір, en: Size}}}}")
    one, two = company.make("account", {"name": "А", "size": "12,5"}, {"name": "Б", "size": "велика"})
    number = "fields: {account: {size: {type: decimal, label: {uk: Розмір, en: Size}}}}"
    with pytest.raises(BadRequest):
        put(company, number)
    assert put(company, number, agreed=True) == [("field", "account", "size", "convert", 2)]
    assert held(company, "account", one, "size") == (Decimal("12.5"),) and held(company, "account", two, "size") == (None,)
    take_back(company)
    assert held(company, "account", two, "size") == ("велика",)


@pytest.mark.parametrize("text", [
    "entities: {account: {label: {uk: А, en: B}}}",
    "entities: {report: {label: {uk: А, en: B}}}",
    "entities: {Tender: {label: {uk: А, en: B}}}",
    "entities: {tender: {label: {uk: Тендер}}}",
    "entities: {tender: {label: {uk: Тендер, en: ''}}}",
    "entities: {tender: {label: {uk: А, en: B}, colour: red}}",
    "fields: {account: {x: {type: nothing, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: text}}}",
    "fields: {account: {x: {type: text, label: {uk: А, en: B}, scale: 3}}}",
    "fields: {account: {name: {type: text, label: {uk: А, en: B}}}}",
    "fields: {account: {id: {type: text, label: {uk: А, en: B}}}}",
    "fields: {account: {a.b: {type: text, label: {uk: А, en: B}}}}",
    "fields: {nowhere: {x: {type: text, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: reference, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: reference, to: nowhere, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: formula, formula: '', label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: formula, formula: 'x + 1', label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: formula, formula: 'name + 1', label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: formula, formula: 'revenue * revenue', label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: formula, formula: 'y + 1', label: {uk: А, en: B}}, y: {type: formula, formula: 'x + 1', label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: rollup, of: deal.account, function: median, field: amount, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: rollup, of: deal.owner, function: count, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: rollup, of: deal.account, function: sum, field: name, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: rollup, of: deal.account, function: sum, field: margin, class: internal, label: {uk: А, en: B}}}}",
    "fields: {account: {x: {type: integer, default: many, label: {uk: А, en: B}}}}",
    "removed: [account.name]",
    "removed: account.name",
    "removed: [a.b.c]",
], ids=str)
def test_what_makes_no_sense_is_a_sentence_and_changes_nothing(company: Company, text: str) -> None:
    assert refused(company, text)


def test_words_of_sql_and_of_python_are_good_keys(company: Company) -> None:
    keys = ("class", "select", "order", "metadata", "data", "errors", "validate", "form", "meta", "def", "none", "query", "registry", "self")
    put(company, yaml.safe_dump({"fields": {"contact": {key: {"type": "text", "class": "internal", "label": {"uk": key, "en": key}} for key in keys}}}))
    (one,) = company.make("contact", {"name": "Петро", **{key: f"value of {key}" for key in keys}})
    assert held(company, "contact", one, *keys) == tuple(f"value of {key}" for key in keys)


def test_a_field_that_holds_a_value_twice_does_not_become_unique_by_a_file(company: Company) -> None:
    once = "fields: {account: {number: {type: integer, class: internal, label: {uk: Номер, en: Number}}}}"
    put(company, once)
    company.make("account", {"name": "А", "number": 7}, {"name": "Б", "number": 7})
    with pytest.raises(Invalid) as refused:
        put(company, once.replace("integer,", "integer, unique: true,"))
    assert "7" in str(refused.value.message)


def test_several_fields_are_renamed_at_once(company: Company) -> None:
    put(company, """
fields:
  account:
    low: {type: integer, class: internal, label: {uk: Низ, en: Low}}
    high: {type: integer, class: internal, label: {uk: Верх, en: High}}
    gap: {type: formula, formula: high - low, class: internal, label: {uk: Різниця, en: Gap}}
""")
    (firm,) = company.make("account", {"name": "А", "low": 1, "high": 10})
    put(company, """
fields:
  account:
    least: {type: integer, renamed_from: low, label: {uk: Низ, en: Low}}
    most: {type: integer, renamed_from: high, label: {uk: Верх, en: High}}
""")
    assert held(company, "account", firm, "least", "most", "gap") == (1, 10, 9)
    assert company.catalog.entity("account").fields["gap"].formula == "most - least"
