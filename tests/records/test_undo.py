"""Taking a batch back, and the journal that shows it all happened."""

from decimal import Decimal

import pytest
from crm.backoffice import lists, records
from crm.backoffice.undo import undo
from crm.errors import NotFound
from tests.company import Company


def test_what_a_batch_made_and_changed_goes_back(company: Company) -> None:
    (old,) = company.make("account", {"name": "А", "revenue": 5})
    with company.system() as session:
        batch = session.batch
        made = records.create(session, "account", {"name": "нова"})
        records.create(session, "deal", {"name": "у", "account": made})
        records.change(session, "account", old, {"revenue": 6, "city": "Київ"})
        session.commit()
        result = undo(session, batch)
        session.commit()
        assert (result.kept, result.undone) == ((), 4)  # the deal's first stage in its history too
        found = lists.record(session, "account", old).values
        assert (found["revenue"], found["city"]) == (Decimal(5), None)
        with pytest.raises(NotFound):
            lists.record(session, "account", made)


def test_a_deal_whose_amount_followed_its_lines_goes_back_with_them(company: Company) -> None:
    (product,) = company.make("product", {"name": "Товар"})
    (old,) = company.make("deal", {"name": "стара"})
    company.make("deal_line", {"deal": old, "product": product, "price": 7})
    with company.system(source="import") as session:
        batch = session.batch
        new = records.create(session, "deal", {"name": "нова"})
        records.create_many(session, "deal_line", [{"deal": new, "product": product, "price": 10}, {"deal": old, "product": product, "price": 5}])
        session.commit()
        assert [lists.record(session, "deal", d).values["amount"] for d in (old, new)] == [12, 10]
        assert undo(session, batch).kept == ()
        session.commit()
        assert lists.record(session, "deal", old).values["amount"] == 7
        with pytest.raises(NotFound):
            lists.record(session, "deal", new)


def test_records_edited_or_referred_to_since_stay_and_are_named(company: Company) -> None:
    with company.system() as session:
        batch = session.batch
        edited, referred, alone = records.create_many(session, "account", [{"name": "1"}, {"name": "2"}, {"name": "3"}])
        session.commit()
    with company.system() as session:
        records.change(session, "account", edited, {"city": "Київ"})
        records.create(session, "deal", {"name": "у", "account": referred})
        session.commit()
    with company.system() as session:
        result = undo(session, batch)
        session.commit()
        assert result.undone == 1
        assert {k.code for k in result.kept} == {f"A-{edited}", f"A-{referred}"}
        with pytest.raises(NotFound):
            lists.record(session, "account", alone)


def test_by_field_only_what_the_batch_changed_must_have_stayed(company: Company) -> None:
    (number,) = company.make("account", {"name": "А", "revenue": 5, "city": "Київ"})
    batches = []
    for values in ({"revenue": Decimal("6.5")}, {"city": "Львів"}, {"revenue": 7}):
        with company.system() as session:
            batches.append(session.batch)
            records.change(session, "account", number, values)
            session.commit()
    with company.system() as session:
        assert undo(session, batches[1]).undone == 0  # by records: it has been changed since
        assert undo(session, batches[0], by_field=True).undone == 0  # its own field has been
        assert undo(session, batches[1], by_field=True).undone == 1
        assert lists.record(session, "account", number).values["city"] == "Київ"
        # One after the other, the last first.
        assert undo(session, batches[2], by_field=True).undone == undo(session, batches[0], by_field=True).undone == 1
        assert lists.record(session, "account", number).values["revenue"] == 5
        session.commit()


def test_what_a_rule_changed_where_the_writer_does_not_see_is_not_spoken_of(company: Company) -> None:
    rules = [{"entity": e, "actions": ["read", "update"], "scope": "own", "fields": {"*": "edit"}} for e in ("account", "contact")]
    rules.append({"entity": "position", "actions": ["read", "update"], "scope": "all", "fields": {"*": "edit"}})
    me = company.person(company.role("own", *rules))
    mine, theirs = company.make("account", {"name": "Моя", "owner": me}, {"name": "Чужа"})
    (person,) = company.make("contact", {"name": "Олена", "owner": me})
    hidden, shown = company.make(
        "position", {"account": theirs, "contact": person, "primary": True}, {"account": mine, "contact": person, "primary": False}
    )
    with company.session(me) as session:
        batch = session.batch
        records.change(session, "position", shown, {"primary": True})
        session.commit()
        result = undo(session, batch)
    assert (result.undone, result.kept) == (1, ())
    with company.system(write=False) as session:
        assert lists.record(session, "position", hidden).row_version == 2


def test_an_unknown_batch_is_not_found(company: Company) -> None:
    with company.system() as session, pytest.raises(NotFound):
        undo(session, "nothing")


def test_an_undo_can_be_undone(company: Company) -> None:
    with company.system() as session:
        batch = session.batch
        account = records.create(session, "account", {"name": "А"})
        back = undo(session, batch)
        again = undo(session, back.batch)
        assert (again.undone, lists.record(session, "account", account).values["name"]) == (1, "А")
