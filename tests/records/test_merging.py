"""Several records become one, with every reference; and all of it taken back."""

from threading import Barrier, Thread
from time import sleep
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from crm.backoffice import lists, records
from crm.backoffice.guard import DataSession
from crm.backoffice.merging import merge, merged_into
from crm.backoffice.unmerging import is_merge, unmerge
from crm.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from tests.company import Company

STAMPS = frozenset({"row_version", "updated_at", "updated_by_id"})


def value(session: DataSession, entity: str, record_id: int, key: str) -> Any:
    return lists.plain(lists.record(session, entity, record_id, (key,)).values[key])


def everything(company: Company) -> dict[str, list[dict[str, Any]]]:
    """Every stored row of every entity, but for versions and stamps, and every link."""
    found: dict[str, list[dict[str, Any]]] = {}
    with company.engine.connect() as connection:
        for key, kind in company.catalog.entities.items():
            table = kind.table
            columns = [c for c in table.columns if c.name not in STAMPS]
            found[key] = [dict(row) for row in connection.execute(select(*columns).order_by(table.c.id)).mappings()]
            for name, _, links in kind.sets():
                found[f"{key}.{name}"] = [dict(row) for row in connection.execute(select(links).order_by(links.c.owner_id, links.c.target_id)).mappings()]
    return found


def test_references_values_and_sets_go_to_the_one_that_stays(company: Company) -> None:
    product, extra = company.make("product_category", {"name": "Товар"}, {"name": "Запчастина"})
    stays, goes = company.make("account", {"name": "Криниця", "interests": [product]}, {"name": "ТОВ Криниця", "city": "Київ", "interests": [extra]})
    (person,) = company.make("contact", {"name": "Ганна Бойко"})
    (deal,) = company.make("deal", {"name": "Насос", "account": goes})
    (position,) = company.make("position", {"account": goes, "contact": person})
    (branch,) = company.make("account", {"name": "Філія", "parent": goes})
    with company.system() as session:
        merge(session, "account", stays, [goes], {"city": "Київ", "interests": [product, extra]})
        session.commit()
    with company.system(write=False) as session:
        assert [value(session, entity, row, key) for entity, row, key in (
            ("deal", deal, "account"), ("position", position, "account"), ("account", branch, "parent"))] == [stays] * 3
        assert value(session, "account", stays, "city") == "Київ" and set(value(session, "account", stays, "interests")) == {product, extra}
        with pytest.raises(NotFound):
            lists.record(session, "account", goes)
        assert merged_into(session, "account", goes) == stays


def test_sets_that_hold_a_merged_record_hold_the_other(company: Company) -> None:
    kept, twin, other = company.make("product", {"name": "а"}, {"name": "а (двійник)"}, {"name": "б"})
    (third,) = company.make("product", {"name": "в", "goes_with": [twin, other]})
    with company.system() as session:
        records.change(session, "product", kept, {"goes_with": [twin, other]})
        records.change(session, "product", other, {"goes_with": [twin]})
        merge(session, "product", kept, [twin], {})
        assert value(session, "product", third, "goes_with") == (kept, other)
        assert value(session, "product", kept, "goes_with") == (other,)
        assert value(session, "product", other, "goes_with") == (kept,)


def test_the_code_of_one_that_goes_may_stay_in_use(company: Company) -> None:
    stays, goes = company.make("account", {"name": "а", "code": "A-1"}, {"name": "б", "code": "A-2"})
    with company.system() as session:
        merge(session, "account", stays, [goes], {"code": "A-2"})
        batch = session.batch
        session.commit()
        assert value(session, "account", stays, "code") == "A-2"
        assert unmerge(session, batch).kept == ()
        assert [value(session, "account", i, "code") for i in (stays, goes)] == ["A-1", "A-2"]


