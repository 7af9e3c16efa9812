"""Reports on the screen and as files: every one by each of its dimensions, over every condition, and what stands behind its cells."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace

import crm.reports
from crm.backoffice.reports import all_reports
from tests.leaks import conditions
from tests.leaks.questions import MISSING, Question, View, get, probe
from tests.leaks.sides import Answer, Side

assert crm.reports
SHOW = "/report/<key>"
BEHIND = re.compile(r'href="(/[a-z_]+/\?where=[^"]+)"')


@probe("/report/", SHOW)
def index(view: View) -> Iterator[Question]:
    yield get("/report/", "", "/report/")
    yield get("/report/", "", "/report/", lang="uk")
    yield get(SHOW, "", "/report/no_such_report")


@probe(SHOW)
def shown(view: View) -> Iterator[Question]:
    for report in all_reports():
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
        for key, entity in (("owner", "user"), ("department", "department"), ("territory", "territory")):
            for number in [*view.seen(entity, 2), *view.unseen(entity, 2), MISSING]:
                yield get(SHOW, kind.key, here, f"{kind.key}.{key}", **{f"{key}_id": number, "by": view.rng.choice(names)})
                row = view.oracle.rows[entity].get(number, {})
                for text in (row.get("code"), row.get("name")):
                    yield get(SHOW, kind.key, here, f"{kind.key}.{key}", **{key: text or "x"})
        for asked in conditions.every(view, kind):
            question = get(SHOW, kind.key, here, *asked.names, where=asked.where, by=view.rng.choice(names), format=view.rng.choice((None, "csv")))
            yield question.expecting(400, 403) if asked.hidden else question


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
