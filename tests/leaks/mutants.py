"""Ten broken guards. Each is the product with one protection taken out; the suite must find every one.

Most are broken at two places: in the guard itself, which statements of careless code then pass, and where a screen or a
command relied on it. A mutant counts as caught when the suite finds every one of its breaks, by a difference that is not there without it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from sqlalchemy import Delete, Engine, Insert, Table, TextClause, Update, event
from sqlalchemy.sql.elements import TextClause as Text
from sqlalchemy.sql.selectable import CTE, Exists, ScalarSelect, Select, Subquery, TextualSelect

from crm.admin_views.kit import bulk, lookup, paste, selection
from crm.backoffice import guard, lists, paging, verification
from crm.backoffice.conditions import compiler
from crm.backoffice.exchange import export
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.lists import ListQuery
from crm.backoffice.reports import grouping, readers
from crm.backoffice.saving import rights
from crm.backoffice.sight import Hop, Source
from crm.backoffice.verification import _Walk
from crm.sales import reports as sales
from tests.leaks.databases import Databases
from tests.leaks.suite import Fault, Outcome, Terms, run

Break = Callable[[ExitStack], None]
FIRST = 1200  # questions of a role before the next role is tried


@dataclass(frozen=True)
class Mutant:
    """A broken guard: its name, and its breaks with what each leaves out."""

    name: str
    breaks: tuple[tuple[str, Break], ...]

    @contextmanager
    def broken(self, number: int) -> Iterator[None]:
        with ExitStack() as stack:
            self.breaks[number][1](stack)
            yield


def replaced(stack: ExitStack, owner: Any, name: str, made: Any) -> None:
    stack.enter_context(patch.object(owner, name, made))


# --- a clause that the walk passes by --------------------------------------------------------------------------------


def without_clause(stack: ExitStack, clauses: str) -> None:
    """The walk never looks at ORDER BY, GROUP BY or HAVING."""
    whole = _Walk.parts

    def parts(self: _Walk, statement: Select[Any]) -> Iterator[Any]:
        passed = {id(part) for part in getattr(statement, clauses)}
        return (part for part in whole(self, statement) if id(part) not in passed)

    replaced(stack, _Walk, "parts", parts)


def raw(source: Source, key: str, companion: str = "") -> Any:
    """The column itself, whoever asks."""
    return source.sight.seal(source.table.c[source.entity.fields[key].attribute + companion])


def sorted_by_anything(stack: ExitStack) -> None:
    def parse_sort(session: DataSession, entity: str, words: str) -> tuple[tuple[str, bool], ...]:
        fields = session.catalog.entity(entity).fields
        names = [w.strip() for w in words.split(",") if w.strip().lstrip("-") in fields]
        return tuple((n.lstrip("-"), n.startswith("-")) for n in names) or (("id", False),)

    replaced(stack, lists, "parse_sort", parse_sort)
    replaced(stack, paging, "sort_key", lambda source, spec, down: paging.SortKey(raw(source, spec.key), down))


def split_by_anything(stack: ExitStack) -> None:
    whole = grouping.grouping

    def careless(source: Source, dimensions: Any) -> Any:
        with patch.object(Source, "__getitem__", raw):
            return whole(source, dimensions)

    replaced(stack, readers, "require", lambda *_: None)
    replaced(stack, sales, "grouping", careless)


def aggregated_over_anything(stack: ExitStack) -> None:
    whole = compiler._aggregate

    def careless(node: Any, source: Source) -> Any:
        with patch.object(Source, "__getitem__", raw), patch.object(Source, "field", lambda self, key: self.entity.fields[key]):
            return whole(node, source)

    replaced(stack, compiler, "_aggregate", careless)


# --- sub-queries -----------------------------------------------------------------------------------------------------


def sub_queries_passed(stack: ExitStack) -> None:
    """What stands inside a sub-query is not looked at."""
    element, source = _Walk.element, _Walk.source

    def pass_element(self: _Walk, part: Any, nearest: frozenset[int], around: frozenset[int]) -> None:
        if not isinstance(part, ScalarSelect | Exists | Select):
            element(self, part, nearest, around)

    def pass_source(self: _Walk, part: Any, nearest: frozenset[int], around: frozenset[int]) -> None:
        if isinstance(part, Subquery | CTE):
            self.own.add(id(part))
        else:
            source(self, part, nearest, around)

    replaced(stack, _Walk, "element", pass_element)
    replaced(stack, _Walk, "source", pass_source)


def relations_without_scope(stack: ExitStack) -> None:
    """A condition over a relation looks at records that the reader may not know of."""

    def hop(self: Source, key: str) -> Hop:
        target = self.sight.table(self.field(key).target or "")
        return Hop(target, target.table, target.table.c.id == self[key])

    def rows_of(self: Source, entity: str, reference: str) -> Hop:
        rows = self.sight.table(entity)
        return Hop(rows, rows.table, rows[reference] == self.table.c.id)

    replaced(stack, Source, "hop", hop)
    replaced(stack, Source, "rows_of", rows_of)


# --- columns, tables, text -------------------------------------------------------------------------------------------


def raw_columns_of_a_source(stack: ExitStack) -> None:
    """An expression over any column of a scoped source passes."""
    whole = _Walk.column

    def column(self: _Walk, part: Any) -> None:
        if id(part.table) not in self.sight.tables:
            whole(self, part)

    replaced(stack, _Walk, "column", column)


def mapped_classes_passed(stack: ExitStack) -> None:
    whole = verification.verify

    def verify(statement: Any, sight: Any) -> None:
        if getattr(statement, "_propagate_attrs", {}).get("compile_state_plugin") != "orm":
            whole(statement, sight)

    replaced(stack, guard, "verify", verify)


def conditions_of_fields_dropped(stack: ExitStack) -> None:
    """A field that shows on some records shows on all: its column comes without the CASE."""
    whole = Source._condition_of

    def condition_of(self: Source, spec: Any, mode: str) -> Any:
        return None if mode == "read" else whole(self, spec, mode)

    replaced(stack, Source, "_condition_of", condition_of)


def bare_tables_passed(stack: ExitStack) -> None:
    source, column = _Walk.source, _Walk.column

    def pass_source(self: _Walk, part: Any, nearest: frozenset[int], around: frozenset[int]) -> None:
        if not isinstance(getattr(part, "element", part), Table):
            source(self, part, nearest, around)

    def pass_column(self: _Walk, part: Any) -> None:
        if not (isinstance(getattr(part.table, "element", part.table), Table) and id(part.table) not in self.sight.tables):
            column(self, part)

    replaced(stack, _Walk, "source", pass_source)
    replaced(stack, _Walk, "column", pass_column)


def text_passed(stack: ExitStack) -> None:
    whole, element = verification.verify, _Walk.element

    def verify(statement: Any, sight: Any) -> None:
        if not isinstance(statement, TextClause | TextualSelect):
            whole(statement, sight)

    def pass_element(self: _Walk, part: Any, nearest: frozenset[int], around: frozenset[int]) -> None:
        if not (isinstance(part, Text) or getattr(part, "is_literal", False)):
            element(self, part, nearest, around)

    replaced(stack, guard, "verify", verify)
    replaced(stack, _Walk, "element", pass_element)


def connection_unguarded(stack: ExitStack) -> None:
    """The connection below the session runs whatever it is given."""
    event.remove(Engine, "before_cursor_execute", guard._only_what_passed)
    stack.callback(event.listen, Engine, "before_cursor_execute", guard._only_what_passed)


# --- writing ---------------------------------------------------------------------------------------------------------


def bulk_statements_passed(stack: ExitStack) -> None:
    whole = verification.verify

    def verify(statement: Any, sight: Any) -> None:
        if not isinstance(statement, Update | Delete | Insert):
            whole(statement, sight)

    replaced(stack, guard, "verify", verify)


def everybody_may_change(stack: ExitStack) -> None:
    """A bulk change asks neither whose the records are nor whose the fields."""
    for check in ("check_existing", "refused_fields", "check_result", "may_name"):
        replaced(stack, rights, check, lambda *_args, **_kwargs: ())
    for module in (selection, bulk, paste):
        replaced(stack, module, "allowed", lambda session, entity, ids, action, key=None: list(ids))


# --- look-ups and exports --------------------------------------------------------------------------------------------


def for_the_system(session: DataSession) -> DataSession:
    """A session that sees everything, over the same database."""
    assert session.bind is not None
    return system_session(session.bind.execution_options(**{guard.STAMP: None}), "look-up", session.catalog)  # type: ignore[union-attr]


def looked_up_by_the_system(stack: ExitStack) -> None:
    def page(session: DataSession, query: ListQuery) -> Any:
        with for_the_system(session) as everything:
            return lists.page(everything, query)

    replaced(stack, lookup, "lists", SimpleNamespace(page=page, ListQuery=ListQuery))


def exported_by_the_system(stack: ExitStack) -> None:
    def stream(session: DataSession, query: ListQuery, **options: Any) -> Any:
        with for_the_system(session) as everything:
            yield from lists.stream(everything, query, **options)

    replaced(stack, export, "lists", SimpleNamespace(stream=stream))


MUTANTS: tuple[Mutant, ...] = (
    Mutant("order by", (
        ("the guard passes ORDER BY", partial(without_clause, clauses="_order_by_clauses")),
        ("a list sorts by any column", sorted_by_anything),
    )),
    Mutant("group by", (
        ("the guard passes GROUP BY", partial(without_clause, clauses="_group_by_clauses")),
        ("a report splits by any column", split_by_anything),
    )),
    Mutant("having", (
        ("the guard passes HAVING", partial(without_clause, clauses="_having_criteria")),
        ("a condition adds up any column of a relation", aggregated_over_anything),
    )),
    Mutant("sub-query", (
        ("the guard passes what stands in a sub-query", sub_queries_passed),
        ("a condition over a relation forgets the scope", relations_without_scope),
    )),
    Mutant("column property", (
        ("the guard passes values derived from any column", raw_columns_of_a_source),
        ("the guard passes mapped classes", mapped_classes_passed),
        ("a conditional field comes without its condition", conditions_of_fields_dropped),
    )),
    Mutant("bulk update", (
        ("the guard passes UPDATE, DELETE and INSERT", bulk_statements_passed),
        ("a bulk change asks for no right", everybody_may_change),
    )),
    Mutant("Core table", (("the guard passes bare tables", bare_tables_passed),)),
    Mutant("text", (
        ("the guard passes text", text_passed),
        ("the connection runs what the guard has not seen", connection_unguarded),
    )),
    Mutant("look-up", (("a look-up reads as the system", looked_up_by_the_system),)),
    Mutant("export", (("an export reads as the system", exported_by_the_system),)),
)


@dataclass(frozen=True)
class Catch:
    """How a break ended: after how many questions two answers differed, and which; None when none did."""

    asked: int  # of all roles in turn
    fault: Fault | None = None
    place: int = 0  # of the question in the row of its role

    def __str__(self) -> str:
        return f"not found by {self.asked} probes" if self.fault is None else f"after {self.asked} probes, {self.fault}"


def hunt(databases: Databases, mutant: int, number: int, terms: Terms, chosen: Iterable[str]) -> Catch:
    """Break a guard and ask until two answers differ, one role after the other in a row made by chance: a part of the questions of each,
    as not every role has something to lose by every break; then all of them. A crash is no catch."""
    order = sorted(chosen)
    Random(f"{terms.seed}:{mutant}:{number}").shuffle(order)
    asked = 0
    for most in (FIRST, 0):
        for role in order:
            with MUTANTS[mutant].broken(number):
                outcome = run(databases, role, replace(terms, enough=1, mixed=True, parted=True, most=most))
            here = sum(outcome.asked.values())
            asked += here
            if outcome.faults:
                return Catch(asked, outcome.faults[0], here)
    return Catch(asked)


def control(databases: Databases, role: str, most: int, terms: Terms) -> Outcome:
    """The first `most` questions in the row that a hunt asks of a role, of the product as it is: a fault here was not caused by a break."""
    return run(databases, role, replace(terms, enough=1, mixed=True, most=most))
