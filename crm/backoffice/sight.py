"""A reader's sight: tables as he may see them, in SQL. Every query of a user's session is made of what stands here.

`sight.table("deal")` is a `Source`: `deals["amount"]` is the column as this reader may use it (itself; or `CASE WHEN … END` where
his rules show it on some records only; or UnknownName), `deals.visible` the records he may know of. Everything handed out is
*sealed*: the guard lets a statement pass only when it consists of sealed parts and each source stands with its scope.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, case, exists, false, func, not_, null, or_, select, true

from crm.backoffice import grants, links, resting
from crm.backoffice.access import Access, Action
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions import compiler
from crm.backoffice.conditions.tree import Node, Saved, parse
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.fields.many_to_many import ManyToManyField
from crm.backoffice.grants import Grant, Grants
from crm.backoffice.layouts import Layout
from crm.backoffice.pieces import ALIASES, Whole, is_filled, is_null, matching, shared_alias, standing_rows
from crm.errors import BadRequest, UnknownCondition, UnknownName

READ: frozenset[Action] = frozenset({"read"})


class Sight:
    """What one reader may see, as a maker of SQL. `access` None is the system: everything that is not deleted."""

    def __init__(self, access: Access | None, catalog: Catalog, reader: Reader, actor_id: int | None = None) -> None:
        self.access = access
        self.catalog = catalog
        self.reader = reader
        self.actor_id = access.user_id if access else actor_id
        self.sealed: dict[int, Any] = {}
        self.scoped: dict[int, FromClause] = {}  # a sealed scope, by identity → the table it scopes
        self.tables: dict[int, FromClause] = {}
        self.sensitive: set[tuple[str, str]] = set()  # sensitive fields met: the journal names them
        self._first = 0
        self._used: dict[tuple[str, frozenset[Action], bool], int] = {}
        # What the rules grant holds nothing of a person: all who hold the same rules share it.
        self._granted: dict[Any, Any] = access.derived(catalog) if access is not None else {}

    def table(self, entity: str, *, actions: Iterable[Action] = READ, deleted: bool = False) -> "Source":
        """A fresh alias of the entity's table as this reader may see it. Raises UnknownName for no such entity."""
        description = self.catalog.entity(entity)
        wanted = frozenset(actions) | READ
        number = self._used[entity, wanted, deleted] = (self._used.get((entity, wanted, deleted), -1) + 1) % ALIASES
        alias = shared_alias(description.table, wanted, deleted, self._first + number)
        self.tables[id(alias)] = alias
        return Source(self, description, alias, wanted, deleted)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For statements that are made and done inside: their aliases serve again afterwards, so that long work makes do with the shared ones. Nothing
        made inside may be kept, neither a source nor a column, and nothing be yielded from inside."""
        eyes = (self, self.unlimited)
        before = [dict(eye._used) for eye in eyes]
        try:
            yield
        finally:
            for eye, used in zip(eyes, before, strict=True):
                eye._used = used

    @cached_property
    def unlimited(self) -> "Sight":
        """The same eyes without limits, for the conditions of rules. Its aliases are others: a condition that leads back to the entity
        of the query would otherwise meet the very alias that it stands in."""
        sight = Sight(None, self.catalog, self.reader, self.actor_id)
        sight._first = ALIASES
        return sight

    def seal(self, element: Any) -> Any:
        """Vouch for an element made by the back office itself."""
        self.sealed[id(element)] = element
        return element

    def saved(self, key: str) -> Saved:
        """What a saved condition says to this reader. Raises UnknownCondition, alike for one that is not there and one that asks for what he
        may not ask for himself."""
        if self.access is None or self.access.unlimited:
            return self.catalog.saved(key)
        found: Saved | UnknownCondition | None = self._granted.get(("saved", key))
        if found is None:
            found = self._granted["saved", key] = self._may_ask(key)
        if isinstance(found, UnknownCondition):
            raise UnknownCondition(key, hidden=found.hidden)
        return found

    def _may_ask(self, key: str) -> "Saved | UnknownCondition":
        try:
            found = self.catalog.saved(key)
            Sight(self.access, self.catalog, self.reader).table(found.entity).where(found)  # nothing is read: it is no reading of what is sensitive
        except UnknownName as unknown:
            return UnknownCondition(key, hidden=unknown.hidden)
        except BadRequest:
            return UnknownCondition(key)
        return found

    def grants(self, entity: Entity, spec: Field, actions: frozenset[Action], mode: str) -> Grants:
        """Where the field may be met."""
        if self.access is None:
            return grants.NONE if mode == "masked" else grants.ALL
        key = (entity.key, spec.key, actions, mode)
        found: Grants | None = self._granted.get(key)
        if found is None:
            found = self._granted[key] = grants.of_field(self.access, entity, spec, actions, mode, self.catalog.entities)
        return found

    def records(self, entity: Entity, actions: frozenset[Action]) -> Grants:
        """The records on which all of `actions` may be done."""
        if self.access is None:
            return grants.ALL
        key = (entity.key, actions)
        found: Grants | None = self._granted.get(key)
        if found is None:
            found = self._granted[key] = grants.of_records(self.access, entity, actions)
        return found

    # --- what screens ask; nothing is protected by it --------------------------------------------------------

    def may(self, entity: str, action: Action) -> bool:
        """Whether some record of the entity could be acted on so."""
        description = self.catalog.entity(entity)
        return not self.records(description, frozenset({action})).never

    def readable(self, entity: str, actions: frozenset[Action] = READ) -> tuple[str, ...]:
        """Fields that may show on some record, masked ones too."""
        return self._once("readable", entity, actions, lambda kind, spec: self._shown(kind, spec, actions, ("read", "masked")))

    def filterable(self, entity: str, actions: frozenset[Action] = READ) -> tuple[str, ...]:
        """Fields that may be filtered, sorted, grouped and matched by: those that show unmasked on some record."""
        return self._once("filterable", entity, actions, lambda kind, spec: self._shown(kind, spec, actions, ("read",)))

    def editable(self, entity: str) -> tuple[str, ...]:
        """Fields that may be changed on some record: what may be read and edited there."""
        return self._writable(entity, "update")

    def creatable(self, entity: str) -> tuple[str, ...]:
        """Fields that may be given to some new record."""
        return self._writable(entity, "create")

    def layout(self, entity: str) -> Layout:
        """How this reader's screens lay the entity out; what of it he sees his rights decide."""
        return self.catalog.layout(entity, self.access.roles if self.access is not None else ())

    def columns(self, entity: str) -> tuple[str, ...]:
        """The columns of this reader's standard list: of his layout, or where he sees none of them of the entity."""
        shown, kind = self.readable(entity), self.catalog.entity(entity)
        return tuple(key for key in self.layout(entity).columns if key in shown) or tuple(key for key in kind.columns if key in shown)

    def _shown(self, kind: Entity, spec: Field, actions: frozenset[Action], modes: Sequence[str]) -> bool:
        return not all(self.grants(kind, spec, actions, mode).never for mode in modes)

    def _writable(self, entity: str, action: Action) -> tuple[str, ...]:
        wanted: frozenset[Action] = frozenset({action})
        if self.records(self.catalog.entity(entity), wanted).never:
            return ()
        shown = frozenset(self.filterable(entity)) if action == "update" else None

        def writes(kind: Entity, spec: Field) -> bool:
            return not spec.system and not spec.derived and (shown is None or spec.key in shown) and not self.grants(kind, spec, wanted, "edit").never

        return self._once("writable", entity, wanted, writes)

    def _once(self, what: str, entity: str, actions: frozenset[Action], fits: Callable[[Entity, Field], bool]) -> tuple[str, ...]:
        """The keys of the fields that fit, in the order of the entity; asked once for all who hold the same rules."""
        key = (what, entity, actions)
        found: tuple[str, ...] | None = self._granted.get(key)
        if found is None:
            kind = self.catalog.entity(entity)
            found = self._granted[key] = tuple(k for k, spec in kind.fields.items() if fits(kind, spec))
        return found


