"""Which field a column is taken for, how its values are read, and that a mapping written down is read back the same."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from crm.backoffice.exchange.mapping import FileForm, Mapping, load_mapping, parse_mapping
from crm.backoffice.exchange.mapping_text import as_tree, as_yaml
from crm.backoffice.exchange.naming import likeness, unit, words
from crm.backoffice.exchange.open_file import open_file
from crm.backoffice.exchange.profile import from_dict, profile
from crm.backoffice.exchange.suggest import Suggested, suggest
from tests.company import Company
from tests.conftest import SAMPLE_DATA

Ask = Callable[..., Suggested]


@pytest.fixture
def ask(company: Company, tmp_path: Path) -> Ask:
    """`ask("account", "name,city\\n…")`: what is suggested for a file; with `before` for somebody who used that mapping."""

    def suggested(entity: str, content: str | Path, before: Mapping | None = None, who: int | None = None) -> Suggested:
        path = content if isinstance(content, Path) else tmp_path / "rows.csv"
        if isinstance(content, str):
            path.write_text(content)
        seen = profile(open_file(path, FileForm()))
        session = company.session(who) if who is not None else company.system(write=False)
        with session:
            return suggest(session, company.catalog.entity(entity), seen, FileForm(), before)

    return suggested


def fields(found: Suggested) -> dict[str, str]:
    return {column: "+".join(t.name for t in targets) for column, targets in (found.mapping.columns or {}).items()}


MEANT = {
    "account": {
        "tax_code": "tax_code", "Поштовий індекс": "postal_code", "Postal code": "postal_code", "postalCode": "postal_code", "ПОШТОВИЙ  ІНДЕКС": "postal_code",
        "Поштовий індкс": "postal_code", "ЄДРПОУ": "tax_code", "Назва компанії": "name", "Клієнт": "name", "account name": "name", "Customer ID": "code",
        "Contact name": "contacts.name", "contactTitle": "contacts.title", "photoPath": "", "xyz": "", "reorderLevel": "",
    },
    "deal": {
        "Клієнт": "account", "Менеджер": "owner", "Сума, тис.": "amount", "Deal stage": "stage", "Угода": "name", "Номер угоди": "code",
    },
    "user": {"Sales agent": "name", "reportsTo": "manager"}, "product": {"Артикул": "code", "Unit price": "price"}, "product_category": {"categoryID": "code"},
    "contact": {"ПІБ": "name"},
    "interaction": {
        "Клієнт": "account", "Тривалість": "planned_minutes", "Статус": "state", "Activity type": "medium", "Підсумок": "result", "Assigned to": "owner",
        "Дата контакту": "held_at", "Початок": "planned_start", "Нотатки": "minutes",
    },
}


@pytest.mark.parametrize(("entity", "header"), [(entity, header) for entity, headers in MEANT.items() for header in headers])
def test_a_column_is_taken_for_the_field_that_people_mean_by_its_name(ask: Ask, entity: str, header: str) -> None:
    assert fields(ask(entity, f'"{header}",zzz\n1,2\n')).get(header, "") == MEANT[entity][header]


def test_a_column_whose_name_says_nothing_is_known_by_its_values(ask: Ask) -> None:
    found = ask("contact", "a,b,c\nІван,044 111 22 33,a@b.example\nОлег,(067) 555-44-33,c@d.example\n")
    assert fields(found) == {"b": "phone", "c": "email"}
    assert found.doubtful == {"b", "c"}
    accounts = ask("account", "a,b\nУкраїна,Клієнт\nПольща,Постачальник\nGermany,customer\n")
    assert fields(accounts) == {"a": "country", "b": "kind"}


def test_a_name_that_its_values_contradict_gives_way(ask: Ask) -> None:
    found = ask("deal", "Дата закриття,Сума\nнезабаром,багато\nколись,мало\n")
    assert found.doubtful >= set(fields(found))


def test_forms_of_dates_decimal_commas_units_and_words_for_nothing_are_found(ask: Ask) -> None:
    found = ask("deal", 'Назва,"Сума, тис.",Очікуване закриття,Закрито\nА,"1 250,5",03.11.2026,NULL\nБ,"7,25",28.11.2026,2026-11-30\n')
    mapping = found.mapping
    assert (mapping.decimal, dict(mapping.scale), mapping.dates) == (",", {"amount": Decimal(1000)}, ("%d.%m.%Y", "%Y-%m-%d"))
    assert mapping.file.empty == {"", "NULL"}


def test_days_that_may_be_months_are_a_doubt(ask: Ask) -> None:
    assert "Закрито" in ask("deal", "Назва,Закрито\nА,03/11/2026\nБ,04/12/2026\n").doubtful
    clear = ask("deal", "Назва,Закрито\nА,03/11/2026\nБ,24/12/2026\n")
    assert (clear.mapping.dates, "Закрито" in clear.doubtful) == (("%d/%m/%Y",), False)


def test_a_reference_goes_by_what_finds_most_records(company: Company, ask: Ask) -> None:
    company.make("account", {"code": "A-1", "name": "Рошен"}, {"code": "A-2", "name": "Нібулон"})
    ways = {}
    for header, values in (("by name", ("Рошен", "Нібулон")), ("by code", ("A-1", "A-2")), ("half", ("Рошен", "Ніяка"))):
        found = ask("deal", f"Назва,Клієнт\nА,{values[0]}\nБ,{values[1]}\n")
        ways[header] = ((found.mapping.columns or {})["Клієнт"][0].by, "Клієнт" in found.doubtful)
    assert ways == {"by name": ("name", False), "by code": (None, False), "half": ("name", True)}


def test_products_in_a_file_of_deals_are_those_that_are_there(company: Company, ask: Ask) -> None:
    content = "Назва,product\nА,Камера\nБ,Агрегат\n"
    assert fields(ask("deal", content))["product"] == "products.name"
    company.make("product", {"name": "Камера"}, {"name": "Агрегат"})
    assert fields(ask("deal", content))["product"] == "lines.product"


def test_what_finds_a_record_is_the_code_then_the_name(ask: Ask) -> None:
    assert ask("account", "code,name\n1,А\n").mapping.match == ("code",)
    assert ask("account", "name,city\nА,Київ\n").mapping.match == ("name",)
    assert ask("user", "name,email\nА,a@b.example\n").mapping.match == ("email",)
    assert ask("account", "city,zzz\nКиїв,1\n").mapping.match is None


def test_the_mapping_used_before_comes_first_but_not_what_may_no_longer_be_written(company: Company, ask: Ask) -> None:
    before = load_mapping("columns: {name: code, city: name, worth: revenue}\nmatch: [code]\ndefaults: {kind: customer}\nscale: {revenue: 1000}")
    content = "name,city,worth\nА,Київ,5\n"
    found = ask("account", content, before)
    assert fields(found) == {"name": "code", "city": "name", "worth": "revenue"}
    assert (found.mapping.match, dict(found.mapping.scale), dict(found.mapping.defaults)) == (("code",), {"revenue": Decimal(1000)}, {"kind": "customer"})
    role = company.role("blind", {"entity": "account", "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit", "revenue": "hidden"}})
    assert fields(ask("account", content, before, company.person(role))) == {"name": "code", "city": "name"}


def test_a_column_that_is_named_for_a_field_out_of_reach_is_left_out_and_no_neighbour_takes_it(company: Company, ask: Ask) -> None:
    rule = {"entity": "account", "actions": ["read", "create", "update"], "scope": "all"}
    all_of_it = company.person(company.role("open", {**rule, "fields": {"*": "edit"}}))
    no_phone = company.person(company.role("no_phone", {**rule, "fields": {"*": "edit", "phone": "hidden"}}))
    only_read = company.person(company.role("reads_phone", {**rule, "fields": {"*": "edit", "phone": "read"}}))
    content = "Назва,Phone\nА,044 111 22 33\nБ,(067) 555-44-33\n"
    assert fields(ask("account", content, who=all_of_it)) == {"Назва": "name", "Phone": "phone"}
    for person in (no_phone, only_read):
        assert fields(ask("account", content, who=person)) == {"Назва": "name"}
        assert fields(ask("account", content.replace("Phone", "Телефон офісу"), who=person)) == {"Назва": "name"}
        # A name that says nothing is still known by what stands in the column.
        assert fields(ask("account", content.replace("Phone", "x"), who=person)) == {"Назва": "name", "x": "fax"}
    deals = {"entity": "deal", "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit", "expected_on": "hidden"}}
    seller = company.person(company.role("expects_nothing", deals))
    assert fields(ask("deal", "Назва,Очікуване закриття\nА,2026-11-03\n")) == {"Назва": "name", "Очікуване закриття": "expected_on"}
    assert fields(ask("deal", "Назва,Очікуване закриття\nА,2026-11-03\n", who=seller)) == {"Назва": "name"}


MAPPINGS = (
    "columns: {a: name}",
    """
