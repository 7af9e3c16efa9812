"""`/duplicates/`: records that may be the same, side by side; merged from here, or remembered as different ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import flash, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import record_number, say
from crm.admin_views.kit.cells import painter
from crm.admin_views.kit.routing import route
from crm.backoffice import lists, merging
from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession
from crm.backoffice.likeness.duplicates import Found, Group, doubt_again, groups, like, part
from crm.backoffice.likeness.index import is_name
from crm.backoffice.likeness.search import ask, compared, last_finished, under_way
from crm.backoffice.lists import RowView
from crm.backoffice.sight import Source
from crm.errors import BadRequest, Forbidden, NotFound
from crm.messages import m

PAGE = 10  # groups
FURTHEST = 10_000
ALSO = ("owner", "created_at", "updated_at")  # what helps to choose, beside what is compared and the columns of the list


@dataclass(frozen=True)
class Record:
    """One of a group."""

    id: int
    name: str
    code: str
    url: str


@dataclass(frozen=True)
class Line:
    """A field with its value in each record, as lists show it; `same` when it is a reason."""

    label: str
    same: bool
    values: list[str]


@dataclass(frozen=True)
class Shown:
    """A group as the page shows it."""

    key: int
    likeness: int
    reasons: list[str]
    records: list[Record]
    lines: list[Line]
    can_merge: bool
    can_decide: bool
    decided: str


class DuplicatesView(OwnPage):
    """The page, and what its forms post."""

    at = "duplicates"

    @route("/")
    def index(self) -> str:
        """`?entity=` chooses the kind (an unknown one is the first), `?decided=1` those said to be different, `?of=` a record, `?page=`."""
        session, reader = context.session(), context.reader()
        kinds = looked_through(session)
        kind = next((k for k in kinds if k.key == request.args.get("entity")), kinds[0] if kinds else None)
        decided, page = bool(request.args.get("decided")), _page()
        tabs = [(k.plural.text(reader.language), f"/duplicates/?entity={k.key}", k is kind) for k in kinds]
        if kind is None:
            return str(self.render("admin/duplicates.html", tabs=tabs, kind=None))
        found = _of(session, kind) if request.args.get("of") else groups(session, kind, decided=decided)
        finished = last_finished(session, kind.key)
        moment = session.catalog.entity("user").fields["created_at"].formatter(reader)
        here = {"entity": kind.key, **({"decided": "1"} if decided else {})}
        return str(self.render(
            "admin/duplicates.html", tabs=tabs, kind=kind, decided=decided, shown=_shown(session, kind, found.groups[(page - 1) * PAGE : page * PAGE], decided),
            number=len(found.groups), more=not found.all, page=page, last=max(1, -(-len(found.groups) // PAGE)),
            pages=[f"/duplicates/?{urlencode({**here, 'page': n})}" for n in (page - 1, page + 1)], whole=f"/duplicates/?{urlencode(here)}",
            of=bool(request.args.get("of")), finished=moment(finished) if finished else "", searching=under_way(session, kind.key),
            can_search=session.sight.may(kind.key, "update"), back=request.full_path.rstrip("?"),
        ))

    @route("/", "POST")
    def decide(self) -> BaseResponse:
        """`deed` is merge (leads to the page for it), apart, doubt or search. Raises NotFound, Forbidden, BadRequest."""
        session = context.session()
        kind = next((k for k in looked_through(session) if k.key == request.form.get("entity")), None)
        if kind is None:
            raise NotFound()
        deed = request.form.get("deed", "")
        if deed == "search":
            if not session.sight.may(kind.key, "update"):
                raise Forbidden()
            ask(session, kind.key)
            session.commit()
            flash(say(m("The search has begun; what it finds will stand here in a few minutes.")), "success")
            return redirect(f"/duplicates/?entity={kind.key}", 303)
        ids = [record_number(one) for one in request.form.getlist("ids")[: merging.MOST + 1]]
        if deed == "merge" and kind.declared.mergeable:
            return redirect(f"/{kind.key}/merge?ids={','.join(map(str, ids))}", 303)
        if deed not in ("apart", "doubt"):
            raise BadRequest(m("This is none of the choices."))
        (part if deed == "apart" else doubt_again)(session, kind, ids)
        session.commit()
        flash(say(m("They will not be shown as duplicates any more.") if deed == "apart" else m("They are shown as possible duplicates again.")), "success")
        return redirect(f"/duplicates/?entity={kind.key}" + ("&decided=1" if deed == "doubt" else ""), 303)


def looked_through(session: UserSession) -> list[Entity]:
    """The kinds of records among which this reader may look for duplicates."""
    return [kind for kind in compared(session.catalog) if session.sight.may(kind.key, "read")]


def reasons(kind: Entity, fields: Sequence[str], language: str) -> list[str]:
    """Why records may be the same, in words."""
    told = []
    for key in fields:
        spec = kind.fields[key]
        label = spec.label.text(language)
        told.append(say(m("%(field)s: sounds alike", field=label) if is_name(spec) else m("%(field)s: the same", field=label)))
    return told


def _page() -> int:
    text = request.args.get("page", "")
    return min(int(text), FURTHEST) if text.isascii() and text.isdecimal() and len(text) <= 6 and int(text) else 1


def _of(session: UserSession, kind: Entity) -> Found:
    """The records that may be the same as the one of the address."""
    number = record_number(request.args["of"])
    others = like(session, kind, number)[: merging.MOST - 1]
    fields = tuple(f for f in kind.declared.alike if any(f in why for _, why in others))
    return Found([Group((number, *(n for n, _ in others)), 0.0, fields)] if others else [], True)


def _shown(session: UserSession, kind: Entity, several: Sequence[Group], decided: bool) -> list[Shown]:
    numbers = sorted({n for group in several for n in group.ids})
    if not numbers:
        return []
    reader, readable = context.reader(), session.sight.readable(kind.key)
    keys = tuple(k for k in dict.fromkeys((*kind.declared.alike, *session.sight.columns(kind.key), *ALSO)) if k in readable and k != kind.declared.title)
    columns = tuple(dict.fromkeys((*lookup.title_columns(session, kind), *keys)))
    asked = lists.ListQuery(kind.key, columns, Leaf(("id",), "in", numbers), (("id", False),), size=len(numbers))
    rows = {row.id: row for row in lists.page(session, asked).rows}
    source = session.table(kind.key)
    may = dict(_may(session, source, numbers))
    people = lookup.titles(session, session.catalog.entity("user"), {group.by for group in several if group.by is not None})
    moment = session.catalog.entity("user").fields["created_at"].formatter(reader)
    shown = []
    for group in several:
        if any(n not in rows for n in group.ids):
            continue
        members = [rows[n] for n in group.ids]
        lines = [_line(kind, key, members, key in group.fields) for key in keys]
        told = "" if group.at is None else " · ".join(filter(None, (people.get(group.by or 0, ""), moment(group.at))))
        shown.append(Shown(
            group.ids[0], round(100 * group.score), reasons(kind, group.fields, reader.language), [_record(kind, row) for row in members],
            [line for line in lines if any(line.values)], kind.declared.mergeable and not decided and all(may[n][0] and may[n][1] for n in group.ids),
            all(may[n][0] for n in group.ids), told,
        ))
    return shown


def _may(session: UserSession, source: Source, numbers: Sequence[int]) -> list[tuple[int, tuple[bool, bool]]]:
    """Which of the records this reader may change, and remove."""
    rows = session.execute(select(source.id, source.may("update"), source.may("delete")).where(source.visible, source.id.in_(numbers)))
    return [(row[0], (bool(row[1]), bool(row[2]))) for row in rows]


def _record(kind: Entity, row: RowView) -> Record:
    code = lookup.title_of(kind, {"code": row.values.get("code")})
    return Record(row.id, lookup.title_of(kind, row.values) or f"№ {row.id}", code, f"/{kind.key}/{row.id}/")


def _line(kind: Entity, key: str, members: Sequence[RowView], same: bool) -> Line:
    reader = context.reader()
    return Line(kind.fields[key].label.text(reader.language), same, painter(kind, kind.fields[key], reader, signed=True)(members))
