"""Signing in and out: one stored row a signed-in browser, looked up at every request, so that a lost right to be here bites at once."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, RowMapping, Select, bindparam, delete, exists, select, update

from crm.backoffice import journal
from crm.backoffice.catalog import NEWEST, Catalog
from crm.backoffice.guard import DataSession, SystemSession, system_session
from crm.backoffice.types import UtcMoment
from crm.errors import Invalid, NotFound
from crm.messages import m
from crm.organization import calendar_links, standing, throttle
from crm.organization.models import User
from crm.organization.passwords import check_password, hash_password, outdated, verify_password
from crm.organization.second_factor_models import SecondFactor, SignInStep
from crm.organization.sign_in_models import SignInSession, token_hash
from crm.organization.timers import RunningTimer

KEPT = timedelta(days=30)  # the longest a browser stays signed in
IDLE = timedelta(hours=12)  # without a request, where it was not asked to stay
STEP = timedelta(minutes=10)  # how long the code may take once the password was shown
SEEN_EVERY = timedelta(minutes=5)  # how exactly "last seen" is kept: a write a request would be too dear
AnyRow = Row[*tuple[Any, ...]]
REMEMBERED = timedelta(days=90)  # how long an ended session stands in the table


@dataclass(frozen=True)
class Where:
    """Whence a request comes: the address of the network and what the browser calls itself."""

    address: str
    agent: str = ""


@dataclass(frozen=True)
class Identity:
    """The signed-in person of a request, and the row of his session."""

    id: int
    name: str
    email: str
    language: str | None
    time_zone: str | None
    theme: str | None
    density: str | None
    session_id: int
    seen_at: datetime
    timing: datetime | None  # since when he takes the time of something
    watching: int | None  # with whose eyes he looks
    watching_until: datetime | None
    version: int  # of the configuration then in force
    day: date  # on which he holds the roles of `standing`, rows of `crm.organization.standing`
    standing: tuple[AnyRow, ...]
    owes_factor: bool  # a role asks for a second factor and he has none: nothing but turning it on is his to do


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: a token for the cookie; one for the code that is still owed (`step`); or none — and then perhaps seconds to
    wait before the next attempt."""

    token: str | None = None
    wait: int = 0
    step: str | None = None
    kept: bool = False


def fold(email: str) -> str:
    """An address as the e-mail field keeps it: people type it as they like."""
    return email.replace("\0", "").encode("utf-8", "replace").decode().strip().lower()[:320]


def able(email: str) -> Select[*tuple[Any, ...]]:
    """The person who may sign in with this address: at work, not deleted."""
    return accounts().where(User.email == fold(email))


def accounts() -> Select[*tuple[Any, ...]]:
    """Those who may sign in at all, with what that takes."""
    owes = exists().where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None)).label("owes_code")
    columns = (User.id, User.name, User.email, User.password_hash, User.password_changed_at, User.language, owes)
    return select(*columns).where(User.active, User.deleted_at.is_(None))


def attempt(engine: Engine, catalog: Catalog, email: str, password: str, where: Where, *, keep: bool = False) -> Outcome:
    """Tries to sign in. A wrong password, an unknown address and a person who has left get the same answer for the same work:
    counted first, one argon2 comparison, one journal row. Whoever has a second factor is not signed in yet, see `second_step`."""
    with system_session(engine, "sign-in: count the attempt", catalog, write=True, source="ui") as session:
        subject = counter(session, email, where)
        wait = throttle.enter(session, [(throttle.ACCOUNT, subject), (throttle.ADDRESS, throttle.network(where.address))])
        session.commit()
    if wait:
        return Outcome(wait=wait)
    with system_session(engine, "sign-in: find the account", catalog, source="ui") as session:
        found = session.execute(able(email)).first()
    right = verify_password(found.password_hash if found else None, password)
    actor = found.id if found and right else None
    with system_session(engine, "sign-in: keep the result", catalog, write=True, source="ui", actor_id=actor) as session:
        if found is None or not right:
            journal.event(session, "sign_in_failed", "user", found.id if found else None, {"address": [None, where.address]})
            session.commit()
            return Outcome()
        throttle.forgive(session, throttle.ACCOUNT, subject)
        if outdated(found.password_hash):
            session.execute(update(User).where(User.id == found.id).values(password_hash=hash_password(password)))
        outcome = go_on(session, found, where, keep=keep)
        journal.event(session, "password_shown" if outcome.step else "sign_in", "user", found.id, {"address": [None, where.address]})
        session.commit()
    return outcome