entity: deal
match: [code]
columns:
  a: [closed_on, stage_entered.closed]
  b: {field: owner, by: name, missing: create}
ignore: [c, d]
""",
    """
file: {format: csv, encoding: cp1251, delimiter: tab, header: false, empty: ['', 'NULL'], sheet: Аркуш}
decimal: ','
dates: ['%d.%m.%Y']
columns: {c1: name}
""",
    """
scale: {revenue: 1000000}
defaults: {kind: customer, 'employees': '7'}
columns:
  'так: ні': {field: industry, values: {'1': medical, 'no': '', 'ні': retail}}
  x: revenue
""",
)


@pytest.mark.parametrize("text", MAPPINGS)
def test_a_mapping_written_down_is_read_back_the_same(text: str) -> None:
    mapping = load_mapping(text)
    assert load_mapping(as_yaml(mapping)) == mapping
    assert parse_mapping(as_tree(mapping)) == mapping


@pytest.mark.sample_data
def test_the_ready_mappings_are_read_back_the_same() -> None:
    files = sorted(path for path in Path(SAMPLE_DATA, "mappings").glob("*.yaml") if "pipeline" not in path.name)
    assert len(files) >= 9
    for path in files:
        mapping = load_mapping(path.read_text())
        assert load_mapping(as_yaml(mapping)) == mapping, path.name


@pytest.mark.sample_data
def test_real_customers_are_mapped_as_their_ready_mapping_says(ask: Ask) -> None:
    ready = load_mapping(Path(SAMPLE_DATA, "mappings", "northwind_customers.yaml").read_text())
    found = ask("account", Path(SAMPLE_DATA, "northwind", "customers.csv"))
    assert fields(found) == {column: targets[0].name for column, targets in (ready.columns or {}).items()}
    assert found.mapping.match == ready.match
    assert found.mapping.file.empty == ready.file.empty


def test_a_profile_is_kept_as_json_and_read_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('name,when,worth,none\nА,03.11.2026,"1,5",\nБ,04.11.2026,"2,5",NULL\n')
    seen = profile(open_file(path, FileForm()))
    assert [column.kind for column in seen.columns] == ["text", "date", "number", "empty"]
    assert (seen.rows, seen.whole, seen.columns[3].nothing) == (2, True, ("NULL",))
    assert from_dict(seen.as_dict()) == seen


def test_words_of_a_name_and_its_unit() -> None:
    assert words("companyName") == words("Company_name") == words("company  NAME") == ("company", "name")
    assert (unit("Сума, тис."), unit("Revenue (mln)"), unit("Сума"), unit("k")) == (1000, 1_000_000, None, None)


def test_likeness_prefers_the_exact_name(company: Company) -> None:
    deal = company.catalog.entity("deal")
    score = {name: likeness(name, deal, "closed_on", deal.fields["closed_on"].label) for name in ("closed_on", "Закрито", "Дата закриття", "Хто закрив")}
    assert score["closed_on"] > score["Закрито"] > score["Дата закриття"] > score["Хто закрив"]
