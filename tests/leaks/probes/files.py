"""Files out of the house, from the screen: every format, column, condition and order."""

from collections.abc import Iterator

from crm.backoffice.entities import Entity
from crm.backoffice.exchange.written import formats_of
from tests.leaks import conditions
from tests.leaks.probes.lists import refused, words
from tests.leaks.questions import Question, View, get, probe

EXPORT = "/<entity>/export"
FORMATS = ("csv", "jsonl", "xlsx")


@probe(EXPORT)
def exported(view: View, kind: Entity) -> Iterator[Question]:
    here = f"/{kind.key}/export"
    hidden = set(view.hidden(kind.key))
    for form in (*FORMATS, "vcard"):
        yield get(EXPORT, kind.key, here, format=form)
        yield get(EXPORT, kind.key, here, format=form, lang="uk", sort="-id")
    yield get(EXPORT, kind.key, here, format="exe")
    if not view.may(kind.key, "export"):
        return
    for key in kind.fields:
        form = view.rng.choice(FORMATS)
        asked = get(EXPORT, kind.key, here, f"{kind.key}.{key}", format=form, columns=key)
        if key in hidden:
            unknown = view.unknown(kind.key, key)
            asked = asked.just_as(get(EXPORT, kind.key, here, format=form, columns=unknown), unknown, key)
        yield refused(view, kind, asked, key in hidden)
    for form in formats_of(kind.key):
        yield from _written(view, kind, form, hidden)
    for key in view.secret(kind.key):
        asked = get(EXPORT, kind.key, here, f"{kind.key}.{key}", format="csv", sort=view.rng.choice((key, f"-{key}")))
        yield refused(view, kind, asked, key in view.shut(kind.key))
    every = conditions.every(view, kind)
    for asked_for in view.rng.sample(every, min(30, len(every))):
        asked = get(EXPORT, kind.key, here, *asked_for.names, format=view.rng.choice(FORMATS), where=asked_for.where)
        yield refused(view, kind, asked, asked_for.hidden)
    for text, key in words(view, kind):
        yield get(EXPORT, kind.key, here, f"{kind.key}.{key}", format="csv", search=text)


def _written(view: View, kind: Entity, form: str, hidden: set[str]) -> Iterator[Question]:
    """A format of this entity alone, such as cards of people: every field by name, order and condition, one record seen and one that is not."""
    here = f"/{kind.key}/export"
    for key in kind.fields:
        name = f"{kind.key}.{key}"
        asked = get(EXPORT, kind.key, here, name, format=form, columns=key)
        if key in hidden:
            unknown = view.unknown(kind.key, key)
            asked = asked.just_as(get(EXPORT, kind.key, here, format=form, columns=unknown), unknown, key)
        yield refused(view, kind, asked, key in hidden)
    for key in view.secret(kind.key):
        yield refused(view, kind, get(EXPORT, kind.key, here, f"{kind.key}.{key}", format=form, sort=key), key in view.shut(kind.key))
    for asked_for in view.rng.sample(every := conditions.every(view, kind), min(10, len(every))):
        yield refused(view, kind, get(EXPORT, kind.key, here, *asked_for.names, format=form, where=asked_for.where), asked_for.hidden)
    for record in (*view.seen(kind.key, 2), *view.unseen(kind.key, 1)):
        yield get(EXPORT, kind.key, here, format=form, where={"field": "id", "op": "eq", "value": record})
    for text, key in words(view, kind):
        yield get(EXPORT, kind.key, here, f"{kind.key}.{key}", format=form, search=text)


@probe("/<entity>/export/<export_type>/")
def shut_door(view: View, kind: Entity) -> Iterator[Question]:
    """The library's own export."""
    for form in ("csv", "json"):
        yield get("/<entity>/export/<export_type>/", kind.key, f"/{kind.key}/export/{form}/")
