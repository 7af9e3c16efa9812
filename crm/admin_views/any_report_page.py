"""The report over any entity on its screen: which records, by one or two fields, which figures."""

from collections.abc import Mapping

from crm.admin_views.kit import context
from crm.admin_views.kit.menu import areas
from crm.admin_views.kit.reporting import usual
from crm.admin_views.report_page import Control, Own
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import CommonParams, Report
from crm.backoffice.reports.any_entity import DATE, ENTITY, FUNCTIONS, MEASURE, addable, functions
from crm.backoffice.reports.measured import COUNT
from crm.messages import m, render


def entities(session: UserSession) -> list[tuple[str, str]]:
    """Key and name of the entities whose lists this reader meets, in the order of the rail."""
    found = areas(context.access(), session.catalog, session.reader.language, ())
    return [(entry.key, entry.label) for area in found for entry in area.entries]


def completed(session: UserSession, args: Mapping[str, str]) -> dict[str, str]:
    """The words of an address; the second field joined to the first; without an entity the first that the reader meets, counted by its usual field."""
    found = {key: value for key, value in args.items() if key != "and_by"}
    second = args.get("and_by", "")
    if second and second not in found.get("by", "").split(","):
        found["by"] = ",".join(part for part in (found.get("by", ""), second) if part)
    if not found.get("entity"):
        known = entities(session)
        if known and not found.get("by"):
            found |= {"entity": known[0][0], "by": usual(session, session.catalog.entity(known[0][0]))}
    return found


# --- the form ------------------------------------------------------------------------------------------------------


def _entity(session: UserSession, report: Report, _params: CommonParams, _args: Mapping[str, str]) -> list[Control]:
    language = session.reader.language
    known = entities(session)
    if report.entity not in dict(known):
        known.append((report.entity, session.catalog.entity(report.entity).plural.text(language)))
    return [Control("entity", ENTITY.label.text(language), known, report.entity)]


def _by(session: UserSession, report: Report, params: CommonParams, args: Mapping[str, str]) -> list[Control]:
    both = _splits(session, report, params, args)
    return both if params.by else both[:1]


def _measure(session: UserSession, report: Report, params: CommonParams, args: Mapping[str, str]) -> list[Control]:
    language = session.reader.language
    number = render(m("Number of records"), language)
    choices = [(COUNT, number)]
    for spec in addable(session, session.catalog.entity(report.entity)):
        for name in functions(spec):
            text = f"{spec.label.text(language)}: {FUNCTIONS[name].text(language)}"
            choices += [(f"{COUNT},{name}:{spec.key}", f"{number}, {text}")] if name == "sum" else []
            choices.append((f"{name}:{spec.key}", text))
    value = args.get("measure", "") or COUNT
    if value not in dict(choices):
        choices.append((value, ", ".join(c.label.text(language) for c in params.shown)))
    return [Control("measure", MEASURE.label.text(language), choices, value)]


def _date(session: UserSession, report: Report, params: CommonParams, args: Mapping[str, str]) -> list[Control]:
    if params.period is None:
        return []
    return _dates(session, report, params, args)


def _splits(session: UserSession, report: Report, params: CommonParams, _args: Mapping[str, str]) -> list[Control]:
    language = session.reader.language
    known = [("", render(m("no split"), language)), *((d.key, d.label.text(language)) for d in report.dimensions)]
    first, second = (*params.by, "", "")[:2]
    return [Control("by", render(m("Split by"), language), known, first), Control("and_by", render(m("and by"), language), known, second)]


def _dates(session: UserSession, report: Report, _params: CommonParams, args: Mapping[str, str]) -> list[Control]:
    language, kind = session.reader.language, session.catalog.entity(report.entity)
    known = [kind.fields[key] for key in session.sight.filterable(report.entity) if kind.fields[key].type in ("date", "moment")]
    usual_one = [("", render(m("the usual date"), language))]
    return [Control("date", DATE.label.text(language), [*usual_one, *((spec.key, spec.label.text(language)) for spec in known)], args.get("date", ""))]


def _nothing(_session: UserSession, _report: Report, _params: CommonParams, _args: Mapping[str, str]) -> list[Control]:
    return []


CONTROLS: Mapping[str, Own] = {"entity": _entity, "by": _by, "measure": _measure, "date": _date, "search": _nothing}
# On the builder's screen a control stands even while it has nothing to say, so that nothing jumps; its measures are chosen otherwise.
IN_BUILDER: Mapping[str, Own] = {**CONTROLS, "by": _splits, "measure": _nothing, "date": _dates}
