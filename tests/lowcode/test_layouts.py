"""Layouts in a configuration file: applied, exported, undone, and what of them a person's screens take."""

from typing import Any

import pytest
import yaml
from sqlalchemy import select, update

from crm.backoffice import lists, records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.layouts import TABLE
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.errors import BadRequest
from crm.messages import Label
from tests.company import Company

READER: dict[str, Any] = {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "revenue": "hidden"}}
LAYOUTS = """
layouts:
  account:
    columns: [name, city, revenue]
    sort: -created_at,name
    sections:
      - {label: {uk: Головне, en: Main}, fields: [name, {city: wide}, revenue]}
      - {label: {uk: Інше про неї, en: More of it}, fields: [{description: half}]}
    related: [deals, positions]
    quick: [name, phone]
    menu: {area: sales, order: 1, icon: coins}
    roles:
      second: {columns: [phone, name]}
      first: {columns: [name], rest: hidden, menu: {hidden: true}}
"""


@pytest.fixture
def staffed(company: Company) -> Company:
    for role in ("first", "second"):
        company.role(role, READER)
    return company


def put(company: Company, text: str) -> list[tuple[str, str, str | None, str]]:
    with company.system() as session:
        applied = apply(session, read(text, company.catalog))
        session.commit()
    company.catalog = load_catalog(company.engine)
    return [(c.kind, c.entity, c.field, c.effect) for c in applied.changes]


def take_back(company: Company, version: int | None = None) -> None:
    with company.system() as session:
        undo(session, version or company.catalog.version)
        session.commit()
    company.catalog = load_catalog(company.engine)


def printed(company: Company) -> str:
    with company.system(write=False) as session:
        return yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False)


def said(company: Company) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(printed(company))["layouts"]
    return found


def test_a_file_is_applied_printed_and_read_back_to_no_change(staffed: Company) -> None:
    assert said(staffed) == {}
    assert put(staffed, LAYOUTS) == [("layout", "account", None, "create"), ("layout", "account", "second", "create"), ("layout", "account", "first", "create")]
    assert put(staffed, LAYOUTS) == []
    assert said(staffed) == yaml.safe_load(LAYOUTS)["layouts"] and list(said(staffed)["account"]["roles"]) == ["second", "first"]
    text = printed(staffed)
    assert put(staffed, text) == [] and printed(staffed) == text


def test_what_a_file_does_not_name_stays_and_what_it_names_is_replaced_whole(staffed: Company) -> None:
    put(staffed, LAYOUTS)
    assert put(staffed, "layouts: {account: {roles: {first: {sort: name}}}}") == [("layout", "account", "first", "change")]
    assert said(staffed)["account"]["roles"] == {"second": {"columns": ["phone", "name"]}, "first": {"sort": "name"}}
    assert put(staffed, "layouts: {account: {quick: [name]}}") == [("layout", "account", None, "change")]
    assert set(said(staffed)["account"]) == {"quick", "roles"}
    moved = "layouts: {account: {roles: {first: {sort: name}, second: {columns: [phone, name]}}}}"
    assert set(put(staffed, moved)) == {("layout", "account", "first", "change"), ("layout", "account", "second", "change")}
    assert list(said(staffed)["account"]["roles"]) == ["first", "second"], "which decides for who holds both"


def test_nothing_in_place_of_a_layout_brings_the_standard_back(staffed: Company) -> None:
    put(staffed, LAYOUTS)
    assert put(staffed, "layouts: {account: {roles: {second: null}}}") == [("layout", "account", "second", "remove")]
    assert put(staffed, "layouts: {account: {columns: null}}") == [("layout", "account", None, "remove")]
    assert said(staffed) == {"account": {"roles": {"first": yaml.safe_load(LAYOUTS)["layouts"]["account"]["roles"]["first"]}}}
    take_back(staffed)
    assert put(staffed, "layouts: {account: null}") == [("layout", "account", None, "remove"), ("layout", "account", "first", "remove")]
    assert put(staffed, "layouts: {account: {}}") == [] and said(staffed) == {}
    take_back(staffed)
    assert set(said(staffed)["account"]["roles"]) == {"first"} and said(staffed)["account"]["quick"] == ["name", "phone"]


def test_each_version_is_taken_back_beside_what_later_ones_did(staffed: Company) -> None:
    put(staffed, LAYOUTS)
    made = staffed.catalog.version
    put(staffed, "layouts: {account: {roles: {first: {columns: [city]}}}, deal: {columns: [name]}}")
    changed = staffed.catalog.version
    put(staffed, "layouts: {account: {roles: {second: {columns: [city]}}}}")
    take_back(staffed, changed)
    assert said(staffed)["account"]["roles"] == {"second": {"columns": ["city"]}, "first": yaml.safe_load(LAYOUTS)["layouts"]["account"]["roles"]["first"]}
    assert "deal" not in said(staffed)
    take_back(staffed, made)
    assert said(staffed) == {}


