"""Columns and values that are still being worked out: a place without a value says so, and is not taken for a record without one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape

from babel.numbers import format_percent

from crm.admin_views.kit.columns import Column
from crm.backoffice.computed_state import Filling
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Reader
from crm.backoffice.conditions.tree import Node
from crm.backoffice.filling import notes, share, touched, under_way
from crm.backoffice.guard import DataSession
from crm.messages import m, render


def marked(session: DataSession, entity: Entity, made: Sequence[Column], reader: Reader) -> list[Column]:
    """The columns, those that are being worked out with a word of it."""
    filling = under_way(session).get(entity.key)
    if filling is None:
        return list(made)
    said = words(filling, reader.language)
    return [replace(column, awaited=said) if column.spec.attribute in filling.columns else column for column in made]


def in_place_of(session: DataSession, entity: Entity, attribute: str, language: str) -> str:
    """The HTML where a value of this column would stand; "" when it has simply none."""
    filling = under_way(session).get(entity.key)
    return f'<span class="b-faint">{escape(words(filling, language))}</span>' if filling is not None and attribute in filling.columns else ""


def words(filling: Filling, language: str) -> str:
    """`being worked out, 37%`; how many records there are is not everybody's business."""
    return render(m("being worked out, %(share)s", share=format_percent(share(filling.seen, filling.total), locale=language)), language)


def told(session: DataSession, entity: Entity, paths: Iterable[str], where: Node | None, reader: Reader) -> list[str]:
    """What a reader must know of sums, groups and choices that rest on fields which are still being worked out; no query where nothing is."""
    return [render(note, reader.language) for note in notes(touched(session, entity.key, dict.fromkeys(paths), (where,)))]
