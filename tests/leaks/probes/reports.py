"""Reports on the screen and as files: every one by each of its dimensions, over every condition, and what stands behind its cells."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace

import crm.reports
from crm.backoffice.entities import Entity
from crm.backoffice.reports import all_reports
from crm.sales.funnel.report import MODES
from tests.leaks import conditions
from tests.leaks.probes.lists import words as found_words
from tests.leaks.questions import MISSING, Question, View, get, probe
from tests.leaks.sides import Answer, Side

assert crm.reports
SHOW, PART = "/report/<key>", "/report/<key>/<part>"
SCRIPT = {"HX-Request": "true"}
FUNNEL_PARTS = ("figures", "compared", "reasons", "changes")
BEHIND = re.compile(r'href="(/[a-z_]+/\?where=[^"]+)"')


@probe("/report/", SHOW)
def index(view: View) -> Iterator[Question]:
    yield get("/report/", "", "/report/")
    yield get("/report/", "", "/report/", lang="uk")
    yield get(SHOW, "", "/report/no_such_report")


@probe(SHOW)
def shown(view: View) -> Iterator[Question]:
    for report in (one for one in all_reports() if one.shape is None):
        here, kind = f"/report/{report.name}", view.catalog.entities[report.entity]
        for form in (None, "csv", "xlsx", "exe"):
            yield get(SHOW, kind.key, here, format=form)
        names = [d.key for d in report.dimensions]
        for key in [*names, *(",".join(view.rng.sample(names, 2)) for _ in range(6)), "", "no_such_dimension"]:
            named = tuple(f"{kind.key}.{d.path.partition('.')[0]}" for d in report.dimensions if d.key in key.split(","))
            yield drilled(get(SHOW, kind.key, here, *named, by=key))
            yield get(SHOW, kind.key, here, *named, by=key, format=view.rng.choice(("csv", "xlsx")), lang=view.rng.choice(("uk", "en")))
        for measure in (*report.measures, *report.dimensions):
            yield get(SHOW, kind.key, here, by=view.rng.choice(names), sort=view.rng.choice(("", "-")) + measure.key)
        for period in ("2026", "this_year", "last_90_days", "2026-Q1", "x"):
            yield get(SHOW, kind.key, here, period=period, by=view.rng.choice(names))
        for rate in ("current", "2026-03-01", "x"):
            yield get(SHOW, kind.key, here, rate=rate, by=view.rng.choice(names))
        for key, entity in (("owner", "user"), ("department", "department"), ("territory", "territory")):
            for number in [*view.seen(entity, 2), *view.unseen(entity, 2), MISSING]:
                yield get(SHOW, kind.key, here, f"{kind.key}.{key}", **{f"{key}_id": number, "by": view.rng.choice(names)})
                row = view.oracle.rows[entity].get(number, {})
                for text in (row.get("code"), row.get("name")):
                    yield get(SHOW, kind.key, here, f"{kind.key}.{key}", **{key: text or "x"})
        for asked in conditions.every(view, kind):
            question = get(SHOW, kind.key, here, *asked.names, where=asked.where, by=view.rng.choice(names), format=view.rng.choice((None, "csv")))
            yield question.expecting(400, 403) if asked.hidden else question


@probe(SHOW)
def through_a_pipeline(view: View) -> Iterator[Question]:
    """The funnel in each of its modes, of each pipeline and of one that is not there, with the deals behind its cells."""
    pipelines = [p.code for p in view.catalog.configured["pipeline"].values()]
    for mode in (*MODES, "no_such_mode"):
        for period in ("", "2026-Q1", "last_90_days"):
            asked = {"mode": mode, "period": period, "pipeline": view.rng.choice(pipelines)}
            yield drilled(get(SHOW, "deal", "/report/funnel", "deal.stage_history", parts="all", **asked))
            yield get(SHOW, "deal", "/report/funnel", "deal.stage_history", "deal.owner", by="owner", format="csv", **asked)
            for name in ("funnel_summary", "funnel_reasons"):
                yield drilled(get(SHOW, "deal", f"/report/{name}", "deal.stage_history", "deal.owner", by="owner", **asked))
    for since in ("this_week", "last_30_days", "no_such_day"):
        yield drilled(get(SHOW, "deal", "/report/funnel", "deal.stage_history", since=since, parts="all", pipeline=view.rng.choice(pipelines)))
    for period in ("", "2026-Q1", "this_week", "last_90_days"):
        asked = {"period": period, "pipeline": view.rng.choice(pipelines)}
        yield drilled(get(SHOW, "deal", "/report/funnel_changes", "deal.stage_history", **asked))
        yield drilled(get(SHOW, "deal", "/report/funnel_changes", "deal.stage_history", "deal.owner", by="owner", **asked))
    for compare in ("owner", "manager", "department", "territory", "previous", "year", "pipeline", "no_such_thing"):
        asked = {"compare": compare, "period": "2026-Q1", "pipeline": view.rng.choice(pipelines), "parts": "all"}
        yield drilled(get(SHOW, "deal", "/report/funnel", "deal.stage_history", **asked))
    for pipeline in ("", "no_such_pipeline"):
        yield get(SHOW, "deal", "/report/funnel", pipeline=pipeline, sort="-stage")


@probe(PART)
def parts_of_a_screen(view: View) -> Iterator[Question]:
    """What is counted for itself around the funnel and below forecasts: as its script asks for it and as a page; where it does not exist; over what is
    hidden."""
    pipelines = [p.code for p in view.catalog.configured["pipeline"].values()]
    for part in (*FUNNEL_PARTS, "no_such_part"):
        here = f"/report/funnel/{part}"
        for period in ("", "2026-Q1", "last_90_days"):
            asked = {"period": period, "pipeline": view.rng.choice(pipelines), "mode": view.rng.choice(list(MODES))}
            for compare, since in (("owner", "this_week"), ("year", "last_30_days")):
                heads = view.rng.choice((SCRIPT, None))
                yield drilled(get(PART, "deal", here, "deal.stage_history", "deal.loss_reason", heads=heads, compare=compare, since=since, **asked))
        for condition in view.rng.sample(list(conditions.every(view, view.catalog.entities["deal"])), 6):
            question = get(PART, "deal", here, *condition.names, heads=view.rng.choice((SCRIPT, None)), where=condition.where, pipeline=pipelines[0])
            yield question.expecting(400, 403) if condition.hidden else question
    for here in ("forecast/judgements", "forecast_months/judgements", "forecast_months/slips", "forecast/slips"):
        for by, since in (("", ""), ("owner", "last_90_days"), ("", "no_such_day")):
            heads = view.rng.choice((SCRIPT, None))
            yield drilled(get(PART, "deal", f"/report/{here}", "forecast_judgement.amount", "deal.amount", heads=heads, by=by, since=since))
    yield get(PART, "deal", "/report/win_rate/reasons").expecting(404)


@probe(SHOW)
def over_any_entity(view: View, kind: Entity) -> Iterator[Question]:
    """The report over each entity: by every field, every measure of every field, dated by every field; what is hidden answers as what is not there."""
    here, shut = "/report/records", set(view.shut(kind.key))
    gone = (404, 403, 400) if not view.reads(kind.key) else (400,)
    yield drilled(get(SHOW, kind.key, here, entity=kind.key))
    usable = [key for key, spec in kind.fields.items() if key not in shut and (spec.picklist or spec.target) and not spec.several and not spec.multiple]
    for key, spec in kind.fields.items():
        asked = [{"by": key}, {"measure": f"{view.rng.choice(('sum', 'avg', 'min', 'max'))}:{key}"}, {"date": key, "period": "this_year"}]
        for words in asked if key in shut or spec.align == "end" or spec.type in ("date", "moment") else asked[:1]:
            question = get(SHOW, kind.key, here, f"{kind.key}.{key}", entity=kind.key, format=view.rng.choice((None, "csv")), **words)
            yield question.expecting(*gone) if key in shut else drilled(question)
            if key in shut and view.reads(kind.key):
                unknown = view.unknown(kind.key, key)
                known, other = (
                    get(SHOW, kind.key, here, f"{kind.key}.{key}", entity=kind.key, **{n: w.replace(key, k) for n, w in words.items()}) for k in (key, unknown)
                )
                yield known.expecting(400).just_as(other, unknown, key)
    for one in usable[:3]:
        other = view.rng.choice(usable)
        yield drilled(get(SHOW, kind.key, here, f"{kind.key}.{one}", f"{kind.key}.{other}", entity=kind.key, by=f"{one},{other}"))
        for asked_ in view.rng.sample(list(conditions.every(view, kind)), 3):
            question = get(SHOW, kind.key, here, *asked_.names, f"{kind.key}.{one}", entity=kind.key, where=asked_.where, by=one)
            yield question.expecting(400, 403) if asked_.hidden else question
        for text, name in list(found_words(view, kind))[:3]:
            yield get(SHOW, kind.key, here, f"{kind.key}.{name}", f"{kind.key}.{one}", entity=kind.key, search=text, by=one)


@probe(SHOW)
def over_nothing(view: View) -> Iterator[Question]:
    yield get(SHOW, "", "/report/records")
    yield get(SHOW, "", "/report/records", entity="no_such_thing").expecting(400)


def drilled(asked: Question, most: int = 4) -> Question:
    """The report, and the lists behind some of its cells."""

    def ask(side: Side) -> Answer:
        answer = asked.ask(side)
        body, heads, status = [answer.body], answer.heads, answer.status
        links = list(dict.fromkeys(BEHIND.findall(answer.text)))
        for link in links[:: max(len(links) // most, 1)][:most]:
            behind = side.send("GET", html.unescape(link))
            status = max(status, behind.status if behind.status >= 500 else 0)
            body.append(behind.body)
            heads += behind.heads
        return Answer(status, b"\n".join(body), heads)

    return replace(asked, ask=ask, say=asked.say + " and what is behind its cells")
