"""The report on the quality of an entity's records, made of what its area says of them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, select

from crm.backoffice.conditions.tree import parse
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.quality.subject import Check, Subject
from crm.backoffice.reports import Column, CommonParams, Dimension, Drill, Table, report
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.table import Row, ordered, rate
from crm.messages import Label, Message, m

NAMED = 500  # records that the address of a list names one by one
DATED = "created_at"
DIMENSIONS = (
    Dimension("department", Label("Підрозділ", "Department"), "department", "department"),
    Dimension("owner", Label("Відповідальний", "Owner"), "owner", "user"),
    Dimension("territory", Label("Територія", "Territory"), "territory", "territory"),
)
Ids = dict[Key, dict[str, list[int]]]
subjects: dict[str, Subject] = {}


def columns(subject: Subject) -> tuple[Column, ...]:
    """The measures of a subject's report."""
    needs = subject.base_needs
    return (
        Column("records", Label("Записів", "Records"), "count", Label("Усі записи, на які дивимося", "All records that are looked at"), needs),
        Column(
            "completeness", Label("Повнота", "Completeness"), "rate",
            Label("Заповнені важливі поля, поділені на всі важливі поля", "Important fields that are filled divided by all of them"),
            (*needs, *subject.important),
        ),
        *(Column(check.key, check.label, "count", check.help, (*needs, *check.needs)) for check in subject.checks),
    )


def quality_report(subject: Subject, label: Label, question: Label, group: str) -> None:
    """Register the report of a subject, under its name."""
    subjects[subject.entity] = subject

    @report(
        subject.name, label=label, question=question, group=group, entity=subject.entity, measures=columns(subject), dimensions=DIMENSIONS, icon="shield",
        opening={"by": "department"},
    )
    def quality(session: DataSession, params: CommonParams) -> Table:
        return _table(session, params, subject)


def _table(session: DataSession, params: CommonParams, subject: Subject) -> Table:
    """Records by what is wrong with them, split by `params.by`; the period looks at when they were made.

    A record may stand in several columns. `completeness` is a fraction of 1, None without records. A check that names its records one by one is
    None when they are too many to name.
    """
    checks = [check for check in subject.checks if params.shows(check.key)]
    by_where = [check for check in checks if check.where is not None]
    base = [*([subject.base] if subject.base else []), *params.conditions(DATED, moment=True)]
    found, filled = _counted(session, params, subject, by_where, base)
    named: Ids = defaultdict(dict)
    unknown: set[str] = set()
    for check in checks:
        if check.ids is None:
            continue
        ids = check.ids(session)
        if ids is None:
            unknown.add(check.key)
            continue
        for key, numbers in _placed(session, params, subject, base, ids).items():
            found[key][check.key], named[key][check.key] = len(numbers), numbers
    whole, all_filled = sum(found.values(), Counter[str]()), sum(filled.values())
    named[("", "whole")] = {check.key: sorted(n for key, own in named.items() for n in own.get(check.key, [])) for check in checks if check.ids}
    if not params.dimensions:
        found, filled = {(): whole}, {(): all_filled}
    keys = row_keys(session, params.dimensions, found)
    rows = [{**keys[key], **_measures(params, subject, counts, filled.get(key, 0), unknown)} for key, counts in found.items()]
    places = {tuple(keys[key].values()): named.get(key, {}) for key in found}
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown), rows=ordered(ordered(rows, by_name), params.sort or (("records", True),)),
        totals=_measures(params, subject, whole, all_filled, unknown), currency=params.currency, notes=_notes(subject, unknown),
        drill=lambda row, key: _drill(session, params, subject, row, key, base, places, named["", "whole"]),
    )


def _counted(
    session: DataSession, params: CommonParams, subject: Subject, checks: Sequence[Check], base: Sequence[Mapping[str, Any]],
) -> tuple[dict[Key, Counter[str]], dict[Key, int]]:
    """Records of each row, those that each check finds, and important fields that are filled."""
    source = session.table(subject.entity)
    groups = grouping(source, params.dimensions)

    def number(condition: Mapping[str, Any]) -> Any:
        return func.sum(case((source.where(parse(condition)), 1), else_=0))

    parts = {check.key: number(check.where(session)) for check in checks if check.where is not None}
    full = [number({"field": key, "op": "not_empty"}) for key in subject.important] if params.shows("completeness") else []
    statement = groups.joined(select(*groups.expressions, func.count(source.id), *parts.values(), *full).select_from(source.table))
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    filled: dict[Key, int] = {}
    for row in session.execute(statement.where(source.visible, source.asked({"all": list(base)})).group_by(*groups.expressions)):
        key, (records, *numbers) = groups.key(row), row[groups.width :]
        found[key] = Counter({"records": records} | {name: int(n or 0) for name, n in zip(parts, numbers, strict=False)})
        filled[key] = sum(int(n or 0) for n in numbers[len(parts) :])
    return found, filled


def _placed(session: DataSession, params: CommonParams, subject: Subject, base: Sequence[Mapping[str, Any]], ids: Sequence[int]) -> dict[Key, list[int]]:
    """In which row each of `ids` stands, of those that the parameters choose."""
    source = session.table(subject.entity)
    groups = grouping(source, params.dimensions)
    chosen = source.asked({"all": list(base)})
    found: dict[Key, list[int]] = defaultdict(list)
    for part in in_parts(ids):
        statement = groups.joined(select(*groups.expressions, source.id).select_from(source.table))
        for row in session.execute(statement.where(source.visible, chosen, source.id.in_(part)).order_by(source.id)):
            found[groups.key(row)].append(row[groups.width])
    return found


def _measures(params: CommonParams, subject: Subject, counts: Counter[str], filled: int, unknown: set[str]) -> dict[str, Any]:
    every: dict[str, Any] = {
        "records": counts["records"], "completeness": rate(filled, counts["records"] * len(subject.important)),
        **{check.key: None if check.key in unknown else counts[check.key] for check in subject.checks},
    }
    return {c.key: every[c.key] for c in params.shown}


def _notes(subject: Subject, unknown: set[str]) -> tuple[Message, ...]:
    return tuple(m("There are too many to count: %(name)s.", name=check.label) for check in subject.checks if check.key in unknown)


def _drill(
    session: DataSession, params: CommonParams, subject: Subject, row: Row | None, key: str, base: Sequence[Mapping[str, Any]],
    places: Mapping[Key, Mapping[str, list[int]]], whole: Mapping[str, list[int]],
) -> Drill | None:
    """The records behind a figure; behind the completeness those that lack something. More than are named one by one open nothing."""
    chosen = [*base, *(row_conditions(session, subject.entity, params.dimensions, row) if row else [])]
    check = next((one for one in subject.checks if one.key == ("incomplete" if key == "completeness" else key)), None)
    if check is not None and check.where is not None:
        chosen.append(check.where(session))
    elif check is not None:
        names = {c.key for c in params.shown}
        ids = whole.get(key, []) if row is None else places.get(tuple(v for k, v in row.items() if k not in names), {}).get(key, [])
        if not ids or len(ids) > NAMED:
            return None
        chosen.append({"field": "id", "op": "in", "value": ids})
    return Drill(subject.entity, {"all": chosen})
