"""Numbers by a mask: given once, in order, to new records and to those that stood."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from crm.backoffice import recomputing, records
from crm.backoffice.catalog import load_catalog
from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow
from crm.backoffice.saving import next_numbers
from crm.backoffice.saving.setting_next import set_next
from crm.errors import FieldError, Invalid
from tests.company import Company
from tests.lowcode.test_made import held, put, refused, take_back
from tests.statements import statements

YEAR = datetime.now(UTC).year


def act(mask: str, entity: str = "account") -> str:
    return f"fields: {{{entity}: {{act: {{type: auto_number, mask: '{mask}', class: internal, label: {{uk: Акт, en: Act}}}}}}}}"


def numbers(company: Company, entity: str = "account") -> list[Any]:
    kind = company.catalog.entity(entity)
    with company.engine.connect() as connection:
        return list(connection.scalars(select(kind.table.c[kind.fields["act"].attribute]).order_by(kind.table.c.id)))


def test_new_records_are_numbered_in_order_and_nobody_types_a_number(company: Company) -> None:
    put(company, act("A-{YYYY}-{000}"))
    company.make("account", {"name": "А"}, {"name": "Б"})
    company.make("account", {"name": "В"})
    assert numbers(company) == [f"A-{YEAR}-001", f"A-{YEAR}-002", f"A-{YEAR}-003"]
    with company.system() as session, pytest.raises(Invalid):
        records.create(session, "account", {"name": "Г", "act": "A-7"})


def test_the_counter_runs_for_each_department_apart(company: Company) -> None:
    put(company, act("{DEPARTMENT}/{YY}-{0000}"))
    north, south = company.make("department", {"name": "Північ", "code": "N"}, {"name": "Південь", "code": "S"})
    company.make(
        "account", {"name": "А", "department": north}, {"name": "Б", "department": south}, {"name": "В", "department": north}, {"name": "Г"},
    )
    year = f"{YEAR % 100:02}"
    assert numbers(company) == [f"N/{year}-0001", f"S/{year}-0001", f"N/{year}-0002", f"0/{year}-0001"]


def test_records_that_stand_are_numbered_in_the_order_of_their_making_by_the_year_of_it(company: Company) -> None:
    one, two, three = company.make("account", {"name": "А"}, {"name": "Б"}, {"name": "В"})
    account = company.catalog.entity("account").table
    with company.engine.execution_options(writer=True).begin() as connection:
        # Midnight in Kyiv: half past ten of the old year in Greenwich is the new one there.
        connection.execute(update(account).where(account.c.id == one).values(created_at=datetime(2024, 5, 1, tzinfo=UTC)))
        connection.execute(update(account).where(account.c.id == two).values(created_at=datetime(2024, 12, 31, 22, 30, tzinfo=UTC)))
    with company.system() as session:
        records.remove(session, "account", three)
        session.commit()
    put(company, act("{YYYY}/{0}"))
    company.make("account", {"name": "Г"})
    assert numbers(company) == ["2024/1", "2025/1", f"{YEAR}/1", f"{YEAR}/2"], "one in the recycle bin has a number too"


def test_many_records_that_stand_are_numbered_by_a_job_below_those_made_meanwhile(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "FEW", 5)
    company.make("account", *({"name": f"Фірма {n}"} for n in range(12)))
    put(company, act("{000}"))
    company.make("account", {"name": "Нова"})
    assert numbers(company) == [None] * 12 + ["013"]
    with company.system() as session:
        records.change(session, "account", 3, {"name": "Змінена"})
        session.commit()
    assert numbers(company)[2] is None, "its turn is still to come"
    assert not recomputing.ask(company.engine, company.catalog), "the change itself has asked for it"
    assert recomputing.recompute(company.engine, company.catalog, "account").changed == 12
    assert numbers(company) == [f"{n:03}" for n in range(1, 14)]
    company.make("account", {"name": "Ще одна"})
    assert numbers(company)[-1] == "014"


def test_the_recycle_bin_keeps_numbers_and_what_is_rolled_back_leaves_none_out(company: Company) -> None:
    put(company, act("{00}"))
    (first,) = company.make("account", {"name": "А"})
    with company.system() as session:
        records.remove(session, "account", first)
        session.commit()
    with company.system() as session:
        records.create(session, "account", {"name": "Б"})
        session.rollback()
    company.make("account", {"name": "В"})
    with company.system() as session:
        records.restore(session, "account", first)
        session.commit()
    assert numbers(company) == ["01", "02"]


def test_another_mask_keeps_the_numbers_that_are_given_and_never_gives_one_of_them_again(company: Company) -> None:
    put(company, act("1{00}"))
    company.make("account", {"name": "А"}, {"name": "Б"})
    assert numbers(company) == ["101", "102"]
    assert put(company, act("{000}")) == [("field", "account", "act", "change", 2)]
    company.make("account", *({"name": f"Фірма {n}"} for n in range(100)))
    assert numbers(company)[2:5] == ["003", "004", "005"] and "101" not in numbers(company)[2:] and numbers(company)[-1] == "104"


def test_a_removed_field_comes_back_with_its_numbers_and_numbers_what_was_made_without_it(company: Company) -> None:
    put(company, act("{00}"))
    company.make("account", {"name": "А"})
    put(company, "removed: [account.act]", agreed=True)
    company.make("account", {"name": "Б"})
    take_back(company)
    company.make("account", {"name": "В"})
    assert numbers(company) == ["01", "02", "03"]


def test_a_record_made_by_a_process_that_did_not_know_the_field_gets_its_number_when_it_is_saved(company: Company) -> None:
    put(company, act("{00}"))
    company.make("account", {"name": "А"})
    account = company.catalog.entity("account").table
    now = datetime.now(UTC)
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(insert(account), {"id": 900, "code": "A-900", "name": "Б", "row_version": 1, "created_at": now, "updated_at": now})
    with company.system() as session:
        records.change(session, "account", 900, {"name": "Бета"})
        session.commit()
    assert numbers(company) == ["01", "02"]


def test_a_number_turns_into_text_and_keeps_its_values(company: Company) -> None:
    put(company, act("A-{00}"))
    (one,) = company.make("account", {"name": "А"})
    put(company, "fields: {account: {act: {type: text, label: {uk: Акт, en: Act}}}}", agreed=True)
    assert held(company, "account", one, "act") == ("A-01",)


def test_twenty_writers_at_once_give_no_number_twice_and_leave_none_out(company: Company) -> None:
    put(company, """
