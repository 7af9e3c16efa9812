"""A condition as words: the chips above a list read as a sentence in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from crm.admin_views.kit.cells import text_formatter
from crm.backoffice.conditions.compiler import ME
from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Not, Saved, walk
from crm.backoffice.entities import Entity
from crm.admin_views.kit.form_fields import LARGEST_ID, number_of
from crm.backoffice.fields.base import Field, FieldError, Reader
from crm.backoffice.guard import UserSession
from crm.backoffice.working_days import over
from crm.errors import BadRequest
from crm.messages import Message, m, mn, render

NEUTRAL = "•"  # stands for a record that the reader may not see
OPERATORS: Mapping[str, Message] = {
    "eq": m("is"), "ne": m("is not"), "in": m("is one of"), "not_in": m("is none of"), "lt": m("less than"), "le": m("at most"),
    "gt": m("more than"), "ge": m("at least"), "between": m("between"), "contains": m("contains"), "starts": m("starts with"),
    "empty": m("is empty"), "not_empty": m("is filled in"), "within": m("within"),
}
# Ukrainian says these with a dash inside a sentence; where one chooses among them they stand alone.
ALONE: Mapping[str, Message] = {
    "eq": m("equals"), "ne": m("does not equal"), "in": m("one of"), "not_in": m("none of"), "within": m("in the period"),
}
SET_OPERATORS: Mapping[str, Message] = {
    "eq": m("includes"), "ne": m("does not include"), "in": m("includes one of"), "not_in": m("includes none of"), "contains": m("includes all of"),
}
DATE_OPERATORS: Mapping[str, Message] = {"lt": m("before"), "le": m("not after"), "gt": m("after"), "ge": m("not before")}
FUNCTIONS: Mapping[str, Message] = {
    "count": m("number of"), "sum": m("sum of"), "min": m("smallest of"), "max": m("largest of"), "avg": m("average of"),
}
PERIODS: Mapping[str, Message] = {
    "today": m("today"), "this_week": m("this week"), "this_month": m("this month"), "this_quarter": m("this quarter"), "this_year": m("this year"),
}


@dataclass(frozen=True)
class Phrase:
    """One condition in words: what, how, and compared with what; `group` holds the parts of a nested group instead."""

    subject: str = ""
    operator: str = ""
    value: str = ""
    group: tuple["Phrase", ...] = ()
    joint: str = ""  # the word between the parts of a group
    negated: str = ""


@dataclass(frozen=True)
class Step:
    """Where a path of a condition ends: the field (None for a bare relation) and the labels on the way."""

    field: Field | None
    labels: tuple[str, ...]


def operator_word(field: Field | None, op: str, *, alone: bool = False) -> Message:
    """How `op` reads for this type of field in a sentence, or `alone` among others to choose from."""
    if field is not None and field.type in ("date", "moment") and op in DATE_OPERATORS:
        return DATE_OPERATORS[op]
    if field is not None and (field.several or field.multiple) and op in SET_OPERATORS:
        return SET_OPERATORS[op]
    return ALONE.get(op, OPERATORS[op]) if alone else OPERATORS[op]


def follow(catalog_entities: Mapping[str, Entity], entity: Entity, path: tuple[str, ...], language: str) -> Step:
    """The field at the end of `path`, which goes over references and relations. Unknown steps end the walk."""
    labels: list[str] = []
    field: Field | None = None
    here: Entity | None = entity
    for name in path:
        if here is None:
            break
        field = here.fields.get(name)
        relation = here.relations.get(name)
        if field is not None:
            labels.append(field.label.text(language))
            here = catalog_entities.get(field.target) if field.target else None
        elif relation is not None:
            labels.append(relation.label.text(language))
            here = catalog_entities.get(relation.entity)
        else:
            labels.append(name)
            here = None
    return Step(field, tuple(labels))


def spoken(phrase: Phrase) -> str:
    """A condition as plain text."""
    if not phrase.group:
        return " ".join(part for part in (phrase.subject, phrase.operator, phrase.value) if part)
    inner = f" {phrase.joint} ".join(spoken(part) for part in phrase.group)
    return f"{phrase.negated} ({inner})".strip() if phrase.negated or len(phrase.group) > 1 else inner


def told(session: UserSession, entity: Entity, node: Node) -> str:
    """A condition as a sentence; records that the reader may not see stand as a dot."""
    return bare(phrases(session, entity, [node], names_in(session, entity, node))[0])


def bare(phrase: Phrase) -> str:
    """The text of a phrase that stands alone, without brackets around the whole."""
    text = spoken(phrase)
    return text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text


def phrases(session: UserSession, entity: Entity, parts: Sequence[Node], names: Mapping[tuple[str, Any], str]) -> list[Phrase]:
    """Conditions in words, each by itself; `names` of the records they refer to come from `names_in`."""
    return [_phrase(session, entity, part, names) for part in parts]


def _phrase(session: UserSession, entity: Entity, node: Node, names: Mapping[tuple[str, Any], str]) -> Phrase:
    reader = session.reader
    language = reader.language
    match node:
        case All(parts) | Any_(parts):
            joint = m("and") if isinstance(node, All) else m("or")
            return Phrase(group=tuple(_phrase(session, entity, part, names) for part in parts), joint=render(joint, language))
        case Not(part):
            inner = _phrase(session, entity, part, names)
            return Phrase(group=(inner,), negated=render(m("not"), language))
        case Aggregate():
            return _aggregate(session, entity, node, names)
        case Saved(key):
            known = session.catalog.saved.every.get(key)
            return Phrase(f"“{known.label.text(language)}”" if known is not None else f"“{key}”")
    step = follow(session.catalog.entities, entity, node.path, language)
    subject = " · ".join(step.labels)
    if isinstance(node, Latest):
        subject = render(m("%(what)s then", what=subject), language)
    return Phrase(subject, render(operator_word(step.field, node.op), language), value_text(step.field, node.op, node.value, reader, names))


def _aggregate(session: UserSession, entity: Entity, node: Aggregate, names: Mapping[tuple[str, Any], str]) -> Phrase:
    language = session.reader.language
    entities = session.catalog.entities
    if node.of is not None and node.of[0] in entities:
        source = entities[node.of[0]]
        step = follow(entities, source, node.path, language)
        labels = (source.plural.text(language), *step.labels)
    else:
        step = follow(entities, entity, node.path, language)
        relation = entity.relations.get(node.path[0]) if node.path else None
        source, labels = entities.get(relation.entity if relation is not None else "", entity), step.labels
    subject = f"{render(FUNCTIONS[node.function], language)} {' · '.join(labels)}"
    if node.where is not None:
        inside = bare(_phrase(session, source, node.where, names))
        subject = render(m("%(subject)s, where %(condition)s:", subject=subject, condition=inside), language)
    of_field = None if node.function == "count" or len(node.path) < (1 if node.of else 2) else step.field
    value = value_text(of_field, node.op, node.value, session.reader, names) if of_field is not None else _plain(node.value)
    return Phrase(subject, render(OPERATORS[node.op], language), value)


def period_text(value: str, reader: Reader, field: Field | None = None) -> str:
    """A relative or absolute period as people say it."""
    language = reader.language
    if value in PERIODS:
        return render(PERIODS[value], language)
    words = value.split("_")
    if len(words) == 3 and words[1].isdigit() and words[2] == "days" and words[0] in ("last", "next"):
        days = int(words[1])
        if words[0] == "last":
            return render(mn("the last %(num)s day", "the last %(num)s days", days), language)
        return render(mn("the next %(num)s day", "the next %(num)s days", days), language)
    if (long := over(value)) is not None:
        return render(mn("more than %(num)s working day ago", "more than %(num)s working days ago", long), language)
    if ".." in value:
        first, _, last = value.partition("..")
        return f"{_date_text(first, reader, field)} – {_date_text(last, reader, field)}"
    if len(value) == 7 and value[5:6] == "Q":
        return render(m("quarter %(quarter)s of %(year)s", quarter=value[6:], year=value[:4]), language)
    return value


def _date_text(text: str, reader: Reader, field: Field | None) -> str:
    if field is None or field.type != "date":
        return text
    try:
        return field.formatter(reader)(field.read(text, reader))
    except FieldError:
        return text


def value_text(field: Field | None, op: str, value: Any, reader: Reader, names: Mapping[tuple[str, Any], str]) -> str:
    """The right side of a comparison as the reader would write it."""
    if op in ("empty", "not_empty"):
        return ""
    if op == "within":
        return period_text(str(value), reader, field)
    if isinstance(value, list):
        shown = [value_text(field, "eq", v, reader, names) for v in value]
        return f"{shown[0]} – {shown[1]}" if op == "between" and len(shown) == 2 else ", ".join(shown[:6]) + (" …" if len(shown) > 6 else "")
    if field is not None and field.target:
        return names.get((field.target, value), NEUTRAL)
    if field is None or (op in ("contains", "starts") and not field.multiple):
        return _plain(value)
    try:
        return text_formatter(field, reader)(field.read(value, reader))
    except (FieldError, BadRequest, ValueError, TypeError):
        return _plain(value)


def _plain(value: Any) -> str:
    return " – ".join(map(str, value)) if isinstance(value, list) else str(value)


def names_in(session: UserSession, entity: Entity, node: Node) -> dict[tuple[str, Any], str]:
    """(target entity, number or code as it stands in the condition) → the record's name, for those the reader may see."""
    wanted: dict[str, set[int | str]] = {}
    for part in walk(node):
        if not isinstance(part, Leaf | Latest) or part.op in ("empty", "not_empty"):
            continue
        field = follow(session.catalog.entities, entity, part.path, session.reader.language).field
        if field is not None and field.target:
            given = part.value if isinstance(part.value, list) else [part.value]
            wanted.setdefault(field.target, set()).update(v for v in given if isinstance(v, int | str))
    found: dict[tuple[str, Any], str] = {("user", ME): render(m("me"), session.reader.language)}
    for target, asked in wanted.items():
        values = asked - {ME}
        configured = session.catalog.configured.get(target)
        if configured is not None:
            by_code: dict[int | str, str] = {name: c.label.text(session.reader.language) for c in configured.values() for name in (c.key, c.code)}
            found.update({(target, v): by_code[v] for v in values if v in by_code})
            found.update({(target, v): configured[v].label.text(session.reader.language) for v in values if isinstance(v, int) and v in configured})
        else:
            found.update(_read_names(session, session.catalog.entity(target), values))
    return found


def _read_names(session: UserSession, target: Entity, values: set[int | str]) -> dict[tuple[str, Any], str]:
    if not session.sight.may(target.key, "read") or target.declared.title not in session.sight.filterable(target.key):
        return {}
    rows = session.table(target.key)
    numbers = [v for v in values if isinstance(v, int) and 0 < v <= LARGEST_ID] + [n for v in values if isinstance(v, str) and (n := number_of(v)) is not None]
    tests = [rows.id.in_(numbers)]
    columns = [rows.id, rows.title]
    if "code" in session.sight.filterable(target.key):
        columns.append(rows["code"])
        tests.append(rows["code"].in_([v for v in values if isinstance(v, str)]))
    found: dict[tuple[str, Any], str] = {}
    for row in session.execute(select(*columns).where(rows.visible, or_(*tests)).limit(200)):
        found[(target.key, row[0])] = found[(target.key, str(row[0]))] = str(row[1])
        if len(row) > 2:
            found[(target.key, row[2])] = str(row[1])
    return found