def go_on(session: SystemSession, account: AnyRow, where: Where, *, keep: bool = False) -> Outcome:
    """What follows a password: a session, or for whoever has a second factor a step that only a code leads out of."""
    if not account.owes_code:
        return Outcome(open_session(session, account, where, keep=keep))
    now = datetime.now(UTC)
    session.execute(delete(SignInStep).where(SignInStep.expires_at < now))
    token = secrets.token_urlsafe(32)
    session.add(SignInStep(
        user_id=account.id, token_hash=token_hash(token), email=account.email, password_changed_at=account.password_changed_at,
        expires_at=now + STEP, kept=keep,
    ))
    session.flush()
    return Outcome(step=token)


def counter(session: SystemSession, email: str, where: Where) -> str:
    """The subject of the account's counter: an address that signed in lately counts apart from strangers."""
    since = datetime.now(UTC) - KEPT
    known = session.execute(
        select(SignInSession.id).join(User, User.id == SignInSession.user_id)
        .where(User.email == fold(email), SignInSession.address == where.address[:64], SignInSession.created_at > since).limit(1)
    ).first()
    return f"{fold(email)}|{where.address}" if known else fold(email)


def open_session(session: SystemSession, account: AnyRow, where: Where, *, keep: bool = False) -> str:
    """A new row for a browser that has shown who it is: `account` is a row of `accounts()` as it was when that was shown.
    Returns the token for its cookie, which is stored nowhere."""
    now = datetime.now(UTC)
    throttle.forget_old(session)
    session.execute(delete(SignInSession).where(SignInSession.expires_at < now - REMEMBERED))
    token = secrets.token_urlsafe(32)
    session.add(SignInSession(
        user_id=account.id, token_hash=token_hash(token), email=account.email, password_changed_at=account.password_changed_at, created_at=now, seen_at=now,
        expires_at=now + KEPT, kept=keep, address=where.address[:64], agent=where.agent[:255],
    ))
    session.flush()
    return token


def identify(engine: Engine, token: str, day: date) -> Identity | None:
    """Who holds this token, where he stands, his roles on `day` and the number of the configuration, all by one query; None when the
    session or the person has come to an end."""
    now = datetime.now(UTC)
    with engine.connect() as connection:
        rows = connection.execute(_HOLDER, {"token": token_hash(token), "now": now, "lately": now - IDLE, "day": day}).all()
    if not rows or not _sound(rows[0]):
        return None
    row = rows[0]
    own = (row.id, row.name, row.email, row.language, row.time_zone, row.theme, row.density, row.session_id, row.seen_at, row.timing, row.watching,
           row.watching_until)
    return Identity(*own, row.version or 0, day, tuple(rows), row.factor is None and any(held.asks_code for held in rows))


def _alive(now: Any, lately: Any) -> list[Any]:
    table = _SESSION.c
    return [table.revoked_at.is_(None), table.expires_at > now, table.kept | (table.seen_at > lately)]


def _holder() -> Select[*tuple[Any, ...]]:
    """Made once: every request asks it, and making it costs more than the answer."""
    user, signed_in, timer = _USER.c, _SESSION.c, RunningTimer.__table__.c
    columns = (user.id, user.name, user.email, user.theme, user.density, user.password_changed_at, NEWEST.scalar_subquery().label("version"))
    own = (
        signed_in.id.label("session_id"), signed_in.email.label("signed_in_as"), signed_in.password_changed_at.label("password_then"), signed_in.seen_at,
        timer.started_at.label("timing"), signed_in.watching_id.label("watching"), signed_in.watching_until,
    )
    factor = _FACTOR.c.confirmed_at.label("factor")
    alive = _alive(bindparam("now", type_=UtcMoment()), bindparam("lately", type_=UtcMoment()))
    return (
        select(*columns, *own, factor, *standing.COLUMNS)
        .select_from(
            _SESSION.join(standing.HELD, user.id == signed_in.user_id).outerjoin(RunningTimer.__table__, timer.user_id == user.id)
            .outerjoin(_FACTOR, _FACTOR.c.user_id == user.id)
        )
        .where(signed_in.token_hash == bindparam("token"), *alive, user.active, user.deleted_at.is_(None)).order_by(standing.ORDER)
    )