@pytest.mark.parametrize(("into", "others", "expected"), [
    (2, (1,), {2: 0, 3: 2}),  # a branch takes its own head in and stands above
    (1, (2,), {1: 0, 3: 1}),  # a head takes its branch in
    (3, (1,), {3: 0, 2: 3}),  # a branch of a branch takes the head in: what stood between is below it now
    (3, (1, 2), {3: 0}),
    (1, (3,), {1: 0, 2: 1}),
])
def test_a_record_merged_with_one_above_or_below_it_stands_below_neither(
    company: Company, into: int, others: tuple[int, ...], expected: dict[int, int]
) -> None:
    (top,) = company.make("account", {"name": "верх"})
    (first,) = company.make("account", {"name": "1", "parent": top})
    (second,) = company.make("account", {"name": "2", "parent": first})
    (third,) = company.make("account", {"name": "3", "parent": second})
    numbers = {0: top, 1: first, 2: second, 3: third}
    before = everything(company)
    with company.system() as session:
        merge(session, "account", numbers[into], [numbers[i] for i in others], {})
        batch = session.batch
        session.commit()
        assert {i: value(session, "account", numbers[i], "parent") for i in expected} == {i: numbers[above] for i, above in expected.items()}
        assert unmerge(session, batch).kept == ()
        session.commit()
    assert everything(company) == before


def test_the_place_chosen_for_it_may_not_be_below_itself(company: Company) -> None:
    (top,) = company.make("account", {"name": "верх"})
    (first,) = company.make("account", {"name": "1", "parent": top})
    (second,) = company.make("account", {"name": "2", "parent": first})
    with company.system() as session:
        merge(session, "account", first, [second], {"parent": first})
        assert value(session, "account", first, "parent") == top


@pytest.mark.parametrize(("into", "others"), [(1, ()), (1, (1,)), (1, tuple(range(2, 14)))])
def test_how_many_are_merged(company: Company, into: int, others: tuple[int, ...]) -> None:
    company.make("account", *({"name": str(n)} for n in range(14)))
    with company.system() as session, pytest.raises(BadRequest):
        merge(session, "account", into, others, {})


def test_what_is_no_counterparty_person_or_product_is_not_merged(company: Company) -> None:
    one, two = company.make("deal", {"name": "а"}, {"name": "б"})
    with company.system() as session, pytest.raises(BadRequest):
        merge(session, "deal", one, [two], {})


def test_a_record_that_is_not_there(company: Company) -> None:
    (one,) = company.make("account", {"name": "а"})
    with company.system() as session, pytest.raises(NotFound):
        merge(session, "account", one, [one + 1000], {})


def test_the_second_of_two_people_merging_the_same_pair_is_told(company: Company) -> None:
    one, two = company.make("account", {"name": "а"}, {"name": "б"})
    with company.system() as session:
        merge(session, "account", one, [two], {})
        session.commit()
    with company.system() as session, pytest.raises(NotFound):
        merge(session, "account", two, [one], {})


@pytest.mark.parametrize("edited", ["into", "other"])
def test_one_that_has_changed_since_it_was_seen_is_a_conflict(company: Company, edited: str) -> None:
    one, two = company.make("account", {"name": "а"}, {"name": "б"})
    with company.system() as session:
        records.change(session, "account", one if edited == "into" else two, {"city": "Львів"})
        session.commit()
    with company.system() as session, pytest.raises(Conflict):
        merge(session, "account", one, [two], {"city": "Київ"}, seen_versions={one: 1, two: 1})


