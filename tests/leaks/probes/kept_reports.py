"""Kept reports and dashboards: put together, kept, opened again, and what is done with one's own, with those of others and with shared ones."""

import html
import json
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook

from crm.backoffice.entities import Entity
from tests.leaks import conditions
from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side

KEPT, NEW, PREVIEW = "/reports/kept/<kept>", "/reports/new/", "/reports/new/preview"
SHOW = "/report/<key>"


@probe("/reports/", NEW, PREVIEW)
def builder(view: View) -> Iterator[Question]:
    yield get("/reports/", "", "/reports/")
    yield get(NEW, "", "/reports/new/")
    yield get(NEW, "", "/reports/new/", lang="uk", kept=MISSING)
    yield get(PREVIEW, "", "/reports/new/preview", entity="no_such_thing").expecting(400)


@probe(NEW, PREVIEW, "/reports/kept")
def put_together(view: View, kind: Entity) -> Iterator[Question]:
    """Over each entity by every field; one that names what is hidden is neither shown nor kept, as one that is not there."""
    shut = set(view.shut(kind.key))
    if not view.reads(kind.key):
        yield get(PREVIEW, kind.key, PREVIEW, entity=kind.key).expecting(403, 400)
        return
    usable = [k for k, spec in kind.fields.items() if k not in shut and (spec.picklist or spec.target) and not spec.several and not spec.multiple]
    for chart in ("stacked", "share", "line"):
        by = ",".join(view.rng.sample(usable, min(2, len(usable))))
        named = tuple(f"{kind.key}.{key}" for key in by.split(",") if key)
        yield get(view.rng.choice((NEW, PREVIEW)), kind.key, view.rng.choice((NEW, PREVIEW)), *named, entity=kind.key, by=by, chart=chart)
    for key in sorted(shut):
        for words in ({"by": key}, {"measure": f"sum:{key}"}, {"where": json.dumps({"field": key, "op": "not_empty"})}):
            unknown = view.unknown(kind.key, key)
            known, other = (get(PREVIEW, kind.key, PREVIEW, f"{kind.key}.{key}", entity=kind.key, **{n: w.replace(key, k) for n, w in words.items()})
                            for k in (key, unknown))
            yield known.expecting(400).just_as(other, unknown, key)
        form = {"name": f"hidden {kind.key} {key}", "report": "records", "query": f"entity={kind.key}&measure=avg:{key}"}
        yield post("/reports/kept", kind.key, "/reports/kept", f"{kind.key}.{key}", form=form).expecting(400)
    for asked in view.rng.sample(list(conditions.every(view, kind)), 3):
        question = get(PREVIEW, kind.key, PREVIEW, *asked.names, entity=kind.key, where=asked.where)
        yield question.expecting(400, 403) if asked.hidden else question


@probe("/reports/kept", KEPT, KEPT + "/remove", KEPT + "/share", SHOW, "/report/")
def kept(view: View) -> Iterator[Question]:
    """Reports are kept, opened and listed; numbers of others' and of none answer alike."""
    for place, query in enumerate(("entity=account&measure=count", "entity=deal&by=stage", "entity=account&by=owner&chart=share")):
        yield post("/reports/kept", "", "/reports/kept", form={"name": f"report {place}", "report": "records", "query": query})
    yield post("/reports/kept", "", "/reports/kept", form={"name": "wins", "report": "win_rate", "query": "by=owner&chart=bar"})
    yield get("/report/", "", "/report/")
    for number in (1, 2, 3, 4, MISSING):
        yield get(SHOW, "", "/report/records", kept=number)
        yield get(NEW, "", NEW, kept=number)
        yield post(KEPT, "", f"/reports/kept/{number}", form={"starred": "1", "name": f"renamed {number}"})
        yield get(KEPT + "/share", "", f"/reports/kept/{number}/share")
    yield get(SHOW, "", "/report/win_rate", kept=4)
    yield post(KEPT + "/share", "", f"/reports/kept/{MISSING}/share", form={"label_en": "Shared"})
    yield post(KEPT + "/remove", "", "/reports/kept/2/remove")
    yield get("/report/", "", "/report/", lang="uk")


