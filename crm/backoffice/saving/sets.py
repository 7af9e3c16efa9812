"""Sets of references in a save: what a writer gave becomes the whole set, with what others did and with what he does not see."""

from collections.abc import Mapping
from typing import Any

from crm.backoffice import journal, links
from crm.backoffice.entities import Entity
from crm.backoffice.fields.many_to_many import SetChange
from crm.backoffice.guard import DataSession
from crm.backoffice.saving.drafts import visible

Stored = Mapping[int, Mapping[str, Any]]


def of_new(given: Mapping[str, Any]) -> dict[str, links.Numbers]:
    """The sets of a new record."""
    return {key: links.settled(None, None, value, frozenset()) for key, value in given.items() if isinstance(value, SetChange)}


def settle(
    session: DataSession, kind: Entity, given: Mapping[int, dict[str, Any]], stored: Stored, seen: Mapping[int, int], *, checked: bool = True,
) -> dict[int, set[str]]:
    """Replace what was given for sets (record → key → value) by the sets as they will be. A writer who saw an older version (`seen`)
    changes what he saw then: what others put in or took out since stays so.

    Answered are the records and keys for which he named what he does not see — refused whether it is in the set already or not. With
    `checked` false it is a rule that writes: it sees everything.
    """
    refused: dict[int, set[str]] = {}
    for key, spec, _ in kind.sets():
        writing = [i for i, values in given.items() if key in values]
        if not writing:
            continue
        met = {i: _met(session, kind, i, key, stored[i].get(key), seen.get(i), stored[i]["row_version"]) for i in writing}
        named = {i: given[i][key].added if isinstance(given[i][key], SetChange) else links.held(given[i], key) for i in writing}
        concerned = frozenset[int]().union(*(links.held(stored[i], key) | named[i] | frozenset(met[i] or ()) for i in writing))
        known = frozenset(visible(session, spec.target or "", concerned)) if checked else concerned
        for i in writing:
            if named[i] - known:
                refused.setdefault(i, set()).add(key)
            given[i][key] = links.settled(stored[i].get(key), met[i], given[i][key], known)
    return refused


def _met(session: DataSession, kind: Entity, record_id: int, key: str, now: links.Numbers, seen: int | None, version: int) -> links.Numbers:
    """The set as it was in the version that its writer saw."""
    if seen is None or seen == version:
        return now
    known, old = journal.value_at(session, kind.key, record_id, seen, kind.fields[key].kept_as)
    return tuple(old or ()) if known else now
