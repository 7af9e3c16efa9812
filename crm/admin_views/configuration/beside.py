"""What a page of configuration tells of others who change the same: their open drafts, and what they published since the page was made."""

from dataclasses import dataclass
from datetime import datetime

from flask import request

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.messages import Message, m
from crm.rights.configuration_drafts import others


@dataclass(frozen=True)
class Beside:
    """`base` is the version over which the page was made; `told` a sentence for each of the others."""

    base: int
    told: list[str]


def base() -> int:
    """The version over which a posted page was made: the one in force where it says none."""
    now = context.catalog().version
    found = version_in("base")
    return found if 0 < found <= now else now


def version_in(name: str) -> int:
    """The number of a version that a form carries, 0 for none."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def beside(*subjects: str) -> Beside:
    """Of entities (`entity:<key>`) and picklists (`picklist:<key>`) that this person may configure."""
    over = base()
    found = others(context.runtime().engine, context.catalog(), context.access().user_id, subjects, over)
    known = names(*(one.user_id for one in found.drafts), *(one.user_id for one in found.versions))
    told = [
        _told(known.get(one.user_id or 0, ""), one.at,
              m("%(who)s published version %(version)s of this at %(at)s, after you opened it.", version=one.version),
              m("Somebody published version %(version)s of this at %(at)s, after you opened it.", version=one.version))
        for one in found.versions
    ]
    told += [
        _told(known.get(one.user_id, ""), one.kept_at, m("%(who)s has a draft that changes this too, kept at %(at)s."),
              m("Somebody has a draft that changes this too, kept at %(at)s."))
        for one in found.drafts
    ]
    return Beside(over, told)


def names(*ids: int | None) -> dict[int, str]:
    """The names of people, of those that this reader may see."""
    session = context.session()
    if not session.sight.may("user", "read"):
        return {}
    return lookup.titles(session, context.catalog().entity("user"), sorted({one for one in ids if one}))


def moment(at: datetime) -> str:
    """A moment as this reader reads it."""
    return str(context.catalog().entity("account").fields["created_at"].formatter(context.reader())(at))


def _told(who: str, at: datetime, named: Message, unnamed: Message) -> str:
    chosen = named if who else unnamed
    return say(Message(chosen.id, {**chosen.params, "who": who, "at": moment(at)}))
