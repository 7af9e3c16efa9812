"""One record: its card, its related lists, its journal; as a page and as the drawer beside a list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import make_response, redirect, request
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import as_of_view, awaited, context, exporting, lookup, personal_view, related, seen_view, timeline
from crm.admin_views.kit.addresses import KEPT, address, list_arguments
from crm.admin_views.kit.cells import initials, painter
from crm.admin_views.kit.leads import leads
from crm.admin_views.kit.panels import panel
from crm.admin_views.kit.quick import Quick, of_record
from crm.admin_views.kit.stages import Stay, Step, Task, checklist, stay, steps
from crm.admin_views.kit.standing import Standing, standing
from crm.admin_views.kit.totals import number_text
from crm.backoffice import belonging, lists
from crm.backoffice.entities import Entity, Relation
from crm.backoffice.guard import UserSession
from crm.backoffice.likeness.duplicates import like
from crm.backoffice.layouts import Layout
from crm.backoffice.lists import RowView
from crm.backoffice.merging import merged_into
from crm.errors import BramaError, NotFound
from crm.messages import Label, render

if TYPE_CHECKING:
    from crm.admin_views.kit.view import EntityView

RECORD, STAMPS = Label("Запис", "Record"), ("created_at", "created_by", "updated_at", "updated_by")
WIDE = frozenset({"long_text", "rich_text", "many_to_many", "multi_picklist", "condition"})
FACTS = 5
NAMED = 3  # records that may be the same as this one
SHORT = 5  # rows of a related list on the overview


@dataclass(frozen=True)
class CardField:
    """A field as it stands on the card; `cell_url` is where its value is edited in place, "" when it may not be."""

    key: str
    label: str
    help: str
    html: str
    wide: bool = False
    cell_url: str = ""


@dataclass(frozen=True)
class Fact:
    """One of the few figures above everything else."""

    label: str
    html: str
    small: str = ""


@dataclass(frozen=True)
class Card:
    """A record as this reader sees it."""

    entity: Entity
    id: int
    row_version: int
    title: str
    code: str
    label: str
    initials: str
    facts: list[Fact]
    stages: list[Step]
    quick: list[Quick] | None  # what one key does with it; None where it never knows any
    sections: list[tuple[str, list[CardField]]]
    relations: list[tuple[Relation, str]]
    rights: Standing
    url: str
    changed: Any = None  # the moment of its last change, where this reader may know it
    stay: Stay | None = None  # how long it has stood in its stage
    tasks: list[Task] = field(default_factory=list)  # what is to be done while it stands there
    panel: str = ""  # where a part that an area makes itself is asked for, "" for none

    @property
    def can_edit(self) -> bool:
        return bool(self.rights.editable)

    @property
    def can_remove(self) -> bool:
        return "delete" in self.rights.actions

    @property
    def can_tick(self) -> bool:
        return "update" in self.rights.actions

    @property
    def can_move(self) -> bool:
        return "stage" in self.rights.editable


def show(view: "EntityView", record_id: int) -> BaseResponse:
    """The page of a record. `?drawer=1`: the drawer, with the records before and after it in the list of the address;
    `?as_of=<day>`: as it was then; `?related=<key>`: one related list; `?counts=1`: how many rows each has. A record that was merged into
    another leads there. Raises NotFound."""
    session, entity = context.session(), view.entity
    try:
        rights = standing(session, entity, record_id)
    except NotFound:
        now = merged_into(session, entity.key, record_id) if entity.declared.mergeable else None
        if now is None:
            raise
        return redirect(f"/{entity.key}/{now}/")
    if "related" in request.args:
        return _related(view, record_id, request.args["related"])
    if "counts" in request.args:
        return _counts(view, record_id, rights)
    if "as_of" in request.args:
        return as_of_view.show(view, record_id)
    card = read_card(session, entity, record_id, rights)
    drawer, before_now = bool(request.args.get("drawer")), seen_view.opened(session, entity, record_id, card.changed)
    past = timeline.of_record(session, entity, record_id, size=timeline.SHORT, kinds=() if drawer else timeline.asked(), shown=rights.shown, seen=before_now)
    if drawer:
        before, after = _neighbours(session, entity, record_id)
        html = view.render("admin/model/drawer.html", card=card, timeline=past, url=timeline.older_url(card.url), before=before, after=after)
        return make_response(html)
    tab = request.args.get("tab", "")
    shown = related.rows(session, belonging.relation(session, entity, tab), record_id) if tab else None
    adds = _adds(session, card)
    ways = [(lead, render(lead.label, session.reader.language)) for lead in leads(session, entity.key, record_id)]
    place = _place(session, entity, record_id)
    chips = timeline.chips(session, entity, {"tab": tab, **place.kept}, f"/{entity.key}/{record_id}/")
    html = view.render(
        "admin/model/details.html", card=card, timeline=past, url=timeline.older_url(card.url), chips=chips, kinds=timeline.asked(),
        tab=tab, shown=shown, adds=adds[:6], leads=ways, files=exporting.of_record(session, entity, record_id),
        personal=personal_view.offered(session, entity), place=place, seen=seen_view.told(rights) and entity.is_record,
    )
    return make_response(html)


def read_card(session: UserSession, entity: Entity, record_id: int, rights: Standing) -> Card:
    """Raises NotFound."""
    keys = tuple(k for k in session.sight.readable(entity.key) if rights.sees(k))
    row = lists.record(session, entity.key, record_id, keys)
    reader = context.reader()
    stage_steps = steps(session.catalog, entity, row.values, reader.language)
    title = lookup.title_of(entity, row.values)
    code = lookup.title_of(entity, {"code": row.values.get("code")})
    quick = of_record(entity.key, reader, row.values, rights.editable)
    relations = [(r, r.label.text(reader.language)) for r in belonging.relations(session, entity)]
    return Card(
        entity, record_id, row.row_version, title or f"№ {record_id}", code, entity.label.text(reader.language), initials(title),
        _facts(session, entity, row, bool(stage_steps)), stage_steps, quick, _sections(session, entity, row, rights), relations, rights,
        f"/{entity.key}/{record_id}/", row.values.get("updated_at"), stay(session, entity, record_id, row.values),
        checklist(session, entity, record_id, row.values.get("stage"), reader.language) if stage_steps else [], panel(entity.key, record_id),
    )


def _sections(session: UserSession, entity: Entity, row: RowView, rights: Standing) -> list[tuple[str, list[CardField]]]:
    layout, language = session.sight.layout(entity.key), context.reader().language
    placed = layout.placed
    parts = layout.parts([k for k in row.values if k in placed or not entity.fields[k].system])
    parts.append((RECORD, [k for k in STAMPS if k in row.values and k not in placed]))
    return [(label.text(language), [_card_field(entity, k, row, rights, layout) for k in part]) for label, part in parts if part]


def _card_field(entity: Entity, key: str, row: RowView, rights: Standing, layout: Layout) -> CardField:
    spec, reader = entity.fields[key], context.reader()
    url = f"/{entity.key}/{row.id}/cell/{key}" if spec.in_cells and key in rights.editable else ""
    told, broad = layout.told(spec), layout.broad.get(key)
    wide = spec.type in WIDE if broad is None else broad
    help_text = told.text(reader.language) if told else ""
    html = painter(entity, spec, reader, signed=True, exact=True)([row])[0] or awaited.in_place_of(context.session(), entity, spec.attribute, reader.language)
    return CardField(key, spec.label.text(reader.language), help_text, html, wide, url)


def _facts(session: UserSession, entity: Entity, row: RowView, has_stages: bool) -> list[Fact]:
    """The columns of the standard list that say something of this record; a day stands beside what it is the day of."""
    reader = context.reader()
    skipped = {entity.declared.title, "code", "currency"} | ({"stage"} if has_stages else set())
    columns = session.sight.columns(entity.key)
    beside = {f"{k}_on" for k in columns}
    usual = [k for k in columns if k in row.values and k not in skipped and k not in beside and entity.fields[k].type not in WIDE]
    facts = []
    for key in usual:
        value, day = row.values.get(key), row.values.get(f"{key}_on")
        if value is None or value == "":
            continue
        small = painter(entity, entity.fields[f"{key}_on"], reader)([row])[0] if day is not None else ""
        facts.append(Fact(entity.fields[key].label.text(reader.language), painter(entity, entity.fields[key], reader, signed=True)([row])[0], small))
    # The person stands last and is never crowded out.
    return facts if len(facts) <= FACTS else facts[: FACTS - 1] + facts[-1:]


def _related(view: "EntityView", record_id: int, key: str) -> Response:
    session = context.session()
    shown = related.rows(session, belonging.relation(session, view.entity, key), record_id, SHORT)
    kept = {"tab": key, **_kept_list()}
    return make_response(view.render("admin/model/related.html", shown=shown, tab_url=f"/{view.entity.key}/{record_id}/?{urlencode(kept)}"))


def _counts(view: "EntityView", record_id: int, rights: Standing) -> Response:
    session, entity = context.session(), view.entity
    found: list[tuple[str, str]] = []
    for relation in belonging.relations(session, entity):
        number = related.count(session, relation, record_id)
        found.append((relation.key, number_text(number, context.reader().language)))
    others = [number for number, _ in like(session, entity, record_id)] if entity.declared.alike else []
    names = lookup.titles(session, entity, others)
    alike = [(names[n] or f"№ {n}", f"/{entity.key}/{n}/") for n in others if n in names]
    lookers = seen_view.lookers(session, entity, record_id, seen_view.SHORT, others=True) if seen_view.told(rights) else []
    html = view.render(
        "admin/model/related_counts.html", lookers=lookers, seen_url=f"/{entity.key}/{record_id}/seen", counts=found,
        work=related.in_progress(session, entity, record_id), alike=alike[:NAMED],
        alike_more=max(len(alike) - NAMED, 0), alike_url=f"/duplicates/?entity={entity.key}&of={record_id}",
    )
    return make_response(html)


def _adds(session: UserSession, card: Card) -> list[tuple[str, str]]:
    """What may be added to the record, by the name of the kind and the address of its form; things with a life of their own first."""
    found = []
    for relation, _ in card.relations:
        target = session.catalog.entity(relation.entity)
        if relation.field in session.sight.creatable(target.key) and not target.declared.configuration:
            found.append((not target.is_record, target.label.text(context.reader().language), f"/{target.key}/new/?{relation.field}={card.id}"))
    return [(label, url) for _, label, url in sorted(found, key=lambda one: one[0])]


@dataclass(frozen=True)
class Place:
    """Where a record stands in the list from which its page was opened: the addresses of the records around and of the list; the words of the
    address that keep it."""

    before: str
    after: str
    list_url: str
    kept: Mapping[str, str]

    @property
    def tail(self) -> str:
        """What the addresses of the record's other tabs end with."""
        return f"&{urlencode(self.kept)}" if self.kept else ""


def _place(session: UserSession, entity: Entity, record_id: int) -> Place:
    kept = _kept_list()
    if not kept:
        return Place("", "", f"/{entity.key}/", {})
    around = _neighbours(session, entity, record_id)
    before, after = (f"/{entity.key}/{number}/?{urlencode(kept)}" if number else "" for number in around)
    return Place(before, after, address(entity.key, request.args), kept)


def _kept_list() -> dict[str, str]:
    """The words of a card's address that keep the list from which it was opened; none of a card opened from elsewhere."""
    return {"within": "list", **list_arguments(request.args)} if request.args.get("within") == "list" else {}


def _neighbours(session: UserSession, entity: Entity, record_id: int) -> tuple[str, str]:
    """The numbers of the records around in the list whose words the drawer's address carries; "" at the ends, and when those words do
    not read: the drawer itself is still right."""
    args = {k: request.args[k] for k in KEPT if k in request.args}
    try:
        before, after = lists.neighbours(session, lists.parse_query(session, entity.key, args), record_id)
    except BramaError:
        return "", ""
    return str(before or ""), str(after or "")