@probe("/dashboard/", "/dashboard/panel/<place>", "/dashboard/panels", "/dashboard/panels/<place>", "/dashboard/order", "/dashboard/reset", "/dashboard/take",
       "/dashboard/share", "/")
def dashboards(view: View) -> Iterator[Question]:
    """Panels are put on one's own dashboard and asked for; those of roles leave no sign where they show what is hidden."""
    yield get("/", "", "/")
    yield get("/dashboard/", "", "/dashboard/")
    for place in (0, 1, 2, 99):
        yield get("/dashboard/panel/<place>", "", f"/dashboard/panel/{place}", seen="none")
    for what in ("numbers", "plan", "no_such_list"):
        yield post("/dashboard/panels", "", "/dashboard/panels", form={"what": what})
    yield post("/dashboard/panels/<place>", "", "/dashboard/panels/0", form={"seen": "none", "move": "1"})
    yield post("/dashboard/order", "", "/dashboard/order", form={"seen": "none", "order": "1,0"})
    yield post("/dashboard/take", "", "/dashboard/take", form={"key": "none"})
    yield get("/dashboard/share", "", "/dashboard/share")
    yield post("/dashboard/share", "", "/dashboard/share", form={"remove": "none"})
    yield Question("/dashboard/panel/<place>", "", "what the panels of a dashboard show", _panels, writes=True)
    yield post("/dashboard/reset", "", "/dashboard/reset")


@probe("/dashboard/panels")
def put_on_a_dashboard(view: View, kind: Entity) -> Iterator[Question]:
    """A list and a report that name what is hidden are put on no dashboard, as those that name what is not there."""
    for key in sorted(view.shut(kind.key)) if view.reads(kind.key) else ():
        unknown = view.unknown(kind.key, key)
        for form in ({"entity": kind.key, "as": f"sum:{key}"}, {"entity": kind.key, "query": f"sort={key}"},
                     {"report": "records", "query": f"entity={kind.key}&by={key}"}):
            asked, other = (post("/dashboard/panels", kind.key, "/dashboard/panels", f"{kind.key}.{key}", form={n: w.replace(key, k) if n != "entity" else w
                            for n, w in form.items()}) for k in (key, unknown))
            yield asked.expecting(400).just_as(other, unknown, key)


def _panels(side: Side) -> Answer:
    """A list, a number and a report of every kind of records that the person reads, on his dashboard; what each panel answers."""
    body, status = [], 200
    for entity in ("account", "deal", "contact"):
        side.send("POST", "/dashboard/panels", data={"entity": entity, "as": "rows"})
        side.send("POST", "/dashboard/panels", data={"entity": entity, "as": "count"})
        side.send("POST", "/dashboard/panels", data={"report": "records", "query": f"entity={entity}&by=owner&measure=count", "as": "table"})
    home = side.send("GET", "/")
    for source in re.findall(r'data-part="([^"]+)"', home.text):
        answer = side.send("GET", html.unescape(source))
        status = max(status, answer.status if answer.status >= 500 else 0)
        body.append(answer.body)
    return Answer(status, b"\n".join(body), ())


SCHEDULES = "/reports/schedules/"


@probe(SCHEDULES, SCHEDULES + "new/", SCHEDULES + "<number>", SCHEDULES + "<number>/stop/")
def by_mail(view: View) -> Iterator[Question]:
    """Reports that go out by mail: those of others are as unknown as those that are not there, and so are people who are not seen."""
    yield get(SCHEDULES, "", SCHEDULES)
    yield get(SCHEDULES + "new/", "", SCHEDULES + "new/", kept=MISSING)
    yield post("/reports/kept", "", "/reports/kept", form={"name": "by mail", "report": "records", "query": "entity=account&measure=count"})
    for number in (1, 2, 3):
        yield get(SCHEDULES + "new/", "", SCHEDULES + "new/", kept=number)
        for person in (*view.seen("user", 1), *view.unseen("user", 1), MISSING):
            yield post(SCHEDULES + "new/", "", SCHEDULES + "new/", form={"kept": str(number), "every": "day", "hour": "8", "receivers": str(person)})
    for number in (1, 2, MISSING):
        yield get(SCHEDULES + "<number>/stop/", "", f"{SCHEDULES}{number}/stop/")
        yield post(SCHEDULES + "<number>", "", f"{SCHEDULES}{number}", form={"pause": "1"})
        yield post(SCHEDULES + "<number>/stop/", "", f"{SCHEDULES}{number}/stop/", form={"on": "1"})
    yield get(SCHEDULES, "", SCHEDULES, lang="uk")