def test_a_part_comes_from_the_first_role_that_has_it_then_from_all_then_from_the_product(staffed: Company) -> None:
    usual = staffed.catalog.layout("account")
    put(staffed, LAYOUTS)
    of = staffed.catalog.layout
    assert usual.columns == staffed.catalog.entity("account").columns and of("contact").columns == staffed.catalog.entity("contact").columns
    assert of("account").columns == of("account", ("seller",)).columns == ("name", "city", "revenue")
    assert of("account", ("first",)).columns == ("name",) and of("account", ("first", "second")).columns == ("phone", "name")
    both = of("account", ("first", "second"))
    assert both.sort == (("created_at", True), ("name", False)) and not both.rest and both.quick == ("name", "phone"), "part by part"
    assert (both.area, both.icon, both.place, both.hidden) == ("sales", "coins", 1, True), "of the menu word by word"
    assert both.sections[0].fields == ("name", "city", "revenue") and dict(both.broad) == {"city": True, "description": False}
    assert of("account").rest and not of("account").hidden


def test_a_layout_shows_nothing_that_rights_hide(staffed: Company) -> None:
    put(staffed, LAYOUTS)
    person = staffed.person("first")
    staffed.make("account", {"name": "Б"}, {"name": "А"})
    put(staffed, "layouts: {account: {sort: 'revenue,name', roles: {first: {columns: [revenue, phone, name]}}}}")
    with staffed.session(person, write=False) as session:
        query = lists.parse_query(session, "account", {})
        assert query.columns == ("phone", "name") and query.sort == (("name", False),)
        assert [row.values["name"] for row in lists.page(session, query).rows] == ["А", "Б"]
    put(staffed, "layouts: {account: {sort: revenue, roles: {first: {columns: [revenue]}}}}")
    with staffed.session(person, write=False) as session:
        query = lists.parse_query(session, "account", {})
        assert "name" in query.columns and "revenue" not in query.columns and query.sort == (("id", False),)


MADE = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    fields:
      customer: {type: reference, to: account, label: {uk: Замовник, en: Customer}}
      opens_on: {type: date, label: {uk: Відкриття, en: Opens}}
fields:
  account: {nickname: {type: text, label: {uk: Прізвисько, en: Nickname}}}
layouts:
  tender:
    columns: [name, opens_on, customer]
    sort: -opens_on
    sections: [{label: {uk: Тендер, en: Tender}, fields: [name, {customer: wide}, opens_on]}]
    quick: [name, customer]
    menu: {area: sales, icon: trophy}
  account:
    columns: [name, nickname]
    related: [tender_customer]
    quick: [nickname]
    sections: [{label: {uk: Імена, en: Names}, fields: [name, nickname]}, {label: {uk: Ще, en: More}, fields: [nickname]}]
