"""What one request works with: its user's session, opened on first use and closed with the request; his rights, his reader, the catalog."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request
from flask_babel import refresh
from flask_login import current_user

from crm.admin_views.gate import SAFE
from crm.backoffice import journal, seen
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.fields.base import Reader
from crm.backoffice.guard import UserSession, system_session, user_session
from crm.headers import path_without_secrets
from crm.languages import current_language
from crm.permissions import access_for, access_of, today
from crm.runtime import Runtime


def runtime() -> Runtime:
    """The running installation."""
    found: Runtime = current_app.extensions["brama"]
    return found


def catalog() -> Catalog:
    """The configuration this request works with, the same from its beginning to its end."""
    if "catalog" not in g:
        g.catalog = runtime().catalog
    return g.catalog  # type: ignore[no-any-return]


def own_access() -> Access:
    """The rights of the signed-in person at this moment."""
    if "own_access" not in g:
        engine, now = runtime().engine, catalog()
        # What was read with the sign-in holds for the configuration and the day of then.
        read = current_user.version == now.version and current_user.day == today(now)
        g.own_access = access_of(engine, current_user.id, now, current_user.standing) if read else access_for(engine, current_user.id, now)
    return g.own_access  # type: ignore[no-any-return]


def access() -> Access:
    """The rights with which this request looks: the signed-in person's, or what he and the person whose eyes he borrows may both see."""
    borrowed: Access | None = g.get("borrowed")
    return own_access() if borrowed is None else borrowed


def reader() -> Reader:
    """Language, zone and today of whoever looks."""
    if "reader" not in g:
        zone = getattr(current_user, "time_zone", None)
        g.reader = catalog().reader(current_language(), ZoneInfo(zone) if zone else None)
    return g.reader  # type: ignore[no-any-return]


def session() -> UserSession:
    """The session of this request in its user's name. A view that writes commits it; whatever is not committed is undone."""
    if "session" not in g:
        writing = request.method not in SAFE
        watcher = current_user.id if g.get("borrowed") is not None else None
        g.session = user_session(runtime().engine, access(), catalog(), write=writing, reader=reader(), watcher=watcher)
    return g.session  # type: ignore[no-any-return]


def only_show(rights: Access, of: Catalog, told: Reader) -> UserSession:
    """From here on this request draws what `rights` show over the configuration `of`, in the reader's language; its session writes nothing."""
    opened: UserSession | None = g.pop("session", None)
    if opened is not None:
        opened.close()
    g.catalog, g.borrowed, g.reader, g.language = of, rights, told, told.language
    refresh()
    g.session = shown = user_session(runtime().engine, rights, of, reader=told, watcher=current_user.id)
    return shown


def init_app(app: Flask) -> None:
    """Close the session with its request, and journal which sensitive fields it read: one row a request."""

    @app.teardown_request
    def close(_: Any) -> None:
        opened: UserSession | None = g.pop("session", None)
        if opened is None:
            return
        opened.close()
        record = g.pop("opened_record", None)
        if opened.sight.sensitive or record is not None:
            _keep_reading(opened, record)


def _keep_reading(opened: UserSession, record: tuple[str, int] | None) -> None:
    """The sensitive fields that were read, and the record that was opened."""
    fields: dict[str, list[str]] = {}
    for entity, key in sorted(opened.sight.sensitive):
        fields.setdefault(entity, []).append(key)
    with system_session(runtime().engine, "read", opened.catalog, write=True, source="ui", actor_id=opened.actor_id) as system:
        if fields:
            seen_as = {"as": [None, opened.sight.actor_id]} if opened.watcher is not None else {}
            journal.event(system, "read", changes={"address": [None, path_without_secrets()], "fields": [None, fields], **seen_as})
        if record is not None and opened.actor_id is not None and opened.watcher is None:
            seen.note(system, *record, opened.actor_id)
        system.commit()
