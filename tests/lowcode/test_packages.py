"""Ready packages: complete in both languages, in force at once, the same from one instance to another, never over what a company has made its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from crm.backoffice import records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.lowcode.adding import missing, standing_otherwise
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import from_raw, read
from crm.backoffice.lowcode.export import whole
from crm.backoffice.lowcode.plan import plan
from crm.errors import BadRequest, Invalid, NotFound
from crm.packages import KEYS, text_of
from tests.company import Company


def put(company: Company, raw: str | dict[str, Any]) -> int:
    """Apply a configuration; how many changes it made."""
    with company.system() as session:
        document = read(raw, session.catalog) if isinstance(raw, str) else from_raw(raw, session.catalog)
        done = apply(session, document)
        session.commit()
    company.catalog = load_catalog(company.engine)
    return len(done.changes)


def exported(company: Company) -> str:
    with company.system(write=False) as session:
        return yaml.safe_dump(whole(session), allow_unicode=True, sort_keys=False)


def labels(raw: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every text that a reader sees, with its place."""
    if isinstance(raw, dict):
        for key, one in raw.items():
            if key in ("label", "plural", "help", "about", "message"):
                yield f"{path}.{key}", one
            else:
                yield from labels(one, f"{path}.{key}")
    elif isinstance(raw, list):
        for number, one in enumerate(raw):
            yield from labels(one, f"{path}.{number}")


@pytest.mark.parametrize("key", KEYS)
def test_a_package_speaks_both_languages(key: str) -> None:
    found = dict(labels(yaml.safe_load(text_of(key))))
    assert len(found) > 50
    for place, said in found.items():
        assert set(said) == {"uk", "en"} and all(said.values()), place
        assert not any("a" <= letter.lower() <= "z" for letter in said["uk"]), place
        assert not any("а" <= letter.lower() <= "я" for letter in said["en"]), place


def test_packages_are_put_in_force_once_and_taken_back(company: Company) -> None:
    before = exported(company)
    versions = []
    for key in KEYS:
        assert put(company, text_of(key)) > 60
        assert put(company, text_of(key)) == 0
        versions.append(company.catalog.version)
    assert {"claim", "delivery_point", "price_terms", "service_contract", "work_order"} <= set(company.catalog.entities)
    for version in reversed(versions):
        with company.system() as session:
            undo(session, version)
            session.commit()
        company.catalog = load_catalog(company.engine)
    after = yaml.safe_load(exported(company))
    assert after["entities"] == {} and after["fields"] == {} and after["checks"] == {} and after["layouts"] == {}
    assert {**after, "picklists": {}} == {**yaml.safe_load(before), "picklists": {}}, "options that a version made are retired, since old records may hold them"


def test_a_whole_configuration_is_the_same_in_another_instance(company: Company, sqlite_template: Path, tmp_path: Path) -> None:
    """Exported, applied to a new company, on the other kind of database too, and exported again: the same bytes."""
    for key in KEYS:
        put(company, text_of(key))
    put(company, {"entities": {"claim": {"label": {"uk": "Скарга", "en": "Complaint"}, "plural": {"uk": "Скарги", "en": "Complaints"}}}})
    said = exported(company)
    other = Company(make_engine(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'other.db')}"))
    put(other, said)
    assert exported(other) == said
    other.engine.dispose()


def test_what_a_company_has_made_its_own_stays_unless_it_says_otherwise(company: Company) -> None:
    put(company, text_of("wholesale"))
    own = {
        "entities": {"claim": {"label": {"uk": "Скарга", "en": "Complaint"}}},
        "picklists": {"claim_kind": {"options": [
            {"key": "theft", "label": {"uk": "Крадіжка", "en": "Theft"}}, {"key": "late", "label": {"uk": "Пізно", "en": "Late"}},
        ]}},
        "roles": {"logistician": {"label": {"uk": "Логіст", "en": "Logistician"}, "rules": []}},
        "removed": ["delivery_point.hours"],
    }
    put(company, own)
    with company.system() as session:
        package = read(text_of("wholesale"), session.catalog)
        assert {(c.kind, c.entity, c.field) for c in standing_otherwise(session, package)} == {
            ("entity", "claim", None), ("option", "claim_kind", "late"), ("rules", "role", "logistician"),
            ("layout", "delivery_point", None),  # it shows the removed field no more
        }
        assert [(c.kind, c.entity, c.field) for c in plan(session, missing(session, package))] == [("field", "delivery_point", "hours")]
        apply(session, missing(session, package))
        session.commit()
    company.catalog = load_catalog(company.engine)
    assert company.catalog.entity("claim").label.en == "Complaint" and "hours" in company.catalog.entity("delivery_point").fields
    assert company.catalog.picklists["claim_kind"].by_key("theft") is not None
    put(company, text_of("wholesale"))
    assert company.catalog.entity("claim").label.en == "Claim"


