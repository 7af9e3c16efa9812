"""The report over any entity: its records counted, added up and averaged by one or two of its fields, made entities and fields like the product's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from sqlalchemy import Select, func, select

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.pricing import CURRENCY, currency_path, pricing
from crm.backoffice.reports.conversion import conversion, notes
from crm.backoffice.reports.grouping import Key, columns_of, grouping, row_conditions, row_keys
from crm.backoffice.reports.measured import COUNT, Figures, figure
from crm.backoffice.reports.parameters import HISTORIC, CommonParams, Dimension, Parameter, Step
from crm.backoffice.reports.registry import Report, report
from crm.backoffice.reports.sight import sees
from crm.backoffice.reports.table import Chart, Column, Drill, Row, Series, Table, Unit, ordered
from crm.backoffice.search import matches
from crm.backoffice.sight import Sight
from crm.backoffice.worth import Conversion, Place, in_another, rate_day, rate_days
from crm.errors import BadRequest, Forbidden, UnknownName
from crm.messages import Label, m

MOST = 5000  # groups of one report
MEASURES = 6
FUNCTIONS: Mapping[str, Label] = {
    "sum": Label("разом", "total"), "avg": Label("у середньому", "mean"), "min": Label("найменше", "least"), "max": Label("найбільше", "most"),
}
NUMBERS: Mapping[str, Unit] = {"money": "money", "decimal": "decimal", "integer": "count", "percent": "decimal", "duration": "minutes"}
STEPS: Mapping[Step, Label] = {"month": Label("місяць", "month"), "quarter": Label("квартал", "quarter"), "year": Label("рік", "year")}
ENTITY = Parameter("entity", Label("Записи", "Records"), Label("Ключ сутності: deal, account…", "The key of an entity: deal, account…"))
MEASURE = Parameter("measure", Label("Показник", "Measure"), Label(
    "count, sum:ПОЛЕ, avg:ПОЛЕ, min:ПОЛЕ, max:ПОЛЕ, кілька через кому", "count, sum:FIELD, avg:FIELD, min:FIELD, max:FIELD, several with commas"))
DATE = Parameter("date", Label("Період за полем", "Period by"), Label(
    "Поле з датою, на яке дивиться період; порожньо: дата створення", "The date that the period looks at; empty: when the record was created"))
SEARCH = Parameter("search", Label("Пошук", "Search"), Label("Пошук, як у списку", "A search, as in the list"))


@dataclass(frozen=True, kw_only=True)
class AnyParams(CommonParams):
    """What the report is asked beside what all are."""

    entity: Annotated[str, ENTITY]
    measure: Annotated[tuple[str, ...], MEASURE] = (COUNT,)
    date: Annotated[str, DATE] = ""
    search: Annotated[str, SEARCH] = ""


# --- the shape that follows from what is asked ---------------------------------------------------------------------


def shape(found: Report, session: DataSession, given: Mapping[str, str]) -> Report:
    """The report over one entity: what its reader may group by, and the measures he asks for. Hidden names are answered as unknown ones."""
    key = given.get("entity", "").strip()
    if not key:
        raise BadRequest(m("Say of which records the report is: entity=deal, for example."))
    kind = session.catalog.entities.get(key)
    if kind is None or (kind.custom and not session.sight.may(key, "read")):
        raise UnknownName(key)
    if not session.sight.may(key, "read"):
        raise Forbidden()
    usable = session.sight.filterable(key)
    for part in _parts(given.get("by", "")):
        name = part.partition(":")[0]
        if name not in usable:
            raise UnknownName(name, hidden=name in kind.fields)
    if len(set(_parts(given.get("by", "")))) > 2:
        raise BadRequest(m("This report is split by one or two fields."))
    path = currency_path(kind, session.catalog)
    measures = tuple(measure_of(kind, usable, path, text) for text in dict.fromkeys(_parts(given.get("measure", "")) or [COUNT]))
    if len(measures) > MEASURES:
        raise BadRequest(m("This report has at most %(most)s measures.", most=MEASURES))
    _dated(session, kind, given.get("date", "").strip(), given.get("by", ""))
    return replace(
        found, entity=key, dimensions=dimensions(session.sight, kind), measures=measures, shape=None, icon=session.sight.layout(key).icon,
        label=Label(f"Звіт: {kind.plural.uk}", f"Report: {kind.plural.en}"),
        question=Label(f"{kind.plural.uk}: {_told(c.label.uk for c in measures)}", f"{kind.plural.en}: {_told(c.label.en for c in measures)}"),
    )


def _told(labels: Iterable[str]) -> str:
    """Several labels as one line of a title."""
    line = "; ".join(labels)
    return line[:1].lower() + line[1:]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def dimensions(sight: Sight, kind: Entity) -> tuple[Dimension, ...]:
    """What the records of an entity can be split by, as far as this reader may."""
    found: list[Dimension] = []
    usable = [kind.fields[key] for key in sight.filterable(kind.key)]
    for spec in sorted(usable, key=lambda spec: spec.system):
        if spec.several or spec.multiple:
            continue
        if spec.picklist:
            found.append(Dimension(spec.key, spec.label, spec.key, picklist=spec.picklist))
        elif spec.target:
            found.append(Dimension(spec.key, spec.label, spec.key, entity=spec.target))
        elif spec.type == "boolean":
            found.append(Dimension(spec.key, spec.label, spec.key, flag=True))
        elif spec.type in ("date", "moment"):
            for step, word in STEPS.items():
                key = spec.key if step == "month" else f"{spec.key}:{step}"
                found.append(Dimension(key, Label(f"{spec.label.uk}: {word.uk}", f"{spec.label.en}: {word.en}"), spec.key, step=step))
    return tuple(found)


def addable(session: DataSession, kind: Entity) -> list[Field]:
    """The fields of which this reader may see figures."""
    usable = session.sight.filterable(kind.key)
    rows = [kind.fields[key] for key in usable if kind.fields[key].type in NUMBERS and not kind.fields[key].system]
    path = currency_path(kind, session.catalog)
    return [spec for spec in rows if spec.type != "money" or path is None or sees(session, kind.key, path)]


def functions(spec: Field) -> tuple[str, ...]:
    """What may be asked of a field: shares and rates are not added up."""
    return tuple(name for name in FUNCTIONS if name != "sum" or spec.totals or spec.type == "integer")


def measure_of(kind: Entity, usable: Iterable[str], path: str | None, text: str) -> Column:
    """The column of `count` or `sum:amount`; `path` leads to the currency of the entity's money. Raises UnknownName, BadRequest."""
    function, _, key = text.partition(":")
    if text == COUNT:
        return Column(COUNT, Label("Кількість", "Number"), "count")
    if function not in FUNCTIONS or not key:
        raise BadRequest(m("A measure is count, or sum, avg, min or max of a field, as sum:amount; not “%(text)s”.", text=text[:60]))
    if key not in usable:
        raise UnknownName(key, hidden=key in kind.fields)
    spec = kind.fields[key]
    if spec.type not in NUMBERS or spec.system or function not in functions(spec):
        raise BadRequest(m("“%(field)s” has no such figure.", field=spec.label))
    needs = (key, path) if spec.type == "money" and path is not None else (key,)
    unit: Unit = NUMBERS[spec.type] if function != "avg" or spec.type in ("money", "duration") else "decimal"
    word = FUNCTIONS[function]
    return Column(text, Label(f"{spec.label.uk}: {word.uk}", f"{spec.label.en}: {word.en}"), unit, needs=needs)


