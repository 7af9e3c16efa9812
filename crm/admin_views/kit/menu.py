"""The rail of areas: what a person may open, from the entities he may read and the pages that are no entity."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from markupsafe import Markup

from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.layouts import Layout
from crm.backoffice.likeness.search import compared
from crm.backoffice.sight import Sight
from crm.messages import Label
from crm.sales.quotes.course import decides


@dataclass(frozen=True)
class Entry:
    """One line of the rail; `new_url` when "New" may offer it, as `one` of its kind; `posts` where a press is posted instead of followed."""

    label: str
    url: str
    icon: str
    key: str
    new_url: str | None = None
    one: str = ""
    posts: str = ""


@dataclass(frozen=True)
class Area:
    """A group of the rail."""

    key: str
    label: str
    icon: str
    entries: list[Entry]


Draw = Callable[["Menu", str], Markup]


@dataclass(frozen=True)
class Menu:
    """The rail, shared by all who hold the same rules and read the same language; `kept` are the pieces of HTML made of it."""

    areas: list[Area]
    shortcuts: list[Entry] = field(default_factory=list)
    pieces: dict[tuple[str, str], Markup] = field(default_factory=dict, compare=False)

    @cached_property
    def creates(self) -> list[Entry]:
        """The entries that "New" offers."""
        return [e for area in self.areas for e in area.entries if e.new_url]

    @cached_property
    def _addresses(self) -> list[str]:
        return sorted((e.url for area in self.areas for e in area.entries), key=len, reverse=True)

    def here(self, path: str) -> str:
        """The address of the entry to which a page belongs, "" for none."""
        return next((url for url in self._addresses if path.startswith(url)), "")

    def kept(self, name: str, here: str, draw: Draw) -> Markup:
        """What `draw` makes of the menu for a page that belongs to the entry `here`; drawn once."""
        found = self.pieces.get((name, here))
        if found is None:
            found = self.pieces[name, here] = draw(self, here)
        return found


@dataclass(frozen=True)
class Page:
    """A screen that belongs to no entity; `allowed` says who is offered it (the screen itself refuses the others)."""

    area: str
    key: str
    label: Label
    url: str
    icon: str
    allowed: Callable[[Access, Catalog], bool]


@dataclass(frozen=True)
class Shortcut:
    """A new record that "New" offers nearly filled, or a way to begin one; `key` opens it from anywhere."""

    entity: str
    label: Label
    words: str
    icon: str
    key: str = ""
    url: str = ""
    posts: str = ""


SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("interaction", Label("Записати дзвінок", "Log a call"), "state=held&medium=call", "phone", "l"),
    Shortcut("interaction", Label("Записати одним рядком", "Log in one line"), "say=", "pencil", "i"),
    Shortcut("interaction", Label("Записати зустріч", "Log a meeting"), "state=held&medium=meeting", "users"),
    Shortcut("interaction", Label("Почати дзвінок із таймером", "Start a timed call"), "", "history", "t", "/timer/", "/timer/start"),
)
AREAS: tuple[tuple[str, Label, str], ...] = (
    ("contacts", Label("Контакти", "Contacts"), "users"),
    ("sales", Label("Продажі", "Sales"), "coins"),
    ("reports", Label("Звіти", "Reports"), "chart-bar"),
    ("administration", Label("Адміністрування", "Administration"), "settings"),
    ("other", Label("Інше", "Other"), "database"),
)
# Within an area those stand first to which a layout gives a place, then the daily ones; entities not named here follow in the order of their labels.
ORDER = (
    "account", "contact", "interaction", "segment", "deal", "quote", "product", "product_category", "competitor", "user", "role", "department", "territory",
    "legal_entity", "pipeline", "stage",
)


WAITING = '{"field":"state","op":"eq","value":"waiting"}'


def _reads_deals(access: Access, _catalog: Catalog) -> bool:
    return access.may("deal", "read")


def _reads_anything(access: Access, catalog: Catalog) -> bool:
    return any(access.may(key, "read") for key in catalog.entities)


def _restores_anything(access: Access, catalog: Catalog) -> bool:
    return any(access.may(key, "delete") for key in catalog.entities)


def _imports_anything(access: Access, catalog: Catalog) -> bool:
    return any(access.may(key, "create") or access.may(key, "update") for key in catalog.entities)


def _meets_duplicates(access: Access, catalog: Catalog) -> bool:
    """Whoever may change such records decides about them; others only see them on a card."""
    return any(access.may(kind.key, "update") for kind in compared(catalog))


def _keeps_roles(access: Access, catalog: Catalog) -> bool:
    return access.may("role", "update")


def _configures(access: Access, catalog: Catalog) -> bool:
    return access.configures_something


def _decides_on_quotes(access: Access, catalog: Catalog) -> bool:
    """Whoever may decide on a discount of somebody's quote."""
    return decides(Sight(access, catalog, catalog.reader()))