_USER, _SESSION, _FACTOR = standing.USER, SignInSession.__table__, SecondFactor.__table__
_HOLDER = _holder()


def _sound(row: AnyRow) -> bool:
    """Whether the person still has the address and the password with which he signed in."""
    return bool(row.signed_in_as == row.email and row.password_then == row.password_changed_at)


def note_seen(engine: Engine, catalog: Catalog, who: Identity) -> None:
    """Keeps when the browser was last here, coarsely."""
    now = datetime.now(UTC)
    if now - who.seen_at < SEEN_EVERY:
        return
    with system_session(engine, "sign-in: last seen", catalog, write=True, source="ui") as session:
        session.execute(update(SignInSession).where(SignInSession.id == who.session_id).values(seen_at=now))
        session.commit()


def sessions_of(session: SystemSession, user_id: int) -> list[RowMapping]:
    """The browsers in which a person is signed in now, the latest first: id, created_at, seen_at, kept, address, agent."""
    table, now = SignInSession, datetime.now(UTC)
    rows = session.execute(
        select(table.id, table.created_at, table.seen_at, table.kept, table.address, table.agent, table.email.label("signed_in_as"), User.email,
               table.password_changed_at.label("password_then"), User.password_changed_at)
        .join(User, User.id == table.user_id).where(table.user_id == user_id, *_alive(now, now - IDLE)).order_by(table.seen_at.desc(), table.id.desc())
    )
    return [row._mapping for row in rows if _sound(row)]


def revoke(session: DataSession, user_id: int, *, only: int | None = None, but: int | None = None) -> int:
    """Ends sessions of a person: all, `only` one, or all `but` one. Returns how many ended; the next request of each finds nobody."""
    table = SignInSession
    ended = update(table).where(table.user_id == user_id, table.revoked_at.is_(None)).values(revoked_at=datetime.now(UTC))
    if only is not None:
        ended = ended.where(table.id == only)
    if but is not None:
        ended = ended.where(table.id != but)
    return len(session.kernel(ended.returning(table.id).execution_options(synchronize_session=False)).all())


def watch(session: DataSession, session_id: int, user_id: int | None, until: datetime | None = None) -> None:
    """From now on this browser looks with another person's eyes, or with its own again. It stands in the row and not in the cookie: an old cookie
    brings nothing back. The caller commits."""
    session.kernel(update(_SESSION).where(_SESSION.c.id == session_id).values(watching_id=user_id, watching_until=until))


def revoke_all(session: DataSession, user_id: int, why: calendar_links.Why) -> int:
    """Ends every way in that a person has without showing a password: all sessions, and the link of his calendar. Returns how many sessions."""
    calendar_links.end(session, user_id, why)
    return revoke(session, user_id)


def set_password(session: SystemSession, user_id: int, password: str) -> None:
    """Gives a person a password and ends all his sessions and the link of his calendar; the caller commits.
    Raises Invalid when it is too weak or the person has no e-mail to sign in with, NotFound."""
    found = session.execute(select(User.email, User.name).where(User.id == user_id, User.deleted_at.is_(None))).first()
    if found is None:
        raise NotFound()
    if not found.email:
        raise Invalid({"email": m("A person without an e-mail address cannot sign in.")})
    check_password(password, found.email, found.name)
    session.execute(update(User).where(User.id == user_id).values(password_hash=hash_password(password), password_changed_at=datetime.now(UTC)))
    revoke_all(session, user_id, "password")