def _dated(session: DataSession, kind: Entity, asked: str, by: str) -> str:
    """The field that a period looks at: the one asked for, the first date among the dimensions, or the day of creation. Raises UnknownName, BadRequest."""
    usable = session.sight.filterable(kind.key)
    if asked and asked not in usable:
        raise UnknownName(asked, hidden=asked in kind.fields)
    split = [name for part in _parts(by) if kind.fields[name := part.partition(":")[0]].type in ("date", "moment")]
    key = asked or next(iter([*split, *(("created_at",) if "created_at" in usable else ())]), "")
    if asked and kind.fields[asked].type not in ("date", "moment"):
        raise BadRequest(m("“%(field)s” holds no dates.", field=kind.fields[asked].label))
    return key


# --- the report ----------------------------------------------------------------------------------------------------


@report(
    "records", label=Label("Будь-які записи", "Any records"),
    question=Label("Скільки яких записів є і що вони дають разом?", "How many records of what kind are there, and what do they come to?"),
    group="any", entity="", measures=(), params=AnyParams, icon="chart-bar", shape=shape,
)
def records(session: DataSession, params: AnyParams) -> Table:
    """The records of `params.entity` that its reader sees and the parameters choose, split by one or two of its fields.

    A sum is that of a list's foot. A mean is exact, of plain numbers to four decimals. Money in other currencies is converted at the rates of
    `params.rate`; where one is missing its figures are undefined.
    Periods of moments are those of `params.time_zone`. A field that shows on some records only counts as empty on the others.
    """
    found = _figures(session, params)
    whole = Figures()
    for one in found.values():
        whole.join(one)
    if not params.dimensions:
        found = {(): whole}
    done = conversion(session, params, (place.currency for place in _places(params, whole)))
    keys = row_keys(session, params.dimensions, found)
    shown = [{**keys[key], **_measures(params, one, done)} for key, one in found.items()]
    first = params.shown[0].key
    by_days = tuple((d.key, False) for d in params.dimensions if d.by_month)
    by_name = tuple((d.key, False) for d in params.dimensions)
    return Table(
        columns=(*columns_of(params.dimensions), *params.shown),
        rows=ordered(ordered(shown, by_name), params.sort or by_days or ((first, True),)),
        totals=_measures(params, whole, done), currency=params.currency,
        drill=lambda row, key: _drill(session, params, row, key),
        notes=notes(session, _priced_by(session, params.entity), params, done, _places(params, whole)),
        chart=Chart(params.shown[0].label, (Series(first, "open"),)) if params.dimensions else None,
    )


