"""The first hour of an installation: the company itself and the person who owns it."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from sqlalchemy import insert, select, update

from crm.backoffice import records, versions
from crm.backoffice.configuration import CompanySettings
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.working_time import working_time
from crm.errors import FieldError, Invalid, NotFound
from crm.messages import LANGUAGES, Message, m
from crm.organization.models import Membership, User
from crm.organization.sign_in import fold, set_password

COMPANY = CompanySettings.__table__


@dataclass(frozen=True)
class Terms:
    """How the company counts and reads; None: as it stands, or the usual one for a new company."""

    currency: str | None = None
    time_zone: str | None = None
    language: str | None = None
    working_time: str | None = None


def check_terms(terms: Terms) -> None:
    """Raises Invalid naming each value that is unknown."""
    wrong: dict[str, Message] = {}
    if terms.currency is not None and terms.currency not in list_currencies():
        wrong["currency"] = m("There is no currency “%(value)s”; give its three letters, such as UAH.", value=terms.currency[:20])
    if terms.time_zone is not None and terms.time_zone not in available_timezones():
        wrong["time_zone"] = m("There is no time zone “%(value)s”; give its name, such as Europe/Kyiv.", value=terms.time_zone[:60])
    if terms.language is not None and terms.language not in LANGUAGES:
        wrong["language"] = m("There is no language “%(value)s” here; choose uk or en.", value=terms.language[:20])
    if terms.working_time is not None:
        try:
            working_time(terms.working_time)
        except FieldError as unclear:
            wrong["working_time"] = unclear.message
    if wrong:
        raise Invalid(wrong)


def set_terms(session: SystemSession, terms: Terms) -> bool:
    """Makes the company's row, or changes it; whether anything changed. The base currency stays once it is set: amounts are kept in it.

    Raises Invalid.
    """
    check_terms(terms)
    row = session.kernel(select(COMPANY)).mappings().first()
    terms_given = {"currency": terms.currency, "time_zone": terms.time_zone, "language": terms.language, "working_time": terms.working_time}
    given = {k: v for k, v in terms_given.items() if v is not None}
    if row is None:
        session.kernel(insert(COMPANY).values({"name": "", "currency": "UAH", "time_zone": "Europe/Kyiv", "language": "uk", **given}))
    else:
        changed = {k: v for k, v in given.items() if row[k] != v}
        if "currency" in changed:
            raise Invalid({"currency": m("The base currency is %(currency)s already and cannot be changed: amounts are kept in it.", currency=row["currency"])})
        if not changed:
            return False
        session.kernel(update(COMPANY).values(changed))
    versions.announce(session, [Change("company", "company", None, "create" if row is None else "change").as_dict()], {}, ())
    return True


def person_by_email(session: SystemSession, email: str) -> int | None:
    """The id of the person with this address among those not deleted."""
    found = session.execute(select(User.id, User.email).where(User.deleted_at.is_(None), User.email.is_not(None))).all()
    return next((row.id for row in found if fold(row.email) == fold(email)), None)


def add_person(
    session: SystemSession, email: str, name: str, *, roles: tuple[str, ...] = (), department: str | None = None, password: str | None = None,
) -> int:
    """A new person who holds `roles` (by key) from today on; his id. Raises Invalid, NotFound for an unknown role or department."""
    values: dict[str, Any] = {"email": email, "name": name}
    if department is not None:
        values["department"] = _by_code(session, "department", department)
    user_id = records.create(session, "user", values)
    for role in roles:
        give_role(session, user_id, role)
    if password is not None:
        set_password(session, user_id, password)
    return user_id


def give_role(session: SystemSession, user_id: int, role: str) -> bool:
    """Lets the person hold a role without an end; whether he did not already. Raises NotFound."""
    role_id = _by_code(session, "role", role)
    held = session.execute(select(Membership.id).where(
        Membership.user_id == user_id, Membership.role_id == role_id, Membership.deleted_at.is_(None), Membership.until.is_(None))).first()
    if held is not None:
        return False
    records.create(session, "membership", {"user": user_id, "role": role_id})
    return True


def _by_code(session: SystemSession, entity: str, code: str) -> int:
    table = session.catalog.entity(entity).table
    found = session.kernel(select(table.c.id).where(table.c.code == code, table.c.deleted_at.is_(None))).scalar()
    if found is None:
        kind = session.catalog.entity(entity).label
        raise NotFound(m("%(kind)s “%(code)s” does not exist.", kind=kind, code=code[:64]))
    return int(found)

