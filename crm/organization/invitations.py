"""Letters with a single-use link to choose a password: the invitation of a new colleague and the reset of a forgotten one.

A letter is asked for in the transaction of a request and its link is made when the worker sends it: neither the outbox nor a backup
ever holds a link that works.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Engine, update

from crm.backoffice import journal, outbox
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import DataSession, SystemSession, system_session
from crm.errors import Invalid
from crm.messages import m
from crm.organization import throttle
from crm.organization.models import User
from crm.organization.sign_in import AnyRow, Outcome, Where, able, accounts, fold, go_on, set_password
from crm.organization.sign_in_models import AccountToken, token_hash

Purpose = Literal["invitation", "reset"]
TOPIC = "letter"
LIFE: dict[Purpose, timedelta] = {"invitation": timedelta(days=7), "reset": timedelta(hours=1)}


@dataclass(frozen=True)
class Letter:
    """What is sent: to whom, in which language, and the token of the link."""

    purpose: Purpose
    email: str
    name: str
    language: str
    token: str
    expires_at: datetime


def ask(session: DataSession, user_id: int | None, purpose: Purpose) -> None:
    """Leaves a letter to be sent after this transaction commits. Without a person the row is written all the same and nothing is sent:
    who asked learns nothing from the time it took."""
    outbox.post(session, TOPIC, [(f"{purpose}-{secrets.token_hex(16)}", {"purpose": purpose, "user": user_id})])


def issue(session: SystemSession, user_id: int, purpose: Purpose) -> Letter | None:
    """A fresh token; older ones of the same purpose stop working. The caller commits, then sends.
    None when there is nobody (any more) who could sign in."""
    account = session.execute(accounts().where(User.id == user_id)).first()
    if account is None or not account.email:
        return None
    now = datetime.now(UTC)
    token = secrets.token_urlsafe(32)
    older = (AccountToken.user_id == user_id, AccountToken.purpose == purpose, AccountToken.used_at.is_(None))
    session.execute(update(AccountToken).where(*older).values(used_at=now))
    expires_at = now + LIFE[purpose]
    session.add(AccountToken(
        user_id=user_id, purpose=purpose, token_hash=token_hash(token), email=account.email, created_at=now, expires_at=expires_at,
    ))
    session.flush()
    return Letter(purpose, account.email, account.name, account.language or session.catalog.company.language, token, expires_at)


def _holder(session: SystemSession, token: str, purpose: Purpose) -> AnyRow | None:
    """The account of a token that still works: unused, in time, sent to the address the person has now."""
    table = AccountToken
    return session.execute(
        accounts().add_columns(table.id.label("token_id")).join(table, table.user_id == User.id).where(
            table.token_hash == token_hash(token), table.purpose == purpose, table.used_at.is_(None), table.expires_at > datetime.now(UTC),
            table.email == User.email,
        )
    ).first()


def holder(engine: Engine, catalog: Catalog, token: str, purpose: Purpose) -> str | None:
    """The e-mail of the person whom a link belongs to, None when it does not work (any more)."""
    with system_session(engine, "sign-in: a link of a letter", catalog, source="ui") as session:
        found = _holder(session, token, purpose)
        return found.email if found else None


def redeem(engine: Engine, catalog: Catalog, token: str, purpose: Purpose, password: str, where: Where) -> Outcome:
    """Sets the password, ends every other session of the person and signs this browser in, or leads it to the second step.
    Raises Invalid when the link does not work (`link`) or the password is too weak (`password`); then nothing is written."""
    spent = m("This link has been used or is too old. Ask for a new one.")
    with system_session(engine, "sign-in: a link of a letter", catalog, source="ui") as session:
        known = _holder(session, token, purpose)
    if known is None:
        raise Invalid({"link": spent})
    with system_session(engine, "sign-in: choose a password", catalog, write=True, source="ui", actor_id=known.id) as session:
        mine = update(AccountToken).where(AccountToken.id == known.token_id, AccountToken.used_at.is_(None)).values(used_at=datetime.now(UTC))
        taken = session.execute(mine.returning(AccountToken.id)).first()
        if taken is None:
            raise Invalid({"link": spent})
        set_password(session, known.id, password)
        throttle.forgive(session, throttle.ACCOUNT, fold(known.email))
        outcome = go_on(session, session.execute(accounts().where(User.id == known.id)).one(), where)
        journal.event(session, "password_chosen", "user", known.id, {"by": [None, purpose], "address": [None, where.address]})
        session.commit()
    return outcome


def ask_reset(engine: Engine, catalog: Catalog, email: str, where: Where) -> int:
    """Asks for a reset letter. Known, unknown, too often asked: the same answer and the same rows written. Returns seconds to wait when
    this network asks too much, else 0."""
    with system_session(engine, "sign-in: a forgotten password", catalog, write=True, source="ui") as session:
        wait = throttle.enter(session, [(throttle.LETTER_ADDRESS, throttle.network(where.address))])
        if not wait:
            often = throttle.enter(session, [(throttle.LETTER_ACCOUNT, fold(email))])
            found = session.execute(able(email)).first()
            journal.event(session, "reset_asked", "user", found.id if found else None, {"address": [None, where.address]})
            ask(session, found.id if found and not often else None, "reset")
        session.commit()
    return wait