def _figures(session: DataSession, params: AnyParams) -> dict[Key, Figures]:
    """By one statement; by a second one, where records in other currencies take the rates of their days, those by their days."""
    found = _grouped(session, params)
    priced = pricing(session.table(params.entity))
    dated = params.rate == HISTORIC and priced is not None and bool(rate_days(priced.source))
    if dated and any(place is not None and place.currency != params.currency for one in found.values() for held in one.of.values() for place in held):
        for key, one in _grouped(session, params, by_day=True).items():
            found[key].date(one, params.currency)
    return found


def _grouped(session: DataSession, params: AnyParams, *, by_day: bool = False) -> dict[Key, Figures]:
    """The groups with their numbers, sums, least and most of each measured field, by currency; `by_day` only of money in other currencies than that
    of the report, by the days of its rates too. Raises BadRequest beyond MOST groups."""
    source, kind, base = session.table(params.entity), session.catalog.entity(params.entity), session.catalog.company.currency
    groups = grouping(source, params.dimensions, params.time_zone)
    priced = pricing(source) if any(_of_money(c) for c in params.shown) else None
    measured = list(dict.fromkeys(c.key.partition(":")[2] for c in params.shown if c.key != COUNT and (not by_day or _of_money(c))))
    where = [source.visible, source.asked({"all": _conditions(session, params)})]
    # What is grouped by stands in a sub-query: PostgreSQL takes the same expression with parameters twice for two different ones.
    named = [expression.label(f"g{n}") for n, expression in enumerate(groups.expressions)]
    placed = [priced.currency.label("currency")] if priced is not None else []
    if by_day and priced is not None:
        placed.append(rate_day(priced.source, params.currency).label("day"))
        where.append(in_another(priced.source, params.currency))
    values = [source[key].label(f"m{n}") for n, key in enumerate(measured)]
    if params.search:
        where.append(matches(source, params.search))
    every: Select[Any] = select(source.id.label("id"), *named, *placed, *values).select_from(source.table).where(*where)
    rows = (priced.joined(every) if priced is not None else every).subquery()
    by = [*(rows.c[f"g{n}"] for n in range(groups.width)), *(rows.c[column.name] for column in placed)]
    each = [f(rows.c[f"m{n}"]) for n in range(len(measured)) for f in (func.count, func.sum, func.min, func.max)]
    statement = select(*by, func.count(), *each).select_from(rows).group_by(*by)
    fetched = session.execute(statement if by_day else statement.limit(MOST + 1)).all()
    if len(fetched) > MOST and not by_day:
        raise BadRequest(m("There are more than %(most)s groups. Narrow the condition or choose another field.", most=MOST))
    found: dict[Key, Figures] = defaultdict(Figures)
    for row in fetched:
        here, place, rest = found[groups.key(row)], row[groups.width : len(by)], row[len(by) :]
        here.count += rest[0]
        for n, key in enumerate(measured):
            money = priced is not None and kind.fields[key].type == "money"
            here.add(key, Place(place[0] or base, *place[1:]) if money else None, *rest[1 + 4 * n : 5 + 4 * n])
    return dict(found)


def _priced_by(session: DataSession, entity: str) -> Entity:
    """The entity whose fields date the rates of another's money: itself, or its parent."""
    priced = pricing(session.table(entity))
    return priced.source.entity if priced is not None else session.catalog.entity(entity)


def _of_money(column: Column) -> bool:
    """Whether a measure is money of which somebody says the currency."""
    return any(path.rpartition(".")[2] == CURRENCY for path in column.needs)


def _conditions(session: DataSession, params: AnyParams) -> list[Mapping[str, Any]]:
    kind = session.catalog.entity(params.entity)
    dated = _dated(session, kind, params.date, ",".join(params.by))
    if params.period is not None and not dated:
        raise BadRequest(m("Name the date that the period looks at."))
    return params.conditions(dated, moment=bool(dated) and kind.fields[dated].type == "moment")


def _measures(params: AnyParams, found: Figures, done: Conversion) -> dict[str, Any]:
    return {c.key: found.count if c.key == COUNT else figure(c, found, done) for c in params.shown}


def _places(params: AnyParams, whole: Figures) -> Iterator[Place]:
    """Where the money of the measures stands."""
    for column in params.shown:
        yield from (place for place in whole.of.get(column.key.partition(":")[2], {}) if place is not None)


def _drill(session: DataSession, params: AnyParams, row: Row | None, key: str) -> Drill:
    """The records behind a cell, with the measured field among the columns, so that the foot of the list is the cell."""
    kind = session.catalog.entity(params.entity)
    chosen: list[Mapping[str, Any]] = _conditions(session, params)
    for dimension in params.dimensions if row is not None else ():
        zone = params.time_zone if kind.fields[dimension.path].type == "moment" else None
        chosen += row_conditions(session, params.entity, (dimension,), row or {}, zone)
    measured = key.partition(":")[2]
    if measured and not key.startswith("sum:"):
        chosen.append({"field": measured, "op": "not_empty"})
    first, *others = session.sight.columns(params.entity) or ("id",)
    columns = tuple(dict.fromkeys((first, measured, *others))) if measured else ()
    return Drill(params.entity, {"all": chosen}, columns=columns, search=params.search)


