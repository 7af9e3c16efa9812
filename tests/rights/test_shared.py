"""What follows from rules is derived once for all who hold them, and never reaches anybody who holds others."""

from crm.backoffice import lists
from crm.backoffice.catalog import load_catalog
from crm.backoffice.lists import ListQuery
from tests.company import Company

OWN = {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read", "city": "hidden"}}
ALL = {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


def seen(company: Company, user: int) -> set[int]:
    with company.session(user) as session:
        return {row.id for row in lists.page(session, ListQuery("account", ("name",))).rows}


def test_people_of_one_role_share_what_its_rules_grant_and_keep_their_own_records(company: Company) -> None:
    company.role("narrow", OWN)
    company.role("wide", ALL)
    olha, ivan, head = company.person("narrow"), company.person("narrow"), company.person("wide")
    hers, his = company.make("account", {"name": "Обрій", "owner": olha}, {"name": "Лан", "owner": ivan})
    for _ in range(2):  # made, then met again
        assert [seen(company, person) for person in (olha, ivan, head)] == [{hers}, {his}, {hers, his}]
    of_olha, of_ivan, of_head = (company.access(person).derived(company.catalog) for person in (olha, ivan, head))
    assert of_olha is of_ivan
    assert of_olha is not of_head
    with company.session(olha) as narrow, company.session(head) as wide:
        assert "city" not in narrow.sight.readable("account")
        assert "city" in wide.sight.readable("account")


def test_a_changed_role_is_seen_at_once(company: Company) -> None:
    company.role("narrow", OWN)
    olha = company.person("narrow")
    [other] = company.make("account", {"name": "Лан"})
    assert seen(company, olha) == set()
    company.role("narrow", ALL)
    assert seen(company, olha) == {other}
    company.role("narrow", OWN)
    assert seen(company, olha) == set()


def test_nothing_derived_over_one_catalog_is_met_over_another(company: Company) -> None:
    company.role("narrow", OWN)
    access = company.access(company.person("narrow"))
    access.derived(company.catalog)["readable"] = "of this one"
    assert access.derived(load_catalog(company.engine)) == {}
