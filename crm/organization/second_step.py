"""The second step of signing in: whoever has shown the password shows a code, and only then a session begins."""

from datetime import UTC, datetime

from sqlalchemy import Engine, update

from crm.backoffice import journal
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.vault import Vault
from crm.organization import throttle
from crm.organization.models import User
from crm.organization.second_factor import accept
from crm.organization.second_factor_models import SignInStep
from crm.organization.sign_in import AnyRow, Outcome, Where, accounts, counter, open_session
from crm.organization.sign_in_models import token_hash


def waits(engine: Engine, catalog: Catalog, token: str) -> bool:
    """Whether a code is awaited for this token: in time, not used, of a person whose address, password and factor are still the same."""
    with system_session(engine, "sign-in: a step half done", catalog, source="ui") as session:
        return _holder(session, token) is not None


def finish(engine: Engine, catalog: Catalog, vault: Vault, token: str, typed: str, where: Where) -> Outcome | None:
    """Signs in for a code, of the authenticator or on paper; None when the step has come to an end and the password must be shown anew.
    An attempt is counted before it is judged; a code is good once, also for two requests at the same time."""
    with system_session(engine, "sign-in: count the code", catalog, write=True, source="ui") as session:
        account = _holder(session, token)
        if account is None:
            return None
        subject = counter(session, account.email, where)
        wait = throttle.enter(session, throttle.of_code(subject, where.address))
        session.commit()
    if wait:
        return Outcome(wait=wait)
    with system_session(engine, "sign-in: the code", catalog, write=True, source="ui", actor_id=account.id) as session:
        account = _holder(session, token)
        if account is None:
            return None
        how = accept(session, vault, account.id, typed)
        if how is None:
            journal.event(session, "second_factor_failed", "user", account.id, {"address": [None, where.address]})
            session.commit()
            return Outcome()
        mine = update(SignInStep).where(SignInStep.id == account.step_id, SignInStep.used_at.is_(None)).values(used_at=datetime.now(UTC))
        if session.execute(mine.returning(SignInStep.id)).first() is None:
            return None
        throttle.forgive(session, throttle.CODE, subject)
        cookie = open_session(session, account, where, keep=account.kept)
        journal.event(session, "sign_in", "user", account.id, {"address": [None, where.address], "code": [None, how]})
        session.commit()
    return Outcome(cookie, kept=account.kept)


def _holder(session: SystemSession, token: str) -> AnyRow | None:
    """The account of a step that is still good, with `step_id` and `kept`."""
    table = SignInStep
    row = session.execute(
        accounts().add_columns(table.id.label("step_id"), table.kept, table.password_changed_at.label("password_then"))
        .join(table, table.user_id == User.id)
        .where(table.token_hash == token_hash(token), table.used_at.is_(None), table.expires_at > datetime.now(UTC), table.email == User.email)
    ).first()
    return row if row is not None and row.owes_code and row.password_then == row.password_changed_at else None
