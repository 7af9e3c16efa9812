"""The web half of every field type in a form: the control that stands for it, and how what was typed there is read back."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from wtforms import Field as FormField

from crm.admin_views.kit import uploading
from crm.backoffice.catalog import Catalog, Configured
from crm.backoffice.fields.base import Field, FieldError, Reader, Ref
from crm.backoffice.fields.codes import CodeField
from crm.backoffice.fields.condition import ConditionField
from crm.backoffice.fields.file import FileField
from crm.backoffice.fields.many_to_many import in_order
from crm.backoffice.fields.picklist import Narrowed, PicklistField
from crm.backoffice.fields.text import TextField
from crm.backoffice.money import tender
from crm.backoffice.text import sort_key
from crm.backoffice.types import FileRef
from crm.messages import Label, m, render

Kind = Literal["text", "area", "select", "check", "date", "moment", "lookup", "lookups", "options", "rich", "file", "condition"]
LISTS = frozenset({"lookups", "options"})  # controls that post several values

KEEP = "keep"  # stands for a chosen record whose name and number this reader may not learn
LARGEST_ID = 2**31 - 1
PLAIN_DAY = re.compile(r"\d{4}-\d\d-\d\d")
PLAIN_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
INPUT_MODES = {"integer": "numeric", "decimal": "decimal", "money": "decimal", "percent": "decimal", "email": "email", "url": "url", "phone": "tel"}


@dataclass(frozen=True)
class Choice:
    """One entry of a select: what is posted, what is read, and where it belongs (`parent`: the pipeline of a stage; several with spaces)."""

    value: str
    text: str
    group: str = ""
    parent: str = ""


@dataclass(frozen=True)
class Control:
    """How a field is typed in."""

    kind: Kind
    input_mode: str = ""
    choices: tuple[Choice, ...] = ()
    meaning: Mapping[str, Any] = field(default_factory=dict)  # what a choice stands for, by its value
    depends_on: str = ""  # the field whose value narrows the choices, by their `parent`
    lookup_url: str = ""
    create_url: str = ""
    accept: str = ""  # what a picker of files offers first


class EntityField(FormField):
    """A form field made from a field of an entity. Keeps the text as typed, whatever becomes of it."""

    def __init__(
        self, *, spec: Field, reader: Reader, control: Control, needed: bool = False, wide: bool = False, told: Label | None = None, **options: Any
    ) -> None:
        super().__init__(label=spec.label.text(reader.language), **options)
        self.spec, self.reader, self.control, self.needed, self.wide = spec, reader, control, needed, wide
        self.told = told or spec.help
        self.posted = self.autofocus = False
        self.belongs, self.demanded = True, False  # by the rules of the configuration, over what is typed
        self.then = ""  # the id of the control in which typing goes on once something is chosen here
        self.text = self.before = ""
        self.chosen: list[Choice] = []
        self.of, self.known = "", "{}"  # of a condition: the entity it is over, and the names of the records in it as JSON
        self.sent = ""  # of a file: what a form posts again for one that was sent and is not saved yet

    @property
    def help(self) -> str:
        return self.told.text(self.reader.language) if self.told else ""

    @property
    def is_plain_day(self) -> bool:
        """Whether an input of type date can hold what stands here; anything else would be shown there as nothing."""
        return not self.text or PLAIN_DAY.fullmatch(self.text) is not None

    @property
    def is_plain_moment(self) -> bool:
        """The same of an input of type datetime-local."""
        return not self.text or PLAIN_MOMENT.fullmatch(self.text) is not None

    @property
    def texts(self) -> list[str]:
        """The values of a control that takes several."""
        return self.text.split(",") if self.text else []

    def process_data(self, value: Any) -> None:
        self.data = value
        self.text = self.before = self.input_text(value)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError with the sentence for the person who typed."""
        if not valuelist:
            return
        self.posted = True
        if isinstance(self.spec, FileField):
            self.data, self.text, self.sent = uploading.taken(self.spec, valuelist, self.object_data, self.reader)
            return
        words = [v.replace("\r\n", "\n") for v in valuelist if isinstance(v, str)]
        if not words:  # a file, sent where none is chosen
            raise ValueError(render(m("Text is expected here."), self.reader.language))
        self.text = ",".join(w for w in words if w) if self.control.kind in LISTS else words[-1]
        self.data = self.read(self.text)

    def input_text(self, value: Any) -> str:
        """A stored value as it stands in the control, such that `read` gives it back."""
        kind = self.control.kind
        if kind == "check":
            return "1" if value else ""
        if value is None:
            return ""
        if kind == "lookups":
            return ",".join(KEEP + str(n) if _id_text(v) == KEEP else _id_text(v) for n, v in enumerate(value))
        if kind == "lookup":
            return _id_text(value)
        if kind == "options":
            return ",".join(map(str, value))
        if kind == "file":
            return value.key if isinstance(value, FileRef) else ""
        if kind == "select":
            plain = value.id if isinstance(value, Ref) else value
            return next((text for text, meant in self.control.meaning.items() if meant == plain), "")
        return self.spec.input_text(value, self.reader)

    def read(self, text: str) -> Any:
        """The value of a typed text, as `records` takes it. Raises ValueError with a sentence in the reader's language."""
        kind = self.control.kind
        if kind == "check":
            return text == "1"
        if kind == "lookups":
            kept = [v.id if isinstance(v, Ref) else v for v in self.object_data or ()]
            return in_order(self._kept(t, kept) if t.startswith(KEEP) else self._id(t) for t in text.split(",") if t)
        if not text.strip():
            return None
        if kind == "lookup":
            kept_value = self.object_data
            return (kept_value.id if isinstance(kept_value, Ref) else kept_value) if text == KEEP else self._id(text)
        if kind == "options":
            return in_order(self._meant(t) for t in text.split(",") if t)
        if kind == "select":
            return self._meant(text)
        try:
            return self.spec.parse(text, self.reader)
        except FieldError as refused:
            raise ValueError(render(refused.message, self.reader.language)) from refused

    def _meant(self, text: str) -> Any:
        if text not in self.control.meaning:
            raise ValueError(render(m("Choose one of the values of the list."), self.reader.language))
        return self.control.meaning[text]

    def _kept(self, text: str, kept: Sequence[int]) -> int:
        place = text.removeprefix(KEEP)
        if not (place.isascii() and place.isdecimal() and len(place) < 5 and int(place) < len(kept)):
            raise ValueError(render(m("Choose a record of the list."), self.reader.language))
        return kept[int(place)]

    def _id(self, text: str) -> int:
        number = number_of(text)
        if number is None:
            raise ValueError(render(m("Choose a record of the list."), self.reader.language))
        return number


