"""Sessions. A user's passes only statements made of what his sight handed out; system work is another session, with a reason.

Closed by default at two places. `execute` walks the statement and refuses every table, column, function and construct that it does
not know, and every source that stands without its scope. Below it the connection refuses whatever did not come through `execute`:
text, driver calls, the ORM's own loads and flushes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine, Executable, Result, event
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.orm import ORMExecuteState, Session

from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.fields.base import Reader
from crm.backoffice.sight import READ, Sight, Source
from crm.backoffice.verification import verify
from crm.errors import GuardRefusal

CLEARED = "brama_cleared"  # the execution option of a statement that was let through; its value is the connection's own stamp
STAMP = "brama_stamp"
Rows = Result[*tuple[Any, ...]]
Given = ParamSpec("Given")
Answer = TypeVar("Answer")
AnySession = TypeVar("AnySession", bound="DataSession")
TRANSACTION = re.compile(r"BEGIN( IMMEDIATE)?|SAVEPOINT \w+|RELEASE SAVEPOINT \w+|ROLLBACK TO SAVEPOINT \w+")


class DataSession(Session):
    """What both kinds of session are: a transaction with a catalog, a sight, and words for the journal."""

    def __init__(self, bind: Engine, catalog: Catalog, sight: Sight, *, source: str, reason: str = "") -> None:
        super().__init__(bind, expire_on_commit=False)
        self.catalog = catalog
        self.sight = sight
        self.source = source
        self.reason = reason
        self.batch = uuid4().hex
        self.undoing = False  # while a batch is taken back: what was, may be again
        self.merging = False  # while several records are about to become one
        self.leading = False  # while references to them are led to that one

    @property
    def actor_id(self) -> int | None:
        return self.sight.actor_id

    @property
    def access(self) -> Access | None:
        return self.sight.access

    @property
    def reader(self) -> Reader:
        return self.sight.reader

    def table(self, entity: str, **options: Any) -> Source:
        """The entity's table as this session may see it; see `Sight.table`."""
        return self.sight.table(entity, **options)

    def kernel(self, statement: Executable, params: Any = None) -> Rows:
        """Run a statement of the back office itself: journal, codes, the writes of `records`. Nobody above calls it."""
        return self.execute(statement, params)


def aside(ask: Callable[Concatenate[AnySession, Given], Answer]) -> Callable[Concatenate[AnySession, Given], Answer]:
    """A question whose statements end with its answer, which holds nothing of them: their aliases serve again (see `Sight.aside`)."""

    @wraps(ask)
    def asked(session: AnySession, /, *args: Given.args, **options: Given.kwargs) -> Answer:
        with session.sight.aside():
            return ask(session, *args, **options)

    return asked


class SystemSession(DataSession):
    """Work in the system's name. It sees and may do everything; what it reads may only go where its readers may look."""

    def go_on_with(self, catalog: Catalog) -> None:
        """From here on it works by this configuration."""
        self.catalog, self.sight = catalog, Sight(None, catalog, catalog.reader(), self.actor_id)


class UserSession(DataSession):
    """Work in a user's name: reads what his sight shows, writes through `records` alone."""

    def __init__(self, bind: Engine, catalog: Catalog, sight: Sight, *, source: str, watcher: int | None = None) -> None:
        self.watcher = watcher
        self._stamp = object()
        super().__init__(bind.execution_options(**{STAMP: self._stamp}), catalog, sight, source=source)
        self._inside = 0

    @property
    def actor_id(self) -> int | None:
        """Whoever acts: of a session that shows what another person sees, the one who looks."""
        return self.watcher if self.watcher is not None else self.sight.actor_id

    def commit(self) -> None:
        """Raises GuardRefusal in a session that only shows what another person sees."""
        if self.watcher is not None:
            raise GuardRefusal("a session that shows what another person sees writes nothing")
        super().commit()

    @contextmanager
    def _kernel_work(self) -> Iterator[None]:
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def kernel(self, statement: Executable, params: Any = None) -> Rows:
        with self._kernel_work():
            return super().execute(statement, params, execution_options={CLEARED: self._stamp})

    def connection(self, *args: Any, **kwargs: Any) -> Connection:
        raise GuardRefusal("a user's session gives no connection")

    def refuse_orm(self, *args: Any, **kwargs: Any) -> Any:
        raise GuardRefusal("a user's session holds no mapped objects and makes no bulk writes")

    add = add_all = merge = delete = get = get_one = refresh = query = refuse_orm
    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = refuse_orm


@event.listens_for(UserSession, "do_orm_execute")
def _check(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, UserSession)
    if session._inside:
        return
    if state.parameters:
        raise GuardRefusal("a statement of a user takes no parameters beside its own")
    verify(state.statement, session.sight)
    state.update_execution_options(**{CLEARED: session._stamp})


@event.listens_for(UserSession, "before_flush")
def _no_flush(session: Session, *_: Any) -> None:
    if session.new or session.dirty or session.deleted:
        raise GuardRefusal("a user's session holds no mapped objects")


@event.listens_for(Engine, "before_cursor_execute")
def _only_what_passed(
    connection: Connection, cursor: DBAPICursor, statement: str, parameters: Any, context: ExecutionContext | None, executemany: bool
) -> None:
    stamp = connection.get_execution_options().get(STAMP)
    if stamp is None:
        return
    options: Mapping[str, Any] = context.execution_options if context is not None else {}
    if options.get(CLEARED) is not stamp and not TRANSACTION.fullmatch(statement.strip()):
        raise GuardRefusal("the connection of a user runs only what the guard let through")


def user_session(
    engine: Engine, access: Access, catalog: Catalog, *, write: bool = False, source: str = "ui", reader: Reader | None = None, watcher: int | None = None
) -> UserSession:
    """A session with the rights of `access`. `write` begins its transaction as a writer, so that it never fails half-way on SQLite. `watcher` is
    somebody else who only looks with these rights: he stands in the journal, and nothing is committed."""
    reader = reader or Reader(access.language, access.zone, access.today, catalog)
    return UserSession(engine.execution_options(writer=write), catalog, Sight(access, catalog, reader), source=source, watcher=watcher)


def system_session(
    engine: Engine, reason: str, catalog: Catalog, *, write: bool = False, source: str = "cli", actor_id: int | None = None
) -> SystemSession:
    """A session of the system itself, for `reason` (it stands in the journal); `actor_id` is the person it works for."""
    sight = Sight(None, catalog, catalog.reader(), actor_id)
    return SystemSession(engine.execution_options(writer=write), catalog, sight, source=source, reason=reason)


__all__ = ["READ", "DataSession", "SystemSession", "UserSession", "system_session", "user_session"]
