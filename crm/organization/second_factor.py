"""A person's second factor: an authenticator and codes on paper, begun, confirmed, renewed, turned off, reset."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm.backoffice import journal
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import DataSession, SystemSession, system_session
from crm.backoffice.vault import Vault
from crm.errors import Invalid
from crm.messages import m
from crm.organization import one_time, standing, throttle
from crm.organization.models import Role
from crm.organization.profile import show_password
from crm.organization.second_factor_models import RecoveryCode, SecondFactor, SignInStep, UsedCode
from crm.organization.sign_in import Identity, Where, counter, revoke, revoke_all

How = Literal["authenticator", "paper"]
BEGUN = timedelta(minutes=15)  # how long a key waits for its first code
WRONG = m("This code is wrong or was used already. Check the clock of the phone.")
REMEMBERED = timedelta(days=30)  # how long a used step is kept; clocks are not set back by more


@dataclass(frozen=True)
class Factor:
    """How a person stands: since when a second step is asked, recovery codes left, the key that waits for its first code."""

    since: datetime | None = None
    left: int = 0
    key: str | None = None


def place(user_id: int) -> str:
    """The name of a person's row for the vault."""
    return f"second_factor:{user_id}"


def factor_of(session: SystemSession, user_id: int, vault: Vault | None = None, session_id: int | None = None) -> Factor:
    """How the person stands; the waiting key only for the sign-in `session_id` that began it."""
    table = SecondFactor
    row = session.execute(select(table.key, table.session_id, table.begun_at, table.confirmed_at).where(table.user_id == user_id)).first()
    if row is None:
        return Factor()
    if row.confirmed_at is not None:
        return Factor(row.confirmed_at, _left(session, user_id))
    waits = vault is not None and row.session_id == session_id and datetime.now(UTC) - row.begun_at < BEGUN
    return Factor(key=vault.open(row.key, place(user_id)) if vault is not None and waits else None)


def owed_by(session: SystemSession, user_id: int, day: date) -> bool:
    """Whether a role that the person holds on `day` requires a second factor and he has none: then nothing is told to him."""
    confirmed = select(SecondFactor.id).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    if session.execute(confirmed).first() is not None:
        return False
    asking = select(standing.USER.c.id).select_from(standing.HELD).where(standing.USER.c.id == user_id, Role.second_factor).limit(1)
    return session.execute(asking, {"day": day}).first() is not None


def begin(engine: Engine, catalog: Catalog, vault: Vault, who: Identity, password: str, where: Where) -> None:
    """Makes a key for the person's authenticator, which waits for its first code. Raises Invalid (`current` for a wrong password)."""
    show_password(engine, catalog, who, password, where)
    with system_session(engine, "second factor: begin", catalog, write=True, source="ui", actor_id=who.id) as session:
        if factor_of(session, who.id).since is not None:
            raise Invalid({"current": m("Two-step sign-in is on already.")})
        session.execute(delete(SecondFactor).where(SecondFactor.user_id == who.id))
        sealed = vault.seal(one_time.new_key(), place(who.id))
        session.execute(insert(SecondFactor).values(user_id=who.id, key=sealed, session_id=who.session_id, begun_at=datetime.now(UTC)))
        session.commit()


def confirm(engine: Engine, catalog: Catalog, vault: Vault, who: Identity, typed: str, where: Where) -> list[str]:
    """Turns the second step on, for a code of the waiting key; other sign-ins of the person end. Returns the recovery codes, which are
    shown this once. Raises Invalid (`code`)."""
    _count(engine, catalog, who, where)
    with system_session(engine, "second factor: confirm", catalog, write=True, source="ui", actor_id=who.id) as session:
        key = factor_of(session, who.id, vault, who.session_id).key
        if key is None:
            raise Invalid({"code": m("This key is too old. Begin again.")})
        now = datetime.now(UTC)
        step = one_time.step_of(key, typed, now)
        if step is None or not _taken(session, who.id, step, now):
            raise Invalid({"code": WRONG})
        waiting = update(SecondFactor).where(SecondFactor.user_id == who.id, SecondFactor.confirmed_at.is_(None)).values(confirmed_at=now)
        if session.execute(waiting.returning(SecondFactor.id)).first() is None:
            raise Invalid({"code": m("Two-step sign-in is on already.")})
        codes = _new_paper(session, who.id)
        revoke(session, who.id, but=who.session_id)
        throttle.forgive(session, throttle.CODE, counter(session, who.email, where))
        journal.event(session, "second_factor_on", "user", who.id, {"address": [None, where.address]})
        session.commit()
    return codes


def renew(engine: Engine, catalog: Catalog, vault: Vault, who: Identity, password: str, typed: str, where: Where) -> list[str]:
    """New recovery codes for whoever shows password and code; the old ones are worth nothing. Raises Invalid (`current`, `code`)."""
    show_password(engine, catalog, who, password, where)
    with _shown(engine, catalog, vault, who, typed, where) as session:
        codes = _new_paper(session, who.id)
        journal.event(session, "recovery_codes_renewed", "user", who.id, {"address": [None, where.address]})
        session.commit()
    return codes