@probe("letter report")
def scheduled(view: View) -> Iterator[Question]:
    """The letter of a report over every kind of records that the person reads, with its workbook."""
    yield Question("letter report", "", "the letter of a report", _letter, writes=True)


@probe("letter dashboard")
def dashboard_by_mail(view: View) -> Iterator[Question]:
    """The letter of one's dashboard with lists, numbers and reports on it, and its workbook; and dashboards that are not there."""
    for name in ("nothing", "*"):
        yield get(SCHEDULES + "new/", "", SCHEDULES + "new/", dashboard=name)
    yield Question("letter dashboard", "", "the letter of a dashboard", _dashboard, writes=True)


def _dashboard(side: Side) -> Answer:
    for entity in ("account", "deal", "contact"):
        for panel in ({"entity": entity, "as": "rows"}, {"entity": entity, "as": "count"},
                      {"report": "records", "query": f"entity={entity}&by=owner&measure=count", "as": "table"}):
            side.send("POST", "/dashboard/panels", data=panel)
    side.send("POST", SCHEDULES + "new/", data={"dashboard": "*", "every": "day", "hour": "8", "myself": "1"})
    for number in re.findall(rf'action="{SCHEDULES}(\d+)"', side.send("GET", SCHEDULES).text)[-1:]:
        side.send("POST", f"{SCHEDULES}{number}", data={"now": "1"})
    return Answer(200, b"\n".join(_texts(path) for path in side.letters()), ())


def _letter(side: Side) -> Answer:
    for entity in ("account", "deal", "contact"):
        side.send("POST", "/reports/kept", data={"name": f"mail {entity}", "report": "records", "query": f"entity={entity}&by=owner&measure=count"})
    listed = side.send("GET", "/report/").text
    for name in dict.fromkeys(re.findall(r'href="/report/\w+\?kept=(\d+)"', listed)):
        side.send("POST", SCHEDULES + "new/", data={"kept": name, "every": "day", "hour": "8", "myself": "1"})
    for number in re.findall(rf'action="{SCHEDULES}(\d+)"', side.send("GET", SCHEDULES).text)[::3]:
        side.send("POST", f"{SCHEDULES}{number}", data={"now": "1"})
    return Answer(200, b"\n".join(_texts(path) for path in side.letters()), ())


def _texts(path: Path) -> bytes:
    """A letter without the border that parts it, and its workbook as its cells."""
    letter = message_from_bytes(path.read_bytes(), policy=default)
    found = [str(letter["Subject"]), str(letter["To"])]
    for part in letter.walk():
        if part.get_content_maintype() == "text":
            found.append(part.get_content())
        elif part.get_filename():
            book = load_workbook(BytesIO(part.get_content()))
            found += [str([[cell.value for cell in row] for row in sheet]) for sheet in book.worksheets]
    return "\n".join(found).encode()


ALERTS = "/reports/alerts/"


@probe(ALERTS, ALERTS + "new/", ALERTS + "<number>/remove")
def alerted(view: View) -> Iterator[Question]:
    """Alerts on one's own reports, by measures that are seen and by one that is hidden; those of others are as unknown as none."""
    yield post("/reports/kept", "", "/reports/kept", form={"name": "alerted", "report": "records", "query": "entity=deal&measure=count&by=stage"})
    yield get(ALERTS + "new/", "", ALERTS + "new/", kept=MISSING)
    for number in (1, 2, 3, 4):
        yield get(ALERTS + "new/", "", ALERTS + "new/", kept=number)
        row = {"measure": "count", "value": "3", "place": "0", "above": "1"}
        for form in ({"measure": "count", "value": "1"}, {"measure": "sum:amount", "value": "1"}, row):
            yield post(ALERTS + "new/", "", ALERTS + "new/", form={"kept": str(number), **form})
    yield get(ALERTS, "", ALERTS)
    for number in (1, MISSING):
        yield post(ALERTS + "<number>/remove", "", f"{ALERTS}{number}/remove")
