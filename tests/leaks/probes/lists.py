"""Lists: pages of them, their counts and sums, what the builder offers, what pickers find."""

import re
from collections.abc import Iterator
from dataclasses import replace

from crm.backoffice.entities import Entity
from tests.leaks import conditions, saved
from tests.leaks.questions import MISSING, Question, View, get, probe
from tests.leaks.sides import Answer, Side

NEXT = re.compile(r'href="([^"]*[?&](?:amp;)?after=[^"]*)"')
ROWS = 7


@probe("/<entity>/", "/<entity>/count")
def filtered(view: View, kind: Entity) -> Iterator[Question]:
    """Every condition, on the page or on its foot; what names a hidden field answers as what names none."""
    for n, asked in enumerate(conditions.every(view, kind)):
        endpoint = ("/<entity>/count", "/<entity>/")[n % 3 == 0]
        few = {"columns": _few(view, kind), "size": 10} if endpoint == "/<entity>/" else {}
        yield refused(view, kind, get(endpoint, kind.key, address(kind, endpoint), *asked.names, where=asked.where, **few), asked.hidden)
    for key in view.shut(kind.key) if view.reads(kind.key) else ():
        unknown = view.unknown(kind.key, key)
        value = conditions.operand(view, kind.key, kind.fields[key], "eq")
        for endpoint in ("/<entity>/", "/<entity>/count"):
            here, name = address(kind, endpoint), f"{kind.key}.{key}"
            known, other = (get(endpoint, kind.key, here, name, where={"field": k, "op": "eq", "value": value}) for k in (key, unknown))
            yield known.expecting(400).just_as(other, unknown, key)
    for key in saved.over(kind) if view.reads(kind.key) else ():
        if saved.is_shut(view, kind, key):
            unknown = view.unknown(kind.key, key)
            for endpoint in ("/<entity>/", "/<entity>/count"):
                known, other = (get(endpoint, kind.key, address(kind, endpoint), where={"all": [{"saved": k}]}) for k in (key, unknown))
                yield known.expecting(400).just_as(other, unknown, key)