def number_of(text: str) -> int | None:
    """The number of a record or of its version, as controls post it; None for any other text, however long."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0
    return number if 0 < number <= LARGEST_ID else None


def _id_text(value: Any) -> str:
    if isinstance(value, Ref):
        return KEEP if value.text is None else str(value.id)
    return str(value)


def control_for(spec: Field, reader: Reader, catalog: Catalog, current: Any, *, creatable: Iterable[str] = ()) -> Control:
    """The control of `spec`. A retired option stays on offer where it is chosen (`current`); `creatable` are the entities that
    this reader may add records of from the picker."""
    if spec.type == "boolean":
        return Control("check") if spec.required else _yes_no(reader)
    if spec.picklist:
        known = catalog.picklists.get(spec.picklist)
        chosen = current or () if spec.multiple and not isinstance(current, str) else (current,)
        options = [o for o in (known.options if known else ()) if not o.retired or o.id in chosen]
        narrowed_by = spec.narrowed_by if isinstance(spec, PicklistField) and not spec.multiple else None
        pairs = [(Choice(str(o.id), o.label.text(reader.language), parent=_belongs(o.key, narrowed_by, catalog)), o.id) for o in options]
        return _select(pairs, depends_on=narrowed_by[0] if narrowed_by else "", kind="options" if spec.multiple else "select")
    if spec.target and catalog.entity(spec.target).declared.configuration and not spec.several:
        return _configured(spec, reader, catalog, current)
    if spec.target:
        create = f"/{spec.target}/new/" if spec.target in creatable else ""
        return Control("lookups" if spec.type == "many_to_many" else "lookup", lookup_url=f"/{spec.target}/lookup", create_url=create)
    if isinstance(spec, CodeField):
        return _codes(spec, reader, current)
    if isinstance(spec, TextField) and spec.words:
        return _select([(Choice(key, label.text(reader.language)), key) for key, label in spec.words])
    if spec.type == "long_text":
        return Control("area")
    if isinstance(spec, ConditionField):
        return Control("condition", depends_on=spec.over)
    if isinstance(spec, FileField):
        return Control("file", accept=uploading.ACCEPTED if spec.picture else "")
    if spec.type == "rich_text":
        return Control("rich")
    if spec.type == "date":
        return Control("date")
    if spec.type == "moment":
        return Control("moment")
    return Control("text", INPUT_MODES.get(spec.type, ""))


def _select(pairs: Sequence[tuple[Choice, Any]], depends_on: str = "", kind: Kind = "select") -> Control:
    return Control(kind, choices=tuple(c for c, _ in pairs), meaning={c.value: meant for c, meant in pairs}, depends_on=depends_on)


def _belongs(key: str, narrowed_by: Narrowed | None, catalog: Catalog) -> str:
    """The options of another field with which an option goes; "" is any of them."""
    if narrowed_by is None or key not in narrowed_by[2]:
        return ""
    fitting = (catalog.picklists[narrowed_by[1]].by_key(other) for other in narrowed_by[2][key])
    return " ".join(str(o.id) for o in fitting if o is not None)


def _yes_no(reader: Reader) -> Control:
    return _select([(Choice("1", render(m("yes"), reader.language)), True), (Choice("0", render(m("no"), reader.language)), False)])


def _configured(spec: Field, reader: Reader, catalog: Catalog, current: Any) -> Control:
    """Rows everybody knows, such as stages, grouped by what they belong to."""
    target = catalog.entity(spec.target or "")
    chosen = current.id if isinstance(current, Ref) else current
    rows = [row for row in catalog.configured.get(target.key, {}).values() if not row.retired or row.id == chosen]
    owner = next((f for f in target.fields.values() if f.target in catalog.configured and f.required and not f.system), None)
    owners: Mapping[int, Configured] = catalog.configured.get(owner.target or "", {}) if owner else {}
    several = len(owners) > 1

    def choice(row: Configured) -> Choice:
        belongs = owners.get(row.parent_id) if row.parent_id else None
        group = belongs.label.text(reader.language) if belongs and several else ""
        return Choice(str(row.id), row.label.text(reader.language), group, str(row.parent_id or ""))

    rows.sort(key=lambda r: (owners[r.parent_id].position if r.parent_id is not None and r.parent_id in owners else 0, r.parent_id or 0, r.position, r.id))
    return _select([(choice(row), row.id) for row in rows], depends_on=owner.key if owner else "")


def _codes(spec: CodeField, reader: Reader, current: Any) -> Control:
    """Countries by name, currencies of today by their letters; what stands there (`current`) stays on offer."""
    names = spec.names(reader.language)
    if spec.type == "currency":
        pairs = [(code, f"{code} — {names[code]}") for code in sorted(tender() | ({current} & names.keys()))]
    else:
        pairs = sorted(names.items(), key=lambda pair: sort_key(pair[1]))
    return _select([(Choice(code, text), code) for code, text in pairs])
