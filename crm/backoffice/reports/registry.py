"""The reports of the product by name. An area's `reports.py` declares them with `@report`; `crm.reports` imports all areas."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from crm.backoffice.conditions.tree import parse
from crm.backoffice.filling import notes, touched
from crm.backoffice.guard import DataSession
from crm.backoffice.reports.parameters import CommonParams, Dimension, read
from crm.backoffice.reports.sight import visible_columns
from crm.backoffice.reports.table import Column, Table
from crm.errors import NotFound
from crm.messages import Label, m

Run = Callable[[DataSession, Any], Table]
Shape = Callable[["Report", DataSession, Mapping[str, str]], "Report"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A registered report: what it is called, what it asks, and how it is computed."""

    name: str
    label: Label
    question: Label
    group: str
    entity: str  # whose records it counts
    params: type[CommonParams]
    dimensions: tuple[Dimension, ...]
    measures: tuple[Column, ...]
    compute: Run
    icon: str = "chart-bar"
    opening: Mapping[str, str] = field(default_factory=dict)  # the parameters that its screen opens with
    shape: "Shape | None" = None  # of a report whose entity, dimensions and measures follow from what is asked


_REPORTS: dict[str, Report] = {}


def report(
    name: str, *, label: Label, question: Label, group: str, entity: str, measures: tuple[Column, ...],
    dimensions: tuple[Dimension, ...] = (), params: type[CommonParams] = CommonParams, icon: str = "chart-bar",
    opening: Mapping[str, str] = MappingProxyType({}), shape: Shape | None = None,
) -> Callable[[Run], Run]:
    """Registers a function `(session, params) -> Table` as the report `name`.

    The function is called with parameters that are checked and resolved, and returns all its measures; what the reader may not see
    has been refused or is left out around it. Raises ValueError when the name is taken, or a column and a dimension have one key.
    """

    def register(function: Run) -> Run:
        if name in _REPORTS:
            raise ValueError(f"there are two reports named {name}")
        if alike := {d.key for d in dimensions} & {c.key for c in measures}:
            raise ValueError(f"{name} is split by and measures {sorted(alike)}")
        _REPORTS[name] = Report(
            name=name, label=label, question=question, group=group, entity=entity, params=params, dimensions=dimensions, measures=measures,
            compute=function, icon=icon, opening=opening, shape=shape,
        )
        return function

    return register


def all_reports() -> tuple[Report, ...]:
    """Every registered report, by group and name."""
    return tuple(sorted(_REPORTS.values(), key=lambda r: (r.group, r.name)))


def find(name: str) -> Report:
    """The report `name`. Raises NotFound."""
    found = _REPORTS.get(name)
    if found is None:
        raise NotFound(m("There is no report named “%(name)s”.", name=name[:60]))
    return found


def shaped(found: Report, session: DataSession, given: Mapping[str, str]) -> Report:
    """The report as it is for these parameters: most are the same for all. Raises BadRequest, UnknownName, Forbidden."""
    return found.shape(found, session, given) if found.shape is not None else found


def understood(found: Report, session: DataSession, given: Mapping[str, str]) -> CommonParams:
    """The parameters as `run` understands them, nothing counted. Raises as it does."""
    found = shaped(found, session, given)
    shown = visible_columns(session, found.entity, found.measures)
    with session.sight.aside():
        params = read(found, session, given, shown)
        session.table(found.entity).asked({"all": replace(params, period=None).conditions("")})  # names in its conditions are judged by nothing else
    return params


def run(found: Report, session: DataSession, given: Mapping[str, str]) -> tuple[CommonParams, Table]:
    """The parameters as understood, and the report's table as this session's reader may see it; it says which of the fields that it asked for are
    still being worked out.

    Raises BadRequest for an unknown parameter, dimension or value, UnknownName for a name that is unknown or hidden, Forbidden when
    no measure is left for the reader.
    """
    found = shaped(found, session, given)
    shown = visible_columns(session, found.entity, found.measures)
    with session.sight.aside():  # a table holds figures and conditions, and nothing of the statements behind them
        params = read(found, session, given, shown)
        table = found.compute(session, params)
    paths = dict.fromkeys((*(path for column in params.shown for path in column.needs), *(one.path for one in params.dimensions)))
    unfinished = touched(session, found.entity, [path for path in paths if ":" not in path],
                         [parse(params.where, session.sight.saved)] if params.where is not None else [])
    for other in {path.partition(":")[0]: None for path in paths if ":" in path}:
        unfinished += touched(session, other, [path.partition(":")[2] for path in paths if path.startswith(f"{other}:")])
    return params, replace(table, notes=(*table.notes, *notes(unfinished)), unfinished=tuple(unfinished)) if unfinished else table