def turn_off(engine: Engine, catalog: Catalog, vault: Vault, who: Identity, password: str, typed: str, where: Where) -> None:
    """No second step any more, for whoever shows password and code. Raises Invalid (`current`, `code`)."""
    show_password(engine, catalog, who, password, where)
    with _shown(engine, catalog, vault, who, typed, where) as session:
        forget(session, [who.id])
        journal.event(session, "second_factor_off", "user", who.id, {"address": [None, where.address]})
        session.commit()


def show_code(engine: Engine, catalog: Catalog, vault: Vault, who: Identity, typed: str, where: Where) -> None:
    """Lets pass who shows a code of his authenticator, or one on paper. Raises Invalid (`code`), also for whoever has no second factor."""
    with _shown(engine, catalog, vault, who, typed, where) as session:
        session.commit()


def reset(session: DataSession, user_id: int) -> bool:
    """Takes a person's second factor away and ends his sign-ins, journaled; whether he had one. The caller has judged that it may be done,
    and commits."""
    had = forget(session, [user_id])
    if had:
        revoke_all(session, user_id, "administrator")
        journal.event(session, "second_factor_reset", "user", user_id)
    return had


def forget(session: DataSession, people: Sequence[int]) -> bool:
    """Removes what is kept of the second factor of some people; whether anybody had one."""
    for table in (RecoveryCode, UsedCode, SignInStep):
        session.kernel(delete(table).where(table.user_id.in_(people)))
    gone = session.kernel(delete(SecondFactor).where(SecondFactor.user_id.in_(people)).returning(SecondFactor.confirmed_at)).all()
    return any(row.confirmed_at is not None for row in gone)


def accept(session: SystemSession, vault: Vault, user_id: int, typed: str) -> How | None:
    """Takes a code of the person's authenticator, or one on paper; None when it is neither or was used. No two transactions take the same."""
    now = datetime.now(UTC)
    row = session.execute(select(SecondFactor.key).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))).first()
    if row is None:
        return None
    key = vault.open(row.key, place(user_id))
    step = one_time.step_of(key, typed, now) if key is not None else None
    if step is not None and _taken(session, user_id, step, now):
        return "authenticator"
    table = RecoveryCode
    mine = update(table).where(table.user_id == user_id, table.digest == one_time.paper_digest(user_id, typed), table.used_at.is_(None)).values(used_at=now)
    if session.execute(mine.returning(table.id)).first() is None:
        return None
    left = _left(session, user_id)
    journal.event(session, "recovery_code_used", "user", user_id, {"left": [left + 1, left]})
    return "paper"


def _count(engine: Engine, catalog: Catalog, who: Identity, where: Where) -> None:
    """Counts an attempt to show a code. Raises Invalid while the person must wait."""
    with system_session(engine, "second factor: count the attempt", catalog, write=True, source="ui", actor_id=who.id) as session:
        wait = throttle.enter(session, throttle.of_code(counter(session, who.email, where), where.address))
        session.commit()
    if wait:
        raise Invalid({"code": m("Too many attempts. Try again in %(seconds)s s.", seconds=wait)})


@contextmanager
def _shown(engine: Engine, catalog: Catalog, vault: Vault, who: Identity, typed: str, where: Where) -> Iterator[SystemSession]:
    """A session to go on in, once a code was shown. Raises Invalid (`code`), journaled."""
    _count(engine, catalog, who, where)
    with system_session(engine, "second factor: a code is shown", catalog, write=True, source="ui", actor_id=who.id) as session:
        if accept(session, vault, who.id, typed) is None:
            journal.event(session, "second_factor_failed", "user", who.id, {"address": [None, where.address]})
            session.commit()
            raise Invalid({"code": WRONG})
        throttle.forgive(session, throttle.CODE, counter(session, who.email, where))
        yield session


def _taken(session: SystemSession, user_id: int, step: int, now: datetime) -> bool:
    """Whether this transaction is the first to use a step."""
    session.execute(delete(UsedCode).where(UsedCode.used_at < now - REMEMBERED))
    dialect = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = dialect(UsedCode).values(user_id=user_id, step=step, used_at=now).on_conflict_do_nothing().returning(UsedCode.id)
    return session.execute(made).first() is not None


def _left(session: SystemSession, user_id: int) -> int:
    unused = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.execute(unused).scalar_one()


def _new_paper(session: SystemSession, user_id: int) -> list[str]:
    codes = one_time.new_paper_codes()
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.execute(insert(RecoveryCode), [{"user_id": user_id, "digest": one_time.paper_digest(user_id, code)} for code in codes])
    return codes