"""


def test_what_a_file_makes_it_may_lay_out(company: Company) -> None:
    good = yaml.safe_load(MADE)
    good["layouts"]["account"]["sections"].pop()
    text = yaml.safe_dump(good, allow_unicode=True, sort_keys=False)
    assert {("layout", "tender", None, "create"), ("layout", "account", None, "create")} <= set(put(company, text)) and put(company, text) == []
    assert company.catalog.layout("tender").sort == (("opens_on", True),) and company.catalog.layout("tender").area == "sales"
    assert said(company) == {key: good["layouts"][key] for key in ("account", "tender")}
    take_back(company)
    assert said(company) == {}
    take_back(company)
    assert said(company) == {key: good["layouts"][key] for key in ("account", "tender")}
    with pytest.raises(BadRequest):
        put(company, MADE)  # a field stands twice


def test_a_removed_field_leaves_the_layout_and_comes_back_with_its_place(company: Company) -> None:
    good = yaml.safe_load(MADE)
    good["layouts"]["account"]["sections"].pop()
    put(company, yaml.safe_dump(good, allow_unicode=True))
    put(company, "removed: [account.nickname]")
    left = said(company)["account"]
    assert left["columns"] == ["name"] and left["sections"][0]["fields"] == ["name"] and "quick" not in left
    text = printed(company)
    assert put(company, text) == []
    take_back(company)
    assert said(company)["account"] == good["layouts"]["account"]
    put(company, "{removed: [account.nickname], layouts: {account: {columns: [city]}}}")
    assert said(company)["account"] == {"columns": ["city"]}
    take_back(company)
    assert said(company)["account"] == good["layouts"]["account"], "what an undo puts back it may name"


def test_a_renamed_field_keeps_its_place(company: Company) -> None:
    good = yaml.safe_load(MADE)
    good["layouts"]["account"]["sections"].pop()
    good["layouts"]["account"]["sort"] = "-nickname,name"
    put(company, yaml.safe_dump(good, allow_unicode=True))
    before = said(company)["account"]
    put(company, "fields: {account: {pet_name: {type: text, renamed_from: nickname, label: {uk: Прізвисько, en: Nickname}}}}")
    assert said(company)["account"] == yaml.safe_load(yaml.safe_dump(before).replace("nickname", "pet_name"))
    take_back(company)
    assert said(company)["account"] == before
    put(company, "fields: {tender: {buyer: {type: reference, to: account, renamed_from: customer, label: {uk: Покупець, en: Buyer}}}}")
    assert said(company)["account"]["related"] == ["tender_buyer"] and said(company)["tender"]["columns"] == ["name", "opens_on", "buyer"]


def test_a_plan_that_removes_a_field_tells_of_the_layouts_that_name_it(company: Company) -> None:
    good = yaml.safe_load(MADE)
    good["layouts"]["account"] = {"quick": ["nickname"], "roles": {"seller": {"columns": ["city", "nickname"]}, "head": {"columns": ["city"]}}}
    put(company, yaml.safe_dump(good, allow_unicode=True))
    with company.system() as session:
        (change,) = plan(session, read("removed: [account.nickname]", company.catalog))
    assert {(use.kind, use.name) for use in change.uses} == {("layout", "account"), ("layout", "account, seller")}


def test_the_layout_of_a_role_goes_with_the_role(staffed: Company) -> None:
    put(staffed, LAYOUTS)
    put(staffed, "layouts: {account: {roles: {first: {columns: [city]}}}}")
    version = staffed.catalog.version
    role = staffed.catalog.entity("role").table
    with staffed.system() as session:
        number = session.execute(select(role.c.id).where(role.c.code == "first")).scalar_one()
        records.remove(session, "role", number)
        session.commit()
    staffed.catalog = load_catalog(staffed.engine)
    assert set(said(staffed)["account"]["roles"]) == {"second"} and put(staffed, printed(staffed)) == []
    take_back(staffed, version)
    assert set(said(staffed)["account"]["roles"]) == {"second"}
    with pytest.raises(BadRequest):
        put(staffed, LAYOUTS)


def test_what_stands_in_the_database_and_makes_no_sense_is_left_out(staffed: Company) -> None:
    put(staffed, LAYOUTS)
    with staffed.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.role == "second").values(said={"columns": ["nothing"], "sort": "description,gone", "related": ["none"]}))
    staffed.catalog = load_catalog(staffed.engine)
    assert set(said(staffed)["account"]["roles"]) == {"first"}


@pytest.mark.parametrize("text", [
    "layouts: [account]",
    "layouts: {nowhere: {columns: [name]}}",
    "layouts: {account: [name]}",
    "layouts: {account: {colums: [name]}}",
    "layouts: {account: {columns: name}}",
    "layouts: {account: {columns: [nothing]}}",
    "layouts: {account: {columns: [name, name]}}",
    "layouts: {account: {sort: nothing}}",
    "layouts: {account: {sort: description}}",
    "layouts: {account: {sort: [name]}}",
    "layouts: {account: {sort: 'name,-name'}}",
    "layouts: {account: {sort: 'name,code,city,created_at,updated_at'}}",
    "layouts: {account: {sections: {fields: [name]}}}",
    "layouts: {account: {sections: [{fields: [name]}]}}",
    "layouts: {account: {sections: [{label: {uk: А, en: ''}, fields: [name]}]}}",
    "layouts: {account: {sections: [{label: {uk: А, en: B}, fields: []}]}}",
    "layouts: {account: {sections: [{label: {uk: А, en: B}, fields: [nothing]}]}}",
    "layouts: {account: {sections: [{label: {uk: А, en: B}, fields: [{name: broad}]}]}}",
    "layouts: {account: {sections: [{label: {uk: А, en: B}, fields: [{name: wide, city: half}]}]}}",
    "layouts: {account: {sections: [{label: {uk: А, en: B}, fields: [name]}, {label: {uk: В, en: C}, fields: [{name: wide}]}]}}",
    "layouts: {account: {rest: gone}}",
    "layouts: {account: {rest: true}}",
    "layouts: {account: {related: [nothing]}}",
    "layouts: {account: {related: [deals, deals]}}",
    "layouts: {account: {quick: [created_at]}}",
    "layouts: {account: {menu: {area: nowhere}}}",
    "layouts: {account: {menu: {icon: skull}}}",
    "layouts: {account: {menu: {order: first}}}",
    "layouts: {account: {menu: {order: true}}}",
    "layouts: {account: {menu: {hidden: maybe}}}",
    "layouts: {account: {menu: {colour: red}}}",
    "layouts: {deal_line: {menu: {order: 1}}}",
    "layouts: {account: {roles: {nobody: {columns: [name]}}}}",
    "layouts: {account: {roles: {seller: {columns: [nothing]}}}}",
    "layouts: {account: {roles: {seller: {roles: {}}}}}",
    "layouts: {account: {roles: [seller]}}",
    "layouts: {account: {roles: {seller: [name]}}}",
], ids=str)
def test_what_makes_no_sense_is_a_sentence_and_changes_nothing(company: Company, text: str) -> None:
    with company.system() as session, pytest.raises(BadRequest) as refused:
        plan(session, read(text, company.catalog))
    assert str(refused.value.message)
    with company.system() as session, pytest.raises(BadRequest):
        apply(session, read(text, company.catalog))
    assert said(company) == {}


def test_labels_are_in_both_languages(staffed: Company) -> None:
    put(staffed, LAYOUTS)
    assert staffed.catalog.layout("account").sections[0].label == Label("Головне", "Main")