entities: {paper: {label: {uk: Папір, en: Paper}, fields: {
  act: {type: auto_number, mask: "{DEPARTMENT}-{0000}", label: {uk: Акт, en: Act}}, sum: {type: money, label: {uk: Сума, en: Sum}}}}}
""")
    departments = company.make("department", {"name": "Північ", "code": "N"}, {"name": "Південь", "code": "S"})

    def write(writer: int) -> None:
        for turn in range(5):
            rows = [{"sum": Decimal(1), "department": departments[(writer + turn + n) % 2]} for n in range(2)]
            with system_session(company.engine, "test", company.catalog, write=True) as session:
                records.create_many(session, "paper", rows)
                session.commit()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(20)))
    found = numbers(company, "paper")
    assert len(found) == 200 and sorted(found) == sorted(f"{code}-{n:04}" for code in "NS" for n in range(1, 101))
    for code in "NS":
        own = [one for one in found if one.startswith(code)]
        assert own == sorted(own) or company.engine.dialect.name == "postgresql", "on SQLite writers stand in one row"


def test_a_number_is_in_the_journal_and_found_by_a_search(company: Company) -> None:
    put(company, "fields: {account: {act: {type: auto_number, mask: 'AKT-{00}', searchable: true, class: internal, label: {uk: Акт, en: Act}}}}")
    (one,) = company.make("account", {"name": "А"})
    kind = company.catalog.entity("account")
    with company.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(kind.table).where(kind.table.c[kind.fields["act"].attribute + "__find"].contains("akt-01")))
        told = connection.scalars(select(JournalRow.changes).where(JournalRow.entity == "account", JournalRow.record_id == one)).one()
    assert told[kind.fields["act"].attribute] == [None, "AKT-01"]


@pytest.mark.parametrize(("mask", "why"), [
    ("A-", "digits of its number once"), ("{0000}-{0000}", "digits of its number once"), ("{YYYY}", "digits of its number once"),
    ("{0000000000000}", "at most 12"), ("{0000", "no partner"), ("0000}", "no partner"), ("{{0}}", "no partner"), ("{yyyy}-{0}", "knows no “{yyyy}”"),
    ("{YEAR}-{0}", "knows no “{YEAR}”"), ("{}-{0}", "knows no “{}”"), ("{DEPARTMENT}{0000}", "no digit"), ("{DEPARTMENT}2{0000}", "no digit"),
    ("{0000}{DEPARTMENT}", "no digit"), ("{DEPARTMENT}{YY}{000}", "no digit"), ("{YYYY}-{YYYY}-{0}", "stands twice"), ("x" * 120 + "{0}", "at most 100"),
])
def test_a_mask_that_makes_no_sense_is_refused_with_a_sentence(company: Company, mask: str, why: str) -> None:
    told = refused(company, act(mask))
    assert "account.act" in told and why in told


def test_a_mask_names_the_department_only_of_records_that_have_one(company: Company) -> None:
    assert "have no department" in refused(company, act("{DEPARTMENT}-{0}", "deal_line"))
    put(company, act("{YYYY}-{0}", "deal_line"))


def set_(company: Company, number: int, scope: str = "", entity: str = "account") -> str | None:
    kind = company.catalog.entity(entity)
    with company.system() as session:
        found = set_next(session, kind, kind.fields["act"], scope, number)
        session.commit()
    return found


def refusal(company: Company, number: int, scope: str = "") -> str:
    with pytest.raises(FieldError) as why:
        set_(company, number, scope)
    return str(why.value.message)


def test_a_counter_goes_on_with_the_number_it_is_told_and_never_below_one_in_use(company: Company) -> None:
    put(company, act("A-{YYYY}-{000}"))
    here = str(YEAR)
    assert set_(company, 1235, here) == f"A-{YEAR}-1235" and set_(company, 1235, here) is None, "the second time nothing changes"
    first, second = company.make("account", {"name": "А"}, {"name": "Б"})
    assert numbers(company) == [f"A-{YEAR}-1235", f"A-{YEAR}-1236"]
    with company.system() as session:
        records.remove(session, "account", second)
        session.commit()
    for wrong in (1236, 1235, 1):
        assert f"The highest number in use is A-{YEAR}-1236, so the next one is 1237 or higher." in refusal(company, wrong, here), wrong
    assert set_(company, 90_000, here) and set_(company, 1300, here) == f"A-{YEAR}-1300", "a mistake is mended while no record has a higher number"
    company.make("account", {"name": "В"})
    assert numbers(company)[-1] == f"A-{YEAR}-1300"
    for wrong in (0, -1, 2_000_000_000):
        assert "whole number from 1" in refusal(company, wrong, here)
    for scope in ("", "26", "2026/N", "рік"):
        assert "no such counter" in refusal(company, 5, scope)
    with company.engine.connect() as connection:
        told = [changes["next"] for changes in connection.scalars(select(JournalRow.changes).where(JournalRow.action == "next_number").order_by(JournalRow.id))]
    assert told[0] == [f"A-{YEAR}-001", f"A-{YEAR}-1235"] and len(told) == 3, "what was refused and what changed nothing is not there"


def test_the_highest_in_use_is_of_that_counter_alone_and_of_texts_that_it_could_give(company: Company) -> None:
    put(company, act("{DEPARTMENT}/{00}"))
    north, south = company.make("department", {"name": "Північ", "code": "N"}, {"name": "Південь", "code": "S"})
    company.make("account", *({"name": f"Фірма {n}", "department": south} for n in range(3)), {"name": "А", "department": north})
    assert "N/01" in refusal(company, 1, "N") and set_(company, 2, "N") is None
    account, of = company.catalog.entity("account"), company.catalog.entity("account").fields["act"].attribute
    alike = ["N/007", "N/9x", "N/", "n/50", "N/-4", "N/40/1", "XN/60", "N/٣٤", "N/1234567890123"]  # none of them would this counter give
    with company.engine.execution_options(writer=True).begin() as connection:
        for number, text in enumerate(alike, start=800):
            now = datetime.now(UTC)
            connection.execute(insert(account.table), {
                "id": number, "code": f"A-{number}", "name": "Ф", "row_version": 1, "created_at": now, "updated_at": now, of: text,
            })
    assert "N/01" in refusal(company, 1, "N") and set_(company, 3, "N") == "N/03"
    assert "S/03" in refusal(company, 3, "S")


def test_numbers_that_are_kept_for_records_that_stood_are_in_use(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "FEW", 5)
    company.make("account", *({"name": f"Фірма {n}"} for n in range(12)))
    put(company, act("{000}"))
    assert "012" in refusal(company, 12) and set_(company, 50) == "050"
    company.make("account", {"name": "Нова"})
    assert recomputing.recompute(company.engine, company.catalog, "account").changed == 12
    assert numbers(company) == [*(f"{n:03}" for n in range(1, 13)), "050"]


def test_a_number_is_set_while_others_write_and_none_is_given_twice(company: Company) -> None:
    put(company, act("{0}"))

    def write(writer: int) -> None:
        for turn in range(4):
            with system_session(company.engine, "test", company.catalog, write=True) as session:
                if writer == 0:
                    kind = company.catalog.entity("account")
                    set_next(session, kind, kind.fields["act"], "", 1000 * (turn + 1))
                else:
                    records.create_many(session, "account", [{"name": f"Фірма {writer} {turn} {n}"} for n in range(2)])
                session.commit()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    found = [int(one) for one in numbers(company)]
    assert len(set(found)) == len(found) == 40
    company.make("account", {"name": "Остання"})
    assert int(numbers(company)[-1]) >= 4000


def test_a_mask_passes_over_a_thousand_taken_numbers_by_a_few_queries(company: Company) -> None:
    put(company, act("1{000}"))
    company.make("account", *({"name": f"Фірма {n}"} for n in range(999)))
    put(company, act("{0000}"))
    assert "1999" in refusal(company, 1000), "what reads alike is in use too"
    with statements(company.engine) as asked:
        company.make("account", {"name": "Нова"}, {"name": "Ще одна"})
    assert numbers(company)[-2:] == ["1000", "2000"] and len(asked) < 40, len(asked)


def test_a_mask_whose_numbers_thousands_of_records_have_is_refused(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    put(company, act("1{00}"))
    company.make("account", *({"name": f"Фірма {n}"} for n in range(9)))
    monkeypatch.setattr(next_numbers, "PART", 3)
    monkeypatch.setattr(next_numbers, "PARTS", 3)
    set_(company, 101)
    assert "“{000}” would give numbers that thousands of records have already; choose another pattern for “account.act”" in refused(company, act("{000}"))
    company.catalog = load_catalog(company.engine)
    monkeypatch.setattr(next_numbers, "PARTS", 4)
    put(company, act("{000}"))
    company.make("account", {"name": "Нова"})
    assert numbers(company)[-1] == "110", "fewer are passed over"