RULES: tuple[dict[str, Any], ...] = (
    {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
    {"entity": "account", "actions": ["read", "update", "delete"], "scope": "own", "fields": {"*": "edit", "revenue": "hidden"}},
)


def test_who_may_not_remove_the_one_or_change_the_other_merges_nothing(company: Company) -> None:
    person = company.person(company.role("merger", *RULES))
    mine, theirs = company.make("account", {"name": "а", "owner": person}, {"name": "б"})
    for into, other in ((mine, theirs), (theirs, mine)):
        with company.session(person) as session, pytest.raises(Forbidden):
            merge(session, "account", into, [other], {})


def test_a_hidden_field_is_not_given_by_a_merge(company: Company) -> None:
    person = company.person(company.role("merger", *RULES))
    one, two = company.make("account", {"name": "а", "owner": person}, {"name": "б", "owner": person, "revenue": 5})
    with company.session(person) as session, pytest.raises((Forbidden, Invalid, NotFound)):
        merge(session, "account", one, [two], {"revenue": 5})


def test_references_the_writer_does_not_see_are_moved_and_brought_back_and_not_spoken_of(company: Company) -> None:
    person = company.person(company.role("merger", *RULES))
    one, two = company.make("account", {"name": "а", "owner": person}, {"name": "б", "owner": person})
    (deal,) = company.make("deal", {"name": "чужа", "account": two})
    with company.session(person) as session:
        merge(session, "account", one, [two], {})
        batch = session.batch
        session.commit()
    with company.system() as system:
        assert value(system, "deal", deal, "account") == one
    with company.session(person) as session:
        assert is_merge(session, batch)
        back = unmerge(session, batch)
        session.commit()
    assert back.kept == ()
    with company.system() as system:
        assert value(system, "deal", deal, "account") == two


def test_the_old_address_leads_on_only_for_who_saw_the_record(company: Company) -> None:
    person = company.person(company.role("own_only", {"entity": "account", "actions": ["read"], "scope": "own", "fields": {"*": "read"}}))
    mine, theirs, last = company.make("account", {"name": "а", "owner": person}, {"name": "б"}, {"name": "в", "owner": person})
    with company.system() as session:
        merge(session, "account", mine, [theirs], {})
        merge(session, "account", last, [mine], {})
        session.commit()
    with company.session(person, write=False) as session:
        assert merged_into(session, "account", mine) == last
        assert merged_into(session, "account", theirs) is None
        assert merged_into(session, "account", last) is None
    with company.system(write=False) as session:
        assert merged_into(session, "account", theirs) == last


def test_what_has_changed_since_keeps_a_merge_from_being_taken_back(company: Company) -> None:
    one, two = company.make("account", {"name": "а"}, {"name": "б", "city": "Київ"})
    with company.system() as session:
        merge(session, "account", one, [two], {"city": "Київ"})
        batch = session.batch
        session.commit()
    with company.system() as session:
        records.change(session, "account", one, {"city": "Львів"})
        session.commit()
    before = everything(company)
    with company.system() as session:
        back = unmerge(session, batch)
        session.commit()
    assert (back.undone, [k.entity for k in back.kept]) == (0, ["account"])
    assert everything(company) == before


def test_a_reference_set_anew_since_stays(company: Company) -> None:
    one, two, third = company.make("account", {"name": "а"}, {"name": "б"}, {"name": "в"})
    moved, set_anew = company.make("deal", {"name": "1", "account": two}, {"name": "2", "account": two})
    with company.system() as session:
        merge(session, "account", one, [two], {})
        batch = session.batch
        session.commit()
    with company.system() as session:
        records.change(session, "deal", set_anew, {"account": third})
        session.commit()
        back = unmerge(session, batch)
        assert [k.entity for k in back.kept] == ["deal"]
        assert [value(session, "deal", i, "account") for i in (moved, set_anew)] == [two, third]


ALL: tuple[dict[str, Any], ...] = (
    {"entity": "account", "actions": ["read", "update", "delete"], "scope": "all", "fields": {"*": "edit"}},
    {"entity": "position", "actions": ["read"], "scope": "own", "fields": {"*": "read"}},
    {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
)


@pytest.mark.parametrize("key", ["owner", "department", "territory"])
@pytest.mark.parametrize("hidden", [False, True])
def test_what_belongs_elsewhere_is_merged_by_who_may_give_it_away(company: Company, key: str, hidden: bool) -> None:
    """Rows below a record are seen by who owns it: he would merge his way to those of others."""
    account = {**ALL[0], "fields": {"*": "edit", key: "hidden"}} if hidden else ALL[0]
    person = company.person(company.role("merger", account, *ALL[1:]))
    other = {"owner": company.person, "department": lambda: company.make("department", {"name": "в"})[0],
             "territory": lambda: company.make("territory", {"name": "т"})[0]}[key]()
    mine, theirs, alike = company.make("account", {"name": "а", "owner": person}, {"name": "б", "owner": person, key: other}, {"name": "в", "owner": person})
    (contact,) = company.make("contact", {"name": "особа"})
    company.make("position", {"account": theirs, "contact": contact})
    for into, going in ((mine, theirs), (theirs, mine)):
        with company.session(person) as session, pytest.raises(Forbidden):
            merge(session, "account", into, [alike, going], {})
    with company.session(person) as session:
        if hidden:
            with pytest.raises(Forbidden):  # else it would be told that they stand together
                merge(session, "account", mine, [alike], {})
        else:
            merge(session, "account", mine, [alike], {})
    giver = company.person(company.role("giver", {**account, "actions": [*account["actions"], "assign"]}, *ALL[1:]))
    with company.session(giver) as session:
        merge(session, "account", mine, [theirs, alike], {})


def test_who_may_no_longer_change_the_one_does_not_take_the_merge_back(company: Company) -> None:
    role = company.role("merger", *RULES)
    person = company.person(role)
    one, two = company.make("account", {"name": "а", "owner": person}, {"name": "б", "owner": person})
    (deal,) = company.make("deal", {"name": "1", "account": two})
    with company.session(person) as session:
        merge(session, "account", one, [two], {})
        batch = session.batch
        session.commit()
    company.role("merger", RULES[0], {**RULES[1], "actions": ["read", "delete"]})
    with company.session(person) as session:
        back = unmerge(session, batch)
        session.commit()
    assert (back.undone, [k.forbidden for k in back.kept]) == (0, [True])
    with company.system() as system:
        assert value(system, "deal", deal, "account") == one


def test_one_that_was_restored_and_removed_since_leads_nowhere(company: Company) -> None:
    one, two = company.make("account", {"name": "а"}, {"name": "б"})
    with company.system() as session:
        merge(session, "account", one, [two], {})
        session.commit()
        assert merged_into(session, "account", two) == one
        session.batch = "0" * 32
        records.restore(session, "account", two)
        assert merged_into(session, "account", two) is None
        records.remove(session, "account", two)
        assert merged_into(session, "account", two) is None


def test_people_who_took_part_in_one_meeting_become_one_and_part_again(company: Company) -> None:
    one, two = company.make("contact", {"name": "Ганна Бойко"}, {"name": "Г. Бойко"})
    (meeting,) = company.make("interaction", {
        "medium": company.option("interaction_medium", "meeting"), "direction": company.option("direction", "internal"), "planned_start": "2026-11-02T10:00Z",
    })
    company.make("interaction_participant", {"interaction": meeting, "contact": one}, {"interaction": meeting, "contact": two})
    before = everything(company)
    with company.system() as session:
        merge(session, "contact", one, [two], {})
        batch = session.batch
        session.commit()
        rows = session.table("interaction_participant")
        assert set(session.scalars(select(rows["contact"]).where(rows.visible, rows["interaction"] == meeting))) == {one}
        assert unmerge(session, batch).kept == ()
        session.commit()
    assert everything(company) == before


def at_once(company: Company, *pairs: tuple[int, int]) -> list[str]:
    """Everybody merges the second of his pair into the first at the same moment, as he saw both in their first version; what became of each."""
    begin, outcomes = Barrier(len(pairs)), [""] * len(pairs)

    def work(place: int) -> None:
        into, going = pairs[place]
        begin.wait(20)
        with company.system() as session:
            try:
                merge(session, "account", into, [going], {"city": f"м. {place}"}, seen_versions={into: 1, going: 1})
                session.commit()
                outcomes[place] = "merged"
            except (Conflict, NotFound) as refused:
                outcomes[place] = refused.code

    threads = [Thread(target=work, args=(n,)) for n in range(len(pairs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_of_those_who_merge_a_pair_at_once_crosswise_too_one_does(company: Company) -> None:
    for _ in range(5):
        one, two = company.make("account", {"name": "а"}, {"name": "б"})
        company.make("deal", {"name": "1", "account": one}, {"name": "2", "account": two})
        outcomes = at_once(company, (one, two), (two, one), (one, two), (two, one))
        assert outcomes.count("merged") == 1 and set(outcomes) <= {"merged", "conflict", "not_found"}, outcomes
        live = company.catalog.entity("account").table
        deals = company.catalog.entity("deal").table
        with company.engine.connect() as connection:
            (left,) = connection.execute(select(live.c.id).where(live.c.id.in_([one, two]), live.c.deleted_at.is_(None))).scalars()
            assert list(connection.execute(select(deals.c.id).where(deals.c.account_id.in_({one, two} - {left})))) == []


def test_what_somebody_leads_elsewhere_while_it_is_moved_stays_there(company: Company) -> None:
    one, two, third = company.make("account", {"name": "а"}, {"name": "б"}, {"name": "в"})
    (deal,) = company.make("deal", {"name": "1", "account": two})

    def work() -> None:
        with company.system() as session:
            merge(session, "account", one, [two], {})
            session.commit()

    merging = Thread(target=work)
    with company.system() as session:
        records.change(session, "deal", deal, {"account": third})
        merging.start()
        sleep(0.5)  # until it waits for the deal; had it not come so far, it finds what is saved
        session.commit()
    merging.join(60)
    with company.system(write=False) as session:
        assert value(session, "deal", deal, "account") == third


ACCOUNTS = 6


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_taking_a_merge_back_gives_the_same_rows(company: Company, data: st.DataObject) -> None:
    """Any forest of companies with deals, positions and interests, any of them merged in any way."""
    products = company.make("product_category", *({"name": f"п{n}"} for n in range(3)))
    people = company.make("contact", *({"name": f"о{n}"} for n in range(2)))
    accounts: list[int] = []
    for n in range(ACCOUNTS):
        above = data.draw(st.sampled_from([None, *accounts]))
        interests = data.draw(st.sets(st.sampled_from(products)))
        city = data.draw(st.sampled_from([None, "Київ", "Львів"]))
        accounts += company.make("account", {"name": f"к{n}", "parent": above, "interests": sorted(interests), "city": city})
    company.make("deal", *({"name": f"у{n}", "account": data.draw(st.sampled_from(accounts))} for n in range(4)))
    for person in people:
        company.make("position", {"account": data.draw(st.sampled_from(accounts)), "contact": person})
    group = data.draw(st.lists(st.sampled_from(accounts), min_size=2, max_size=4, unique=True))
    donor = data.draw(st.sampled_from(group))
    keys = data.draw(st.sets(st.sampled_from(["name", "code", "city", "interests", "parent"])))
    before = everything(company)
    with company.system() as session:
        row = lists.record(session, "account", donor).values
        merge(session, "account", group[0], group[1:], {key: lists.plain(row[key]) for key in keys})
        batch = session.batch
        session.commit()
    with company.system(write=False) as session:
        for number in group[1:]:
            for entity, key in (("deal", "account"), ("position", "account"), ("account", "parent")):
                table = session.table(entity)
                assert session.execute(select(table.id).where(table.visible, table[key] == number)).all() == []
    with company.system() as session:
        assert unmerge(session, batch).kept == ()
        session.commit()
    assert everything(company) == before