class Hop(NamedTuple):
    """From one source to another: where it leads, what to read from (the other's table, links before it), and what joins the two."""

    source: "Source"
    joined: FromClause
    on: ColumnElement[bool]


class Source:
    """One alias of an entity's table, seen by one reader."""

    def __init__(self, sight: Sight, entity: Entity, table: FromClause, actions: frozenset[Action], deleted: bool = False) -> None:
        self.sight, self.entity, self.table, self.actions, self.deleted = sight, entity, table, actions, deleted
        self._columns: dict[tuple[str, str], ColumnElement[Any]] = {}

    @cached_property
    def id(self) -> ColumnElement[int]:
        return self.sight.seal(self.table.c.id)  # type: ignore[no-any-return]

    @cached_property
    def row_version(self) -> ColumnElement[int]:
        return self.sight.seal(self.table.c.row_version)  # type: ignore[no-any-return]

    def field(self, key: str) -> Field:
        """The description of a field that this reader may use. Raises UnknownName, alike for hidden and missing."""
        spec = self.entity.fields.get(key)
        if spec is None:
            raise UnknownName(key)
        if self.sight.grants(self.entity, spec, self.actions, "read").never:
            raise UnknownName(key, hidden=True)
        return spec

    def __getitem__(self, key: str) -> ColumnElement[Any]:
        """The column of a field as this reader may use it anywhere in a statement. Raises UnknownName when hidden or masked."""
        return self.column(key)

    def column(self, key: str, companion: str = "") -> ColumnElement[Any]:
        """The field's column, or a companion of it (`__sort`, `__find`)."""
        made = self._columns.get((key, companion))
        if made is None:
            spec = self.field(key)
            self._met(spec)
            made = self._columns[key, companion] = self._shown(spec, self._stored(spec, companion))
        return made

    @cached_property
    def title(self) -> ColumnElement[Any]:
        """What names a record to this reader, in his language where the entity keeps names in it. Raises UnknownName when the title itself is
        hidden or masked."""
        *own, title = self.entity.named_by(self.sight.reader.language)
        usable = self.sight.filterable(self.entity.key, self.actions)
        columns = [self[key] for key in (*(key for key in own if key in usable), title)]
        return self.sight.seal(func.coalesce(*columns)) if len(columns) > 1 else columns[0]

    def naming(self, key: str) -> ColumnElement[Any]:
        """The column that names the records: `id`, the title as this reader knows it, or the code."""
        return self.id if key == "id" else self.title if key == self.entity.declared.title else self[key]

    def names(self, key: str, title: str) -> ColumnElement[Any]:
        """A set of references as pairs of number and what names the target (see `naming`), as this reader may use both."""
        spec = self.field(key)
        assert isinstance(spec, ManyToManyField)
        self._met(spec)
        target = self.sight.table(spec.target or "")
        return self._shown(spec, links.gathered(self, spec, target.naming(title), target=target))

    def masked(self, key: str) -> ColumnElement[Any] | None:
        """The mask of a field where this reader sees it only masked, as text; null elsewhere. None when it is never so."""
        spec = self.entity.fields[key]
        given = self.sight.grants(self.entity, spec, self.actions, "masked")
        if given.never:
            return None
        shown = self._condition_of(spec, "read")
        if shown is None:
            return None
        terms = [self._predicate(given), not_(func.coalesce(shown, false()))]
        return self.sight.seal(case((and_(*terms), spec.mask(self._stored(spec))), else_=null()))  # type: ignore[no-any-return]

    @cached_property
    def visible(self) -> ColumnElement[bool]:
        """The records this reader may know of (and act on by `actions`). It must stand in WHERE, or in the ON of the join."""
        return self._scope(self.sight.records(self.entity, self.actions))

    @cached_property
    def visible_in_bulk(self) -> ColumnElement[bool]:
        """`visible`, for a statement that goes over most rows of a table in PostgreSQL: which records are in the bin is put together once and not looked up
        beside each row. There is room for some two million of them; of a few rows it would take longer."""
        if self.all_that_stand:
            return self.visible
        scope = self._seal(and_(*self._alive(in_bulk=True), self._predicate(self.sight.records(self.entity, self.actions))))
        self.sight.scoped[id(scope)] = self.table
        return scope

    def beside(self, parent: "Source") -> ColumnElement[bool]:
        """`visible` of child rows whose parent's record stands in the same statement, or in the one around it, as `parent` with a scope of its own:
        the rows of that record, without asking once more whether it shows. Raises ValueError for any other source."""
        link = self.entity.fields[self.entity.parent] if self.entity.parent else None
        if link is None or link.target != parent.entity.key or parent.deleted or self.deleted or parent.sight is not self.sight:
            raise ValueError(f"{parent.entity.key} is no parent of {self.entity.key} here")
        of_parent = self.table.c[link.attribute] == parent.table.c.id
        scope = self._seal(and_(*self._alive(link.key), of_parent, self._predicate(self.sight.records(self.entity, self.actions))))
        self.sight.scoped[id(scope)] = self.table
        return scope

    def as_one(self, *keys: str) -> bool:
        """Whether child rows of one parent show to this reader together or not at all, each of these fields on all or none of them: no rule of his
        tells them apart, so what one row says of those around it he may know."""
        given = (self.sight.records(self.entity, self.actions), *(self.sight.grants(self.entity, self.field(key), self.actions, "read") for key in keys))
        return all(g.rule.where is None and g.condition is None for one in given for g in (*one.allowed, *one.denied))

    def may(self, action: Action) -> ColumnElement[bool]:
        """The records on which `action` may be done."""
        return self._seal(self._predicate(self.sight.records(self.entity, frozenset({action}))))

    def may_edit(self, key: str, action: Action) -> ColumnElement[bool]:
        """The records on which `action` (update, create) may give the field a value."""
        return self._seal(self._predicate(self.sight.grants(self.entity, self.entity.fields[key], frozenset({action}), "edit")))

    def shows(self, key: str) -> ColumnElement[bool]:
        """The records on which the field is shown unmasked."""
        condition = self._condition_of(self.entity.fields[key], "read")
        return self._seal(true() if condition is None else condition)

    def where(self, node: Node) -> ColumnElement[bool]:
        """A condition over what this reader may see. Raises BadRequest and UnknownName."""
        return self._seal(compiler.compile_condition(node, self))

    def asked(self, raw: Any) -> ColumnElement[bool]:
        """The same of a condition as an address or a parameter says it."""
        return self.where(parse(raw, self.sight.saved))

    def by_rule(self, node: Node) -> ColumnElement[bool]:
        """Whether a condition holds that the configuration puts: it reads what the reader may not."""
        return self._seal(func.coalesce(compiler.compile_condition(node, Source(self.sight.unlimited, self.entity, self.table, READ)), false()))

    def latest(self, path: tuple[str, ...], by: str, at: str) -> ColumnElement[Any]:
        """What stood in a row of the past when `at` of a record came (`compiler.latest`), as this reader may see it."""
        return self.sight.seal(compiler.latest(self, path, by, at)[1])  # type: ignore[no-any-return]

    # --- for the compiler of conditions ------------------------------------------------------------------------

    def hop(self, key: str) -> Hop:
        """The record a reference points to, or the records a set of them holds, as far as the reader sees them."""
        spec = self.field(key)
        if spec.target is None:
            raise UnknownName(key)
        target = self.sight.table(spec.target)
        if isinstance(spec, ManyToManyField):
            joined, on = links.outwards(self, spec, target)
            return Hop(target, joined, self._where_shown(spec, on))
        return Hop(target, target.table, and_(matching(target.table.c.id, self[key]), target.visible))

    def rows_of(self, entity: str, reference: str) -> Hop:
        """The rows of `entity` whose `reference` points here."""
        rows = self.sight.table(entity)
        spec = rows.field(reference)
        if spec.target != self.entity.key:
            raise UnknownName(f"{entity}.{reference}")
        if isinstance(spec, ManyToManyField):
            joined, on = links.inwards(self, spec, rows)
            return Hop(rows, joined, rows._where_shown(spec, on))
        # A reader's own statement has this record in its scope; of a rule's nobody knows what it stands in.
        known = self.sight.access is not None and reference == rows.entity.parent and not self.deleted
        return Hop(rows, rows.table, and_(rows[reference] == self.table.c.id, rows.beside(self) if known else rows.visible))

    # --- columns -----------------------------------------------------------------------------------------------

    def _stored(self, spec: Field, companion: str = "") -> ColumnElement[Any]:
        """What is kept of a field, whoever reads: its column, or the set of what is linked."""
        if isinstance(spec, ManyToManyField):
            return links.gathered(self, spec, target=self.sight.table(spec.target or ""))
        return self.table.c[spec.attribute + companion]

    def _shown(self, spec: Field, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The column, null where the reader's rules do not show the field."""
        shown = self._condition_of(spec, "read")
        return self.sight.seal(column if shown is None else case((shown, column), else_=null()))  # type: ignore[no-any-return]

    def _where_shown(self, spec: Field, on: ColumnElement[bool]) -> ColumnElement[bool]:
        """The join, on records where the reader's rules show the field."""
        self._met(spec)
        shown = self._condition_of(spec, "read")
        return on if shown is None else and_(shown, on)

    def _met(self, spec: Field) -> None:
        if spec.sensitivity == "sensitive":
            self.sight.sensitive.add((self.entity.key, spec.key))

    # --- predicates --------------------------------------------------------------------------------------------

    @property
    def all_that_stand(self) -> bool:
        """Whether this reader may know of every record that is not in the bin."""
        always = self.sight.records(self.entity, self.actions).always
        return always and not self.entity.parent and not self.entity.declared.rests and "deleted_at" in self.table.c

    def _scope(self, given: Grants) -> ColumnElement[bool]:
        if self.all_that_stand:
            scope: ColumnElement[bool] = self.sight.seal(standing_rows(self.table.c.deleted_at, self.deleted))
        else:
            scope = self._seal(and_(*self._alive(), self._predicate(given)))
        self.sight.scoped[id(scope)] = self.table
        return scope

    def _seal(self, predicate: ColumnElement[bool]) -> ColumnElement[bool]:
        """Sealed as one piece."""
        return self.sight.seal(Whole(predicate))  # type: ignore[no-any-return]

    def _alive(self, shown: str = "", *, in_bulk: bool = False) -> Sequence[ColumnElement[bool]]:
        """That the record is not deleted and shows with what it belongs to; of the reference `shown` that is known."""
        parts: list[ColumnElement[bool]] = []
        if "deleted_at" in self.table.c:
            parts.append(is_filled(self.table.c.deleted_at) if self.deleted else is_null(self.table.c.deleted_at))
        if self.entity.parent and self.entity.parent != shown:
            parts.append(self._shows_with(self.entity.parent, in_bulk=in_bulk))
        for key in self.entity.declared.seen_with:
            parts.append(or_(is_null(self.table.c[self.entity.fields[key].attribute]), self._shows_with(key, in_bulk=in_bulk)))
        if self.entity.declared.rests and (met := resting.shows(self)) is not None:
            parts.append(met)
        return parts

    def _shows_with(self, key: str, *, in_bulk: bool = False) -> ColumnElement[bool]:
        """Whether the record that a reference names shows. Where all show that are not in the bin, it is asked whether it is among those that are: few are,
        so a database need not look up a record for each of a million rows."""
        link = self.entity.fields[key]
        other = self.sight.table(link.target or "")
        if in_bulk and other.all_that_stand:
            named_by = self.table.c[link.attribute]
            gone = named_by.in_(select(other.table.c.id).where(is_filled(other.table.c.deleted_at)))
            return and_(is_filled(named_by), case((gone, 1), else_=0) != 1)  # of NOT IN PostgreSQL supposes that it leaves half of the rows, so nearly all
        named = select(1).select_from(other.table).where(other.table.c.id == self.table.c[link.attribute])
        if other.all_that_stand:
            return and_(is_filled(self.table.c[link.attribute]), not_(exists(named.where(is_filled(other.table.c.deleted_at)).correlate(self.table))))
        return exists(named.where(other.visible).correlate(self.table))

    def _condition_of(self, spec: Field, mode: str) -> ColumnElement[bool] | None:
        """Where the field shows, None when on every visible record."""
        given = self.sight.grants(self.entity, spec, self.actions, mode)
        if grants.covers(given, self.sight.records(self.entity, self.actions)):
            return None
        return self._predicate(given)

    def _predicate(self, given: Grants) -> ColumnElement[bool]:
        if given.always:
            return true()
        if given.never:
            return false()
        admitted = or_(*(self._term(g) for g in given.allowed))
        refused = [not_(func.coalesce(self._term(g), false())) for g in given.denied]
        return and_(admitted, *refused)

    def _term(self, grant: Grant) -> ColumnElement[bool]:
        """One rule's records. Its conditions are the administrator's: they read what the reader may not."""
        parts: list[ColumnElement[bool]] = []
        if grant.rule.scope not in ("all", "where"):
            parts.append(self._standing(grant.rule.scope))
        everything = Source(self.sight.unlimited, self.entity, self.table, READ)
        parts += [compiler.compile_condition(node, everything) for node in (grant.rule.where, grant.condition) if node is not None]
        return and_(*parts) if parts else true()

    def _standing(self, scope: str) -> ColumnElement[bool]:
        """Own, department or territory; of a child row those of its parent."""
        access = self.sight.access
        if access is None or scope == "none":
            return false()
        if self.entity.parent:
            link = self.entity.fields[self.entity.parent]
            parent = self.sight.table(link.target or "")
            return exists(
                select(1).select_from(parent.table).where(parent.table.c.id == self.table.c[link.attribute], parent._standing(scope)).correlate(self.table)
            )
        columns = self.table.c
        if scope == "own":
            own = self.entity.own_attribute
            return columns[own] == access.user_id if own else false()
        if scope == "territory":
            return columns.territory_id.in_(sorted(access.territories)) if access.territories else false()
        if access.department_id is None:
            return false()
        return columns.department_id.in_(sorted(access.departments)) if scope == "department_tree" else columns.department_id == access.department_id