def test_a_package_of_a_newer_version_says_so_and_a_head_is_checked(company: Company) -> None:
    label = {"uk": "Пакунок", "en": "Package"}
    head: dict[str, Any] = {"key": "own", "version": 1, "label": label, "about": label}
    with company.system(write=False) as session:
        assert from_raw({"package": {**head, "needs": "0.0.9"}}, session.catalog).package is not None
        with pytest.raises(BadRequest) as refused:
            from_raw({"package": {**head, "needs": "99.1"}}, session.catalog)
        assert "99.1" in str(refused.value.message.params["what"].params)
        wrongs: list[dict[str, Any]] = [
            {"needs": "new"}, {"needs": "1.2.3.4.5"}, {"version": 0}, {"version": "1"}, {"key": ""}, {"label": {"uk": "Лише"}}, {"unknown": 1}, {"about": None},
        ]
        for wrong in wrongs:
            with pytest.raises(BadRequest):
                from_raw({"package": {**head, **wrong}}, session.catalog)
        with pytest.raises(BadRequest):
            from_raw({"package": ["wholesale"]}, session.catalog)
    with pytest.raises(NotFound):
        text_of("../standard")


def test_the_registers_do_what_they_are_for(company: Company) -> None:
    """A claim, its number and roll-ups; terms that end before they begin; a work order that is done without hours."""
    for key in KEYS:
        put(company, text_of(key))
    (firm,) = company.make("account", {"name": "Гурт"})
    option = company.option
    (claim,) = company.make("claim", {
        "name": "Бій", "account": firm, "kind": option("claim_kind", "damage"), "state": option("claim_state", "accepted"), "received_on": "2026-03-02",
        "decided_on": "2026-03-05", "claimed": 900, "agreed": 700, "currency": "UAH",
    })
    terms = {"name": "Умови", "account": firm, "discount": "0.1", "since": "2026-05-01"}
    with pytest.raises(Invalid):
        company.make("price_terms", {**terms, "until": "2026-04-01"})
    company.make("price_terms", {**terms, "until": "2026-06-01"})
    (contract,) = company.make("service_contract", {
        "name": "Обслуговування", "account": firm, "state": option("contract_state", "in_force"), "starts_on": "2026-01-01", "fee": "1500.50",
        "currency": "UAH",
    })
    order = {"name": "Виїзд", "account": firm, "contract": contract, "kind": option("work_kind", "repair"), "state": option("work_state", "done")}
    with pytest.raises(Invalid) as refused:
        company.make("work_order", order)
    assert {"engineer", "done_on", "spent", "result"} <= set(refused.value.fields)
    engineer = company.person("clerk")
    company.make("work_order", {**order, "engineer": engineer, "done_on": "2026-02-03", "spent": 90, "result": "<p>Замінено</p>"})
    with company.system(write=False) as session:
        account, contracts = (company.catalog.entity(key) for key in ("account", "service_contract"))
        column = {key: account.table.c[account.fields[key].attribute] for key in ("claims_count", "claims_agreed", "contracts_yearly", "last_work")}
        row = session.execute(select(*(c.label(key) for key, c in column.items())).where(account.table.c.id == firm)).one()
        assert (row.claims_count, row.claims_agreed, row.contracts_yearly, str(row.last_work)) == (1, 700, 18006, "2026-02-03")
        assert session.execute(select(contracts.table.c[contracts.fields["time_spent"].attribute])).scalar_one() == 90
        number = company.catalog.entity("claim").fields["number"].attribute
        assert session.execute(select(company.catalog.entity("claim").table.c[number])).scalar_one().endswith("-0001")
    with company.system() as session:
        records.remove(session, "claim", claim)
        session.commit()
        assert session.execute(select(func.max(column["claims_count"]))).scalar_one() == 0
