"""What comes back from the recycle bin and what cannot: a row without its parent, and what stands below a record that was taken back."""

from decimal import Decimal

import pytest

from crm.backoffice import lists, records
from crm.errors import Invalid, NotFound
from tests.company import Company


def deal_with_line(company: Company) -> tuple[int, int]:
    [product] = company.make("product", {"name": "Насос"})
    [deal] = company.make("deal", {"name": "Угода"})
    [line] = company.make("deal_line", {"deal": deal, "product": product, "quantity": Decimal(2), "price": Decimal(5)})
    return deal, line


def remove(company: Company, entity: str, number: int) -> None:
    with company.system() as session:
        records.remove(session, entity, number)
        session.commit()


def test_a_row_does_not_come_back_without_its_parent(company: Company) -> None:
    deal, line = deal_with_line(company)
    remove(company, "deal_line", line)
    remove(company, "deal", deal)
    owner = company.person("owner")
    for session in (company.session(owner), company.system()):  # where its parent is not, neither is it
        with session, pytest.raises(NotFound):
            records.restore(session, "deal_line", line)
    with company.system() as session:
        records.restore(session, "deal", deal)
        records.restore(session, "deal_line", line)
        session.commit()
    with company.session(owner, write=False) as session:
        assert lists.record(session, "deal_line", line, ("deal",)).values["deal"].id == deal


def test_what_stood_below_a_removed_record_is_there_again_with_it(company: Company) -> None:
    deal, line = deal_with_line(company)
    owner = company.person("owner")
    remove(company, "deal", deal)
    with company.session(owner, write=False) as session, pytest.raises(NotFound):
        lists.record(session, "deal_line", line, ("quantity",))
    with company.session(owner) as session:
        records.restore(session, "deal", deal)
        session.commit()
    with company.session(owner, write=False) as session:
        assert lists.record(session, "deal_line", line, ("quantity",)).values["quantity"] == 2


def test_what_is_there_or_never_was_is_not_restored(company: Company) -> None:
    deal, _ = deal_with_line(company)
    with company.session(company.person("owner")) as session:
        for number in (deal, deal + 1000):
            with pytest.raises(NotFound):
                records.restore(session, "deal", number)


def test_a_record_that_refers_to_a_removed_one_comes_back_only_after_it(company: Company) -> None:
    [firm] = company.make("account", {"name": "Головна"})
    [daughter] = company.make("account", {"name": "Дочірня", "parent": firm})
    remove(company, "account", daughter)
    remove(company, "account", firm)
    with company.system() as session, pytest.raises(Invalid):
        records.restore(session, "account", daughter)
    with company.system() as session:
        records.restore(session, "account", firm)
        records.restore(session, "account", daughter)
        session.commit()
