"""What a signed-in person sets about himself: password, language, time zone, the look of the screens."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from sqlalchemy import Engine, select, update

from crm.backoffice import journal
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession, system_session
from crm.errors import Invalid
from crm.messages import LANGUAGES, m
from crm.organization import throttle
from crm.organization.models import User
from crm.organization.passwords import verify_password
from crm.organization.sign_in import Identity, Where, accounts, fold, open_session, set_password
from crm.organization.sign_in_models import SignInSession

THEMES = ("auto", "light", "dark")
DENSITIES = ("comfortable", "compact")


@cache
def time_zones() -> tuple[str, ...]:
    """Time zones to choose from: cities, without the old names kept for old programs."""
    continents = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    old = get_global("zone_aliases")
    return ("UTC", *sorted(z for z in available_timezones() if z.partition("/")[0] in continents and z not in old))


def choices() -> Mapping[str, tuple[str, ...]]:
    """Every preference with the values it takes; without one the company's (language, zone) or the browser's is used."""
    return {"language": LANGUAGES, "time_zone": time_zones(), "theme": THEMES, "density": DENSITIES}


def save_preferences(engine: Engine, catalog: Catalog, user_id: int, given: Mapping[str, str | None]) -> None:
    """Keeps preferences (language, time_zone, theme, density); an empty one goes back to the default, one not given stays.
    Raises Invalid naming what is not on offer; then nothing is written."""
    offered = choices()
    wrong = {key: m("Choose one of the values on offer.") for key, value in given.items() if key not in offered or (value and value not in offered[key])}
    if wrong:
        raise Invalid(wrong)
    wanted = {key: value or None for key, value in given.items()}
    with system_session(engine, "profile: preferences", catalog, write=True, source="ui", actor_id=user_id) as session:
        before = session.execute(select(User.language, User.time_zone, User.theme, User.density).where(User.id == user_id)).one()._mapping
        changed = {key: value for key, value in wanted.items() if before[key] != value}
        if not changed:
            return
        session.execute(update(User).where(User.id == user_id).values(**changed))
        journal.event(session, "preferences", "user", user_id, {key: [before[key], value] for key, value in changed.items()})
        session.commit()


def show_password(engine: Engine, catalog: Catalog, who: Identity, current: str, where: Where) -> None:
    """Lets pass who shows the password he has. Raises Invalid (`current`); guesses count as attempts to sign in."""
    subjects = [(throttle.ACCOUNT, f"{fold(who.email)}|{where.address}"), (throttle.ADDRESS, throttle.network(where.address))]
    with system_session(engine, "profile: count the attempt", catalog, write=True, source="ui", actor_id=who.id) as session:
        wait = throttle.enter(session, subjects)
        session.commit()
    if wait:
        raise Invalid({"current": m("Too many attempts. Try again in %(seconds)s s.", seconds=wait)})
    with system_session(engine, "profile: compare the password", catalog, source="ui") as session:
        account = session.execute(accounts().where(User.id == who.id)).one()
    if not verify_password(account.password_hash, current):
        raise Invalid({"current": m("The current password is wrong.")})
    with system_session(engine, "profile: the password was shown", catalog, write=True, source="ui", actor_id=who.id) as session:
        throttle.forgive(session, *subjects[0])
        session.commit()


def change_password(engine: Engine, catalog: Catalog, who: Identity, current: str, new: str, where: Where) -> str:
    """A new password for a person who shows the current one. All sessions end; returns the token of a new one for this browser.
    Raises Invalid (`current`, `password`); guesses of the current password count as attempts to sign in."""
    show_password(engine, catalog, who, current, where)
    with system_session(engine, "profile: change the password", catalog, write=True, source="ui", actor_id=who.id) as session:
        kept = _kept(session, who.session_id)
        set_password(session, who.id, new)
        token = open_session(session, session.execute(accounts().where(User.id == who.id)).one(), where, keep=kept)
        journal.event(session, "password_chosen", "user", who.id, {"by": [None, "profile"], "address": [None, where.address]})
        session.commit()
    return token


def _kept(session: SystemSession, session_id: int) -> bool:
    return bool(session.scalar(select(SignInSession.kept).where(SignInSession.id == session_id)))
