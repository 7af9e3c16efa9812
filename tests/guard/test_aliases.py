"""Aliases of statements that are made, asked and forgotten serve again; those of one statement never meet."""

from crm.backoffice import records
from tests.company import Company

RULES = (
    {"entity": "deal", "actions": ["read", "update"], "scope": "own", "where": {"field": "account.city", "op": "eq", "value": "Київ"}, "fields": {"*": "edit"}},
    {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
)


def test_long_work_makes_do_with_the_aliases_of_its_beginning(company: Company) -> None:
    me = company.person(company.role("narrow", *RULES))
    one, other = company.make("account", {"name": "Одна", "city": "Київ"}, {"name": "Інша", "city": "Київ"})
    (deal,) = company.make("deal", {"name": "Угода", "owner": me, "account": one})
    with company.session(me) as session:
        eyes, met = (session.sight, session.sight.unlimited), []
        for number in range(9):
            records.change(session, "deal", deal, {"account": (other, one)[number % 2], "amount": number})
            met.append([len(eye.tables) for eye in eyes])
    assert met[1] == met[-1]


def test_what_is_made_aside_does_not_meet_what_stood_before_and_serves_again(company: Company) -> None:
    with company.session(company.person(company.role("narrow", *RULES))) as session:
        before = session.table("deal")
        with session.sight.aside():
            inside = session.table("deal"), session.table("deal")
        after = session.table("deal")
        assert len({before.table, *(one.table for one in inside)}) == 3
        assert after.table is inside[0].table
