from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from threading import Barrier

import pytest
from freezegun import freeze_time
from sqlalchemy import event

from crm.backoffice.guard import system_session
from crm.organization import throttle
from crm.organization.sign_in import Where, attempt
from crm.organization.throttle import ACCOUNT, ADDRESS, network
from tests.sign_in.conftest import PASSWORD, House

HERE = Where("203.0.113.7", "Firefox/140")


def fail(house: House, email: str = "olha@firm.example", address: str = "203.0.113.7") -> int:
    """The seconds to wait that one wrong password answers; 0 when it was judged."""
    return attempt(house.engine, house.catalog, email, "wrong wrong wrong", Where(address)).wait


def test_pauses_begin_after_the_free_attempts_double_and_stay_below_a_quarter_of_an_hour() -> None:
    assert [ACCOUNT.pause(n) for n in range(1, 9)] == [0, 0, 0, 0, 5, 10, 20, 40]
    assert ACCOUNT.pause(10_000) == 900
    assert ADDRESS.pause(39) == 0


@pytest.mark.parametrize("email", ["olha@firm.example", "nobody@firm.example", "not an address \ud800 \0"])
def test_after_five_wrong_passwords_an_account_waits_whether_it_exists_or_not(house: House, email: str) -> None:
    house.person()
    with freeze_time("2026-03-02 09:00:00") as clock:
        assert [fail(house, email) for _ in range(6)] == [0, 0, 0, 0, 0, 5]
        clock.tick(6)
        assert fail(house, email) == 0
        assert fail(house, email) == 10


def test_during_a_pause_the_right_password_is_not_judged_and_afterwards_it_is(house: House, compared: list[str]) -> None:
    house.person()
    with freeze_time("2026-03-02 09:00:00") as clock:
        for _ in range(5):
            fail(house)
        before = len(compared)
        refused = attempt(house.engine, house.catalog, "olha@firm.example", PASSWORD, HERE)
        assert (refused.token, refused.wait, len(compared) - before) == (None, 5, 0)
        clock.tick(5)
        assert attempt(house.engine, house.catalog, "olha@firm.example", PASSWORD, HERE).token


def test_attempts_are_forgotten_after_an_hour_without_one_and_after_success(house: House) -> None:
    house.person()
    with freeze_time("2026-03-02 09:00:00") as clock:
        for _ in range(4):
            fail(house)
        clock.tick(timedelta(minutes=61))
        assert [fail(house) for _ in range(4)] == [0, 0, 0, 0]
        assert attempt(house.engine, house.catalog, "olha@firm.example", PASSWORD, HERE).token
        assert [fail(house) for _ in range(4)] == [0, 0, 0, 0]


def test_one_address_that_tries_many_accounts_waits_and_another_address_does_not(house: House) -> None:
    with freeze_time("2026-03-02 09:00:00"):
        for n in range(40):
            assert fail(house, f"person{n}@firm.example") == 0
        assert fail(house, "person99@firm.example") > 0
        assert fail(house, "person99@firm.example", "198.51.100.4") == 0


def test_a_stranger_s_guesses_do_not_keep_out_somebody_at_an_address_where_he_signed_in(house: House) -> None:
    house.person()
    with freeze_time("2026-03-02 09:00:00"):
        assert attempt(house.engine, house.catalog, "olha@firm.example", PASSWORD, HERE).token
        for _ in range(6):
            fail(house, address="198.51.100.4")
        assert fail(house, address="198.51.100.4") > 0
        assert attempt(house.engine, house.catalog, "olha@firm.example", PASSWORD, HERE).token


def test_guesses_sent_side_by_side_do_not_slip_through_together(house: House, compared: list[str]) -> None:
    house.person()
    house.catalog  # built before the race
    barrier = Barrier(12)

    def guess(_: int) -> int:
        barrier.wait()
        return fail(house)

    with ThreadPoolExecutor(12) as pool:
        waits = list(pool.map(guess, range(12)))
    assert len(compared) == waits.count(0) == 5


def test_a_pause_longer_than_any_is_a_clock_that_was_set_back(house: House) -> None:
    with freeze_time("2027-03-02 09:00:00"):
        for _ in range(6):
            fail(house)
    with freeze_time("2026-03-02 09:00:00"):
        assert fail(house) == 0


def test_what_was_typed_is_not_kept(house: House) -> None:
    fail(house, "my secret typed here")
    rows = house.rows(throttle.SignInAttempt)
    assert {row.kind for row in rows} == {"account", "address"}
    assert all(len(row.subject) == 64 for row in rows)


def test_hosts_of_one_ipv6_network_count_as_one_and_ipv4_written_as_ipv6_as_itself() -> None:
    assert network("2001:db8:1:2:aaaa::1") == network("2001:db8:1:2:bbbb::9") != network("2001:db8:1:3::1")
    assert network("::ffff:203.0.113.7") == network("203.0.113.7") == "203.0.113.7"
    assert network("unknown") == "unknown"


def test_old_counters_are_removed(house: House) -> None:
    house.person()
    with freeze_time("2026-03-01 09:00:00"):
        fail(house, "gone@firm.example")
    with freeze_time("2026-03-03 09:00:00"), system_session(house.engine, "test", house.catalog, write=True) as session:
        throttle.forget_old(session)
        session.commit()
    assert house.rows(throttle.SignInAttempt) == []


def test_an_attempt_is_counted_while_somebody_else_forgives_its_subject(house: House) -> None:
    fail(house)
    with ThreadPoolExecutor(1) as pool:

        def forgive() -> None:
            with system_session(house.engine, "test", house.catalog, write=True) as session:
                throttle.forgive(session, ACCOUNT, "olha@firm.example")
                session.commit()

        @event.listens_for(house.engine, "after_cursor_execute")
        def meanwhile(_: object, __: object, statement: str, *___: object) -> None:
            if statement.startswith("INSERT INTO sign_in_attempt") and not forgiven:
                forgiven.append(pool.submit(forgive))
                wait(forgiven, timeout=0.3)  # whoever counts holds the row

        forgiven: list[Future[None]] = []
        assert fail(house) == 0
        forgiven[0].result()