@probe("/<entity>/")
def sorted_(view: View, kind: Entity) -> Iterator[Question]:
    """Every field both ways, page after page; two fields at once; keys of pages made by hand."""
    hidden = set(view.shut(kind.key))
    for key, spec in kind.fields.items():
        for sort in (key, f"-{key}"):
            asked = get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.{key}", sort=sort, size=ROWS, columns=_few(view, kind))
            shut = key in hidden or not spec.sortable
            yield refused(view, kind, leafing(asked), shut)
        if key in hidden and view.reads(kind.key):
            unknown = view.unknown(kind.key, key)
            known, other = (get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.{key}", sort=f"-{k}") for k in (key, unknown))
            yield known.expecting(400).just_as(other, unknown, key)
    for _ in range(4):
        one, two = view.rng.sample(list(kind.fields), 2)
        yield leafing(get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.{one}", f"{kind.key}.{two}", sort=f"{one},-{two}", size=ROWS))
    for after in ("", "x", "WzAsMV0", "WzAsIlx1MDQzYSIsMV0", "WzEsMTAwMDAwLDFd", "W10"):
        yield get("/<entity>/", kind.key, f"/{kind.key}/", sort=view.rng.choice(list(kind.fields)), after=after, size=ROWS)


@probe("/<entity>/", "/<entity>/count")
def with_columns(view: View, kind: Entity) -> Iterator[Question]:
    """Every column alone, then all that the role has, then what it has not; and the sums below them."""
    hidden = set(view.hidden(kind.key))
    for key in kind.fields:
        asked = get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.{key}", columns=key, size=100)
        yield refused(view, kind, asked, key in hidden)
        if kind.fields[key].totals:
            foot = get("/<entity>/count", kind.key, f"/{kind.key}/count", f"{kind.key}.{key}", columns=key)
            yield refused(view, kind, foot, key in hidden)
        if key in hidden and view.reads(kind.key):
            unknown = view.unknown(kind.key, key)
            yield asked.expecting(400).just_as(get("/<entity>/", kind.key, f"/{kind.key}/", columns=unknown, size=100), unknown, key)
    everything = ",".join(k for k in kind.fields if k not in hidden)
    names = [f"{kind.key}.{k}" for k in kind.fields if k not in hidden]
    for size, language in ((100, "en"), (25, "uk")):
        yield get("/<entity>/", kind.key, f"/{kind.key}/", *names, columns=everything or None, size=size, lang=language)
    yield get("/<entity>/count", kind.key, f"/{kind.key}/count", *names, columns=everything or None)
    yield get("/<entity>/", kind.key, f"/{kind.key}/", heads={"HX-Request": "true"})
    yield get("/<entity>/", kind.key, f"/{kind.key}/", columns="no_such_field", heads={"Accept": "application/json"})


@probe("/<entity>/", "/<entity>/count", "/<entity>/lookup")
def searched(view: View, kind: Entity) -> Iterator[Question]:
    """Words of what is hidden, and of what is shown."""
    for text, key in words(view, kind):
        yield get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.{key}", search=text, size=25, columns=_few(view, kind))
        yield get("/<entity>/count", kind.key, f"/{kind.key}/count", f"{kind.key}.{key}", search=text)
        yield get("/<entity>/lookup", kind.key, f"/{kind.key}/lookup", f"{kind.key}.{key}", q=text)
    for offset in ("0", "20", "181", "-1", "x"):
        yield get("/<entity>/lookup", kind.key, f"/{kind.key}/lookup", q="", offset=offset)


def words(view: View, kind: Entity) -> Iterator[tuple[str, str]]:
    """Pieces of stored texts, with the field they come from: of every searchable field, and of those that are kept."""
    for key in dict.fromkeys([k for k, f in kind.fields.items() if f.searchable] + view.secret(kind.key)):
        for _ in range(2 if kind.fields[key].searchable else 1):
            value = view.value(kind.key, key)
            if isinstance(value, str) and value.strip():
                at = view.rng.randrange(len(value))
                yield view.rng.choice((value, value[:2], value[at : at + 3])), key


@probe("/<entity>/", "/<entity>/rows")
def in_groups(view: View, kind: Entity) -> Iterator[Question]:
    """Every field to group by, days by week and month; rows of a page by themselves; what is hidden answers as what is not there."""
    shut = set(view.shut(kind.key))
    sums = ",".join([k for k, f in kind.fields.items() if k not in shut and f.totals][:3] + [k for k in kind.fields if k not in shut][:1]) or None
    for key, spec in kind.fields.items():
        for group in (key, f"{key}:week") if spec.type in ("date", "moment") else (key,):
            asked = get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.{key}", group=group, columns=sums)
            yield refused(view, kind, asked, key in shut)
        if key in shut and view.reads(kind.key):
            unknown = view.unknown(kind.key, key)
            known, other = (get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.{key}", group=k) for k in (key, unknown))
            yield known.expecting(400).just_as(other, unknown, key)
    for asked in view.rng.sample(list(conditions.every(view, kind)), 3):
        yield refused(view, kind, get("/<entity>/rows", kind.key, f"/{kind.key}/rows", *asked.names, where=asked.where, size=ROWS), asked.hidden)
    yield get("/<entity>/rows", kind.key, f"/{kind.key}/rows", size=ROWS, sort=view.rng.choice(list(kind.fields)))


@probe("/<entity>/", "/<entity>/count", "/<entity>/rows")
def unread(view: View, kind: Entity) -> Iterator[Question]:
    """What others have changed since; where the change may not be known, or nobody keeps what was opened, the list tells nothing of it."""
    for path in ("", "count", "rows"):
        asked = get(f"/<entity>/{path}", kind.key, f"/{kind.key}/{path}", f"{kind.key}.updated_by", unread=1, size=ROWS)
        yield asked if view.tells_unread(kind) else asked.expecting(400 if view.reads(kind.key) else 403)
    yield get("/<entity>/", kind.key, f"/{kind.key}/", f"{kind.key}.updated_by", sort="-updated_at", size=ROWS)


@probe("/<entity>/", "/<entity>/count", "/<entity>/rows", "/<entity>/export")
def on_cards(view: View, kind: Entity) -> Iterator[Question]:
    """The list as it stands on the cards of what its references point to; the card of a hidden record, and by a hidden reference, as none."""
    script = {"HX-Request": "true"}
    for spec in kind.fields.values():
        if not spec.target or not spec.reverse:
            continue
        name, relation = f"{kind.key}.{spec.key}", spec.reverse[0]
        shown = spec.key not in view.shut(kind.key) and view.reads(spec.target)
        for number in view.seen(spec.target, 2):
            for path in ("", "count", "rows"):
                asked = get(f"/<entity>/{path}", kind.key, f"/{kind.key}/{path}", name, heads=script, of=f"{spec.target}.{number}.{relation}", size=ROWS)
                yield asked if shown else asked.expecting(404 if view.reads(kind.key) else 403)
            yield get("/<entity>/", kind.key, f"/{kind.key}/", name, of=f"{spec.target}.{number}.{relation}", sort="-id")
            yield get("/<entity>/export", kind.key, f"/{kind.key}/export", name, of=f"{spec.target}.{number}.{relation}", format="csv")
        for number in (view.unseen(spec.target) or [])[:2]:
            hidden, none = (get("/<entity>/", kind.key, f"/{kind.key}/", name, heads=script, of=f"{spec.target}.{n}.{relation}") for n in (number, MISSING))
            yield hidden.expecting(404 if view.reads(kind.key) else 403).just_as(none, str(MISSING), str(number))


@probe("/<entity>/filters")
def builder(view: View, kind: Entity) -> Iterator[Question]:
    """What the filter builder offers at the end of every path; a hidden step answers as one that is none."""
    yield get("/<entity>/filters", kind.key, f"/{kind.key}/filters")
    for step, target, _ in conditions.steps(view, kind):
        asked = get("/<entity>/filters", kind.key, f"/{kind.key}/filters", f"{kind.key}.{step}", path=step)
        yield asked
        if view.reads(kind.key) and step in view.shut(kind.key):
            unknown = view.unknown(kind.key, step)
            yield asked.expecting(400).just_as(get("/<entity>/filters", kind.key, f"/{kind.key}/filters", path=unknown), unknown, step)
        for further, _, _ in view.rng.sample(list(conditions.steps(view, view.catalog.entities[target])), 1):
            yield get("/<entity>/filters", kind.key, f"/{kind.key}/filters", f"{kind.key}.{step}", path=f"{step}.{further}")


@probe("/<entity>/columns")
def offered_columns(view: View, kind: Entity) -> Iterator[Question]:
    yield get("/<entity>/columns", kind.key, f"/{kind.key}/columns")
    yield get("/<entity>/columns", kind.key, f"/{kind.key}/columns", columns=_few(view, kind))


def address(kind: Entity, endpoint: str) -> str:
    return endpoint.replace("<entity>", kind.key)


def refused(view: View, kind: Entity, asked: Question, hidden: bool) -> Question:
    """`asked` with the only answers that are right where a hidden name stands in it."""
    return asked.expecting(400 if view.reads(kind.key) else 403) if hidden else asked


def leafing(asked: Question, pages: int = 3) -> Question:
    """The page and those after it, by the links that stand on it."""

    def ask(side: Side) -> Answer:
        answer = asked.ask(side)
        body, heads = [answer.body], answer.heads
        for _ in range(pages - 1):
            link = NEXT.search(answer.text)
            if link is None:
                break
            answer = side.send("GET", link.group(1).replace("&amp;", "&"))
            body.append(answer.body)
            heads += answer.heads
        return Answer(answer.status, b"\n".join(body), heads)

    return replace(asked, ask=ask, say=asked.say + " and the pages after it")


def _few(view: View, kind: Entity) -> str | None:
    """One or two columns of the role."""
    usable = [k for k in kind.fields if k not in view.shut(kind.key)]
    return ",".join(view.rng.sample(usable, min(2, len(usable)))) or None
