"""Files out of the house, from the screen: every format, column, condition and order."""

from collections.abc import Iterator

from crm.backoffice.entities import Entity
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
    for key in view.secret(kind.key):
        asked = get(EXPORT, kind.key, here, f"{kind.key}.{key}", format="csv", sort=view.rng.choice((key, f"-{key}")))
        yield refused(view, kind, asked, key in view.shut(kind.key))
    every = conditions.every(view, kind)
    for asked_for in view.rng.sample(every, min(30, len(every))):
        asked = get(EXPORT, kind.key, here, *asked_for.names, format=view.rng.choice(FORMATS), where=asked_for.where)
        yield refused(view, kind, asked, asked_for.hidden)
    for text, key in words(view, kind):
        yield get(EXPORT, kind.key, here, f"{kind.key}.{key}", format="csv", search=text)


@probe("/<entity>/export/<export_type>/")
def shut_door(view: View, kind: Entity) -> Iterator[Question]:
    """The library's own export."""
    for form in ("csv", "json"):
        yield get("/<entity>/export/<export_type>/", kind.key, f"/{kind.key}/export/{form}/")
