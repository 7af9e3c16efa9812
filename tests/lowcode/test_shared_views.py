"""Shared views in a configuration file: applied, exported, undone; and a person's shelf on both databases."""

from dataclasses import replace

import pytest
import yaml

from crm.backoffice.catalog import load_catalog
from crm.backoffice.entities import Entity
from crm.backoffice.lowcode import export
from crm.backoffice.lowcode.apply import apply, undo
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan
from crm.backoffice.views import shelf
from crm.errors import BadRequest, Invalid, NotFound
from tests.company import Company

VIEWS = """
views:
  big:
    entity: deal
    label: {uk: Великі, en: Big}
    where: {all: [{field: amount, op: gt, value: 1000}, {field: account.city, op: eq, value: Київ}]}
    sort: -amount,name
    columns: [name, amount, stage]
    widths: {name: 300}
    size: 100
    roles: [seller, head]
    default_for: [seller]
  clients:
    entity: account
    label: Clients
"""


def put(company: Company, text: str) -> list[tuple[str, str | None, str]]:
    with company.system() as session:
        applied = apply(session, read(text, company.catalog))
        session.commit()
    company.catalog = load_catalog(company.engine)
    return [(c.kind, c.field, c.effect) for c in applied.changes]


def whole(company: Company) -> dict[str, object]:
    with company.system(write=False) as session:
        found: dict[str, object] = export.whole(session)["views"]
    return found


def test_applied_exported_and_applied_again(company: Company) -> None:
    assert put(company, VIEWS) == [("view", "big", "create"), ("view", "clients", "create")]
    assert put(company, VIEWS) == []
    said = whole(company)
    assert said["big"] == {**yaml.safe_load(VIEWS)["views"]["big"]} and list(said) == ["big", "clients"]
    with company.system(write=False) as session:
        assert plan(session, read(yaml.safe_dump(export.whole(session), allow_unicode=True, sort_keys=False), company.catalog)) == []


def test_changed_reordered_and_undone(company: Company) -> None:
    put(company, VIEWS)
    first, version = whole(company), company.catalog.version
    swapped = yaml.safe_load(VIEWS)
    swapped["views"] = {"clients": swapped["views"]["clients"], "big": {**swapped["views"]["big"], "label": {"uk": "Більші", "en": "Bigger"}}}
    assert set(put(company, yaml.safe_dump(swapped, sort_keys=False))) == {("view", "big", "change"), ("view", "clients", "change")}
    assert list(whole(company)) == ["clients", "big"]
    for undone in (version + 1, version):
        with company.system() as session:
            undo(session, undone)
            session.commit()
        company.catalog = load_catalog(company.engine)
        assert whole(company) == (first if undone > version else {})


@pytest.mark.parametrize("wrong", [
    "entity: nothing", "entity: [deal]", "columns: [nope]", "columns: name", "sort: -nope", "where: {field: nope, op: eq, value: 1}", "where: [1]", "where: 5",
    "where: {all: 5}", "widths: {name: wide}", "widths: [1]", "size: 7", "size: many", "search: [x]", "roles: seller", "default_for: [1]", "colour: red",
    "sort: 5",
])
def test_a_mistake_is_a_sentence(company: Company, wrong: str) -> None:
    spec = {"entity": "deal", "label": "X", **yaml.safe_load(wrong)}
    with pytest.raises(BadRequest):
        read(yaml.safe_dump({"views": {"x": spec}}), company.catalog)


@pytest.mark.parametrize("key", ["standard", "12"])
def test_a_key_that_addresses_need_for_other_views_is_none(company: Company, key: str) -> None:
    with pytest.raises(BadRequest):
        read(yaml.safe_dump({"views": {key: {"entity": "deal", "label": "X"}}}), company.catalog)


def test_a_view_over_a_field_that_is_gone_is_printed_without_it_and_reads_back(company: Company) -> None:
    put(company, VIEWS)
    deal: Entity = company.catalog.entity("deal")
    without = replace(deal, fields={key: spec for key, spec in deal.fields.items() if key != "amount"})
    company.catalog = replace(company.catalog, entities={**company.catalog.entities, "deal": without})
    said = whole(company)
    assert said["big"] == {
        "entity": "deal", "label": {"uk": "Великі", "en": "Big"}, "where": {"all": [{"field": "account.city", "op": "eq", "value": "Київ"}]}, "sort": "name",
        "columns": ["name", "stage"], "size": 100, "widths": {"name": 300}, "roles": ["seller", "head"], "default_for": ["seller"],
    }
    with company.system(write=False) as session:
        assert plan(session, read(yaml.safe_dump({"views": said}, sort_keys=False), company.catalog)) == []


def test_a_shelf_is_its_owners(company: Company) -> None:
    put(company, VIEWS)
    seller, clerk = company.person("seller"), company.person("clerk")
    with company.session(seller) as session:
        number = shelf.keep(session, "deal", "Мої великі", {"columns": ["name"]})
        with pytest.raises(Invalid):
            shelf.keep(session, "deal", " Мої  великі ", {})
        session.commit()
        found = shelf.shelf(session, "deal")
        assert [view.name for view in found.views] == [str(number), "big"]
        assert found.first is not None and found.first.name == "big", "as the role opens it"
        shelf.open_first(session, "deal", found.named(str(number)))
        shelf.star(session, found.named("big"), True)
        session.commit()
        found = shelf.shelf(session, "deal")
        assert found.first is not None and found.first.id == number and [view.name for view in found.starred] == ["big"]
    with company.session(clerk) as session:
        found = shelf.shelf(session, "deal")
        assert (found.views, found.starred, found.first) == ((), (), None)
        assert [view.name for view in shelf.shelf(session, "account").views] == ["clients"]
        with pytest.raises(NotFound):
            found.named(str(number))


def test_a_person_keeps_so_many_and_no_more(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST", 2)
    with company.session(company.person("seller")) as session:
        for name in ("Один", "Два"):
            shelf.keep(session, "deal", name, {})
        with pytest.raises(Invalid):
            shelf.keep(session, "deal", "Три", {})


def test_what_a_person_kept_goes_with_him(company: Company) -> None:
    seller = company.person("seller")
    with company.session(seller) as session:
        number = shelf.keep(session, "deal", "Мої", {"columns": ["name"]})
        shelf.star(session, shelf.shelf(session, "deal").named(str(number)), True)
        session.commit()
    with company.system() as session:
        assert shelf.of_people(session, [seller]) == [{"entity": "deal", "name": "Мої", "shows": {"columns": ["name"]}}]
        shelf.forget(session, [seller])
        assert shelf.of_people(session, [seller]) == []
        session.commit()
    with company.session(seller) as session:
        assert shelf.all_views(session) == []