def _keeps_calendar(access: Access, catalog: Catalog) -> bool:
    return access.may("calendar_day", "create")


def _keeps_rates(access: Access, catalog: Catalog) -> bool:
    return access.may("exchange_rate", "create")


def _keeps_duties(access: Access, catalog: Catalog) -> bool:
    return bool(catalog.conflicts) and access.may("role", "update") and access.may("membership", "read")


def _hears_of_roles(access: Access, catalog: Catalog) -> bool:
    return access.may("role", "update") and access.may("membership", "read")


PAGES: tuple[Page, ...] = (
    Page("sales", "deal_board", Label("Дошка угод", "Deal board"), "/board/deal", "layout-kanban", _reads_deals),
    Page(
        "sales", "quotes_waiting", Label("Чекають на погодження", "Waiting for approval"),
        f"/quote/?{urlencode({'where': WAITING, 'sort': 'asked_at'})}", "clock", _decides_on_quotes,
    ),
    Page("reports", "reports", Label("Усі звіти", "All reports"), "/report/", "report-analytics", _reads_anything),
    Page("reports", "report_builder", Label("Новий звіт", "New report"), "/reports/new/", "plus", _reads_anything),
    Page("reports", "quality", Label("Якість даних", "Data quality"), "/quality/", "list-check", _reads_anything),
    Page("contacts", "duplicates", Label("Дублікати", "Duplicates"), "/duplicates/", "copy", _meets_duplicates),
    Page("administration", "configuration", Label("Налаштування даних", "Data set-up"), "/configuration/", "database", _configures),
    Page("administration", "rights", Label("Права ролей", "Rights of roles"), "/rights/", "shield-lock", _keeps_roles),
    Page("administration", "access_reviews", Label("Перегляд прав", "Access reviews"), "/access-reviews/", "list-check", _hears_of_roles),
    Page("administration", "calendar", Label("Робочий календар", "Working calendar"), "/calendar/", "calendar-event", _keeps_calendar),
    Page("administration", "rates", Label("Курси валют", "Exchange rates"), "/rates/", "coins", _keeps_rates),
    Page("administration", "duties", Label("Несумісні ролі", "Conflicting roles"), "/duties/", "users", _keeps_duties),
    Page("administration", "emergencies", Label("Надзвичайні ролі", "Emergency roles"), "/emergency/taken/", "alert-triangle", _hears_of_roles),
    Page("administration", "imports", Label("Імпорти", "Imports"), "/imports/", "file-import", _imports_anything),
    Page("administration", "journal", Label("Журнал", "Journal"), "/journal/", "history", _keeps_roles),
    Page("administration", "recycle", Label("Кошик", "Recycle bin"), "/recycle/", "trash", _restores_anything),
)


def menu(access: Access, catalog: Catalog, language: str) -> Menu:
    """The rail of one person in `language`."""
    kept, key = access.derived(catalog), ("menu", language)
    found: Menu | None = kept.get(key)
    if found is None:
        found = kept[key] = Menu(areas(access, catalog, language), shortcuts(access, language))
    return found


def shortcuts(access: Access, language: str) -> list[Entry]:
    """The nearly filled records that one person may begin."""
    return [
        Entry(s.label.text(language), s.url or f"/{s.entity}/new/?{s.words}", s.icon, s.key, posts=s.posts) for s in SHORTCUTS if access.may(s.entity, "create")
    ]


def _placed(layout: Layout) -> tuple[bool, int]:
    return layout.place is None, layout.place or 0


def areas(access: Access, catalog: Catalog, language: str, pages: Sequence[Page] = PAGES) -> list[Area]:
    """The entities and `pages` that one person may open, in `language`; areas without an entry are left out."""
    groups: dict[str, list[Entry]] = {key: [] for key, _, _ in AREAS}
    position = {key: n for n, key in enumerate(ORDER)}
    readable = [e for e in catalog.entities.values() if e.is_record and access.may(e.key, "read")]
    shown = [(e, layout) for e in readable if (layout := catalog.layout(e.key, access.roles)).area and not layout.hidden]
    for entity, layout in sorted(shown, key=lambda one: (_placed(one[1]), position.get(one[0].key, len(ORDER)), one[0].plural.text(language))):
        address = f"/{entity.key}/"
        new = f"{address}new/" if access.may(entity.key, "create") else None
        area = layout.area if layout.area in groups else "other"
        groups[area].append(Entry(entity.plural.text(language), address, layout.icon, entity.key, new, entity.label.text(language)))
    for page in pages:
        if page.allowed(access, catalog):
            groups[page.area].append(Entry(page.label.text(language), page.url, page.icon, page.key))
    return [Area(key, label.text(language), icon, groups[key]) for key, label, icon in AREAS if groups[key]]
