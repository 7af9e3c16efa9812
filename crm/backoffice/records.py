"""The one door for writes. Form, cell, board, import, API, undo and jobs come through here and through nothing else.

Every verb checks first and then writes, inside a savepoint of its own: when it raises, nothing of it is written. The caller commits.
Values are Python's: references, options and stages are numbers, money is Decimal in the record's currency.
"""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from crm.backoffice import journal, links, outbox, rules
from crm.backoffice.entities import Entity
from crm.backoffice.fields.many_to_many import in_order
from crm.backoffice.guard import DataSession, SystemSession, aside
from crm.backoffice.journal import Entry
from crm.backoffice.likeness import index as likeness
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import Draft
from crm.backoffice.saving import conditions, counters, numbers, rights, rollups, sets
from crm.backoffice.saving.demands import Demand
from crm.backoffice.saving.drafts import EMPTY, Problems, clean, fill_in, judge, visible
from crm.backoffice.versions import one_at_a_time
from crm.errors import Conflict, Invalid, NotFound
from crm.messages import Message, m

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Saved:
    """A record after a save; `changed` are the keys whose values differ now, none when nothing did."""

    id: int
    row_version: int
    changed: frozenset[str]


class InvalidRows(Invalid):
    """Several records were given and some are not accepted; `rows` says which, by position, and why."""

    def __init__(self, problems: Mapping[int, Mapping[str, Message]]) -> None:
        super().__init__(next(iter(problems.values())))
        self.rows = problems


def create(session: DataSession, entity: str, values: Values) -> int:
    """A new record; its id. Raises Invalid, Forbidden, UnknownName."""
    return create_many(session, entity, [values])[0]


def create_many(session: DataSession, entity: str, rows: Sequence[Values]) -> list[int]:
    """New records, all or none; their ids in order. Raises InvalidRows, Forbidden, UnknownName."""
    return _create(session, entity, rows, checked=True)


def follow_with_new(session: DataSession, entity: str, rows: Sequence[Values]) -> list[int]:
    """New records that a rule makes because of a save: journaled in the writer's name, whatever his rights on `entity`. For rules only."""
    return _create(session, entity, rows, checked=False)


def follow_with_changes(session: DataSession, entity: str, changes: Mapping[int, Values]) -> list[Saved]:
    """Changes that a rule makes because of a save: journaled in the writer's name, whatever his rights on `entity`. For rules only."""
    return _change(session, entity, changes, {}, checked=False)


def lead_elsewhere(session: DataSession, entity: str, changes: Mapping[int, Values]) -> list[Saved]:
    """References that a merge moves: journaled in the writer's name, whatever his rights on `entity`, and asked for no rule: a refusal would
    speak of records that he does not see. For merges only."""
    session.leading = True
    try:
        return _change(session, entity, changes, {}, checked=False, judged=False)
    finally:
        session.leading = False


@aside
def _create(session: DataSession, entity: str, rows: Sequence[Values], *, checked: bool) -> list[int]:
    if not rows:
        return []
    kind = session.catalog.entity(entity)
    with session.begin_nested():
        _alone(session, kind)
        drafts, problems = _new(session, kind, rows, numbers.next_ids(session, kind, rows), checked=checked)
        if problems:
            raise InvalidRows(problems)
        counters.give(session, kind, drafts)
        now = datetime.now(UTC)
        stamps = {"row_version": 1, "created_at": now, "updated_at": now, "created_by_id": session.actor_id, "updated_by_id": session.actor_id}
        stored = [{"id": d.id, **_stored(kind, d.new), **stamps} for d in drafts]
        nothing = dict.fromkeys(key for row in stored for key in row)  # one statement names the columns of all: what only some rows have is empty in others
        session.kernel(insert(kind.table), [nothing | row for row in stored])
        links.write(session, kind, drafts)
        likeness.keep(session, kind, drafts)
        if checked:
            rights.check_result(session, kind, (d.id for d in drafts), "create")
            rights.check_fields(session, kind, drafts, "create")
            rights.check_new_place(session, kind, drafts)
        _keep(session, kind, drafts, "create", {d.id: 1 for d in drafts})
        rules.follow(session, entity, drafts)
        rollups.follow(session, kind, drafts)
        _satisfied(conditions.broken(session, kind, drafts))
    return [d.id for d in drafts]


@aside
def check_new(session: DataSession, entity: str, rows: Sequence[Values], *, below: Container[int] = ()) -> Mapping[int, Mapping[str, Message]]:
    """What `create_many` would refuse, by position, without writing anything; the rows at `below` are to stand under another record that
    they do not name yet."""
    if not rows:
        return {}
    kind = session.catalog.entity(entity)
    drafts, problems = _new(session, kind, rows, [-n - 1 for n in range(len(rows))])
    problems.join(conditions.would_break(session, kind, drafts, _stored_wholly(kind, drafts)))
    if kind.key in rights.STANDING:
        placed = {d.id: n for n, d in enumerate(drafts) if n in below or d["parent"] is not None}
        stamps = {"created_by_id": session.actor_id, "updated_by_id": session.actor_id}
        for number in rights.refused_places(session, kind, {d.id: {**_stored(kind, d.new), **stamps} for d in drafts if d.id in placed}):
            problems.add(placed[number], "" if placed[number] in below else "parent", rights.NOT_BELOW)
    return problems


def change(session: DataSession, entity: str, record_id: int, values: Values, *, seen_version: int | None = None) -> Saved:
    """Change a record. With `seen_version`, what others changed since is kept where it does not collide.

    Raises NotFound, Forbidden, Invalid, UnknownName, and Conflict when both sides changed a field.
    """
    seen = {record_id: seen_version} if seen_version is not None else {}
    return change_many(session, entity, {record_id: values}, seen_versions=seen)[0]


def change_many(session: DataSession, entity: str, changes: Mapping[int, Values], *, seen_versions: Mapping[int, int] | None = None) -> list[Saved]:
    """Change several records, all or none, in the order given. Raises as `change` does, InvalidRows by position."""
    return _change(session, entity, changes, seen_versions or {}, checked=True)


@aside
def _change(
    session: DataSession, entity: str, changes: Mapping[int, Values], seen: Mapping[int, int], *, checked: bool, judged: bool = True
) -> list[Saved]:
    if not changes:
        return []
    kind = session.catalog.entity(entity)
    with session.begin_nested():
        _alone(session, kind)
        if checked:
            rights.check_existing(session, kind, list(changes), "update")
        stored = _load(session, kind, list(changes), lock=True)
        drafts, problems = _changed(session, kind, changes, stored, seen, checked=checked, judged=judged)
        _merge(session, kind, drafts, stored, seen)
        if problems:
            raise InvalidRows(problems)
        touched = [d for d in drafts if d.changed(*kind.fields)]
        counters.give_what_lacks(session, kind, touched)
        leaving: frozenset[int] = frozenset()
        if checked:
            rights.check_fields(session, kind, drafts, "update")
            leaving = rights.check_assignment(session, kind, touched)
        versions = _update(session, kind, touched, {i: row["row_version"] for i, row in stored.items()})
        links.write(session, kind, touched)
        likeness.keep(session, kind, touched)
        if checked:
            rights.check_result(session, kind, (d.id for d in touched if d.id not in leaving), "update")
        _keep(session, kind, touched, "update", versions)
        rules.follow(session, entity, touched)
        rollups.follow(session, kind, touched)
        if judged:
            places = {d.id: n for n, d in enumerate(drafts)}
            _satisfied({places[touched[n].id]: why for n, why in conditions.broken(session, kind, touched).items()})
    return [
        Saved(d.id, versions.get(d.id, stored[d.id]["row_version"]), frozenset(k for k in kind.fields if d.changed(k)) if d.id in versions else frozenset())
        for d in drafts
    ]


@aside
def check_changes(
    session: DataSession, entity: str, changes: Mapping[int, Values], *, moving: Collection[int] = ()
) -> Mapping[int, Mapping[str, Message]]:
    """What `change_many` would refuse, by position, without writing anything; `moving` are to stand under another record that their values
    do not name yet. Raises NotFound, Forbidden, UnknownName."""
    kind = session.catalog.entity(entity)
    rights.check_existing(session, kind, list(changes), "update")
    drafts, problems = _changed(session, kind, changes, _load(session, kind, list(changes)), {})
    touched = [d for d in drafts if d.changed(*kind.fields)]
    places = {d.id: n for n, d in enumerate(drafts)}
    for n, why in conditions.would_break(session, kind, touched, _stored_wholly(kind, touched)).items():
        problems.join({places[touched[n].id]: why})
    for number, key in rights.refused_fields(session, kind, drafts, "update"):
        problems.add(places[number], key, rights.not_to_change(kind.fields[key]))
    for number in rights.refused_moves(session, kind, touched, (i for i in changes if i in moving)):
        problems.add(places[number], next((k for k in changes[number] if k in rights.places(kind)), ""), rights.NOT_YOURS_TO_GIVE)
    return problems


@aside
def lacking(session: DataSession, entity: str, record_id: int, values: Values) -> tuple[Mapping[str, Message], tuple[Demand, ...]]:
    """Why `change` would refuse these values of a record, without writing: what is wrong at which field, and each demand of the configuration that is
    not met. Raises NotFound, Forbidden, UnknownName."""
    kind = session.catalog.entity(entity)
    rights.check_existing(session, kind, [record_id], "update")
    drafts, problems = _changed(session, kind, {record_id: values}, _load(session, kind, [record_id]), {})
    unmet = (one for _, one in conditions.unmet(session, kind, drafts, _stored_wholly(kind, drafts)))
    return problems.get(0, {}), tuple(unmet)


@aside
def merged_set(session: DataSession, entity: str, record_id: int, key: str, value: Any, *, seen_version: int | None = None) -> tuple[int, ...] | None:
    """The records of a set that this writer would see in it after `change`. Raises NotFound, Forbidden."""
    kind = session.catalog.entity(entity)
    rights.check_existing(session, kind, [record_id], "update")
    given = {record_id: {key: kind.fields[key].clean(value)}}
    sets.settle(session, kind, given, _load(session, kind, [record_id]), {record_id: seen_version} if seen_version is not None else {})
    return in_order(visible(session, kind.fields[key].target or "", given[record_id][key] or ()))


def remove(session: DataSession, entity: str, record_id: int, *, seen_version: int | None = None) -> Saved:
    """Put a record into the recycle bin. Raises NotFound, Forbidden, Conflict."""
    seen = {record_id: seen_version} if seen_version is not None else {}
    return remove_many(session, entity, [record_id], seen_versions=seen)[0]


def remove_many(session: DataSession, entity: str, ids: Sequence[int], *, seen_versions: Mapping[int, int] | None = None) -> list[Saved]:
    """Put several records into the recycle bin, all or none."""
    return _set_deleted(session, session.catalog.entity(entity), ids, datetime.now(UTC), seen_versions or {})


def restore(session: DataSession, entity: str, record_id: int) -> Saved:
    """Take a record out of the recycle bin. Raises NotFound, Forbidden, Invalid when its code has been taken meanwhile."""
    return _set_deleted(session, session.catalog.entity(entity), [record_id], None, {})[0]


# --- steps -------------------------------------------------------------------------------------------------------


def _alone(session: DataSession, kind: Entity) -> None:
    if kind.declared.configuration:
        one_at_a_time(session)


def _new(session: DataSession, kind: Entity, rows: Sequence[Values], ids: Sequence[int], *, checked: bool = True) -> tuple[list[Draft], Problems]:
    if checked:
        rights.may_name(session, kind, {k for row in rows for k in row if k in kind.fields}, "create")
    problems = Problems()
    drafts: list[Draft] = []
    for position, (row, record_id) in enumerate(zip(rows, ids, strict=True)):
        accepted, refused = clean(session, kind, row)
        accepted |= sets.of_new(accepted)
        for key, message in refused.items():
            problems.add(position, key, message)
        draft = Draft(kind, session, record_id, EMPTY, accepted, frozenset(row), is_new=True)
        if kind.is_record and not draft["code"]:
            draft["code"] = numbers.code(kind, record_id)
        if kind.custom and not draft["name"]:
            draft["name"] = draft["code"]  # an administrator's register may have no use for names
        drafts.append(draft)
    fill_in(session, kind, drafts)
    judge(session, kind, drafts, problems, checked=checked)
    return drafts, problems


def _changed(
    session: DataSession, kind: Entity, changes: Mapping[int, Values], stored: Mapping[int, Mapping[str, Any]], seen: Mapping[int, int], *,
    checked: bool = True, judged: bool = True,
) -> tuple[list[Draft], Problems]:
    if checked:
        rights.may_name(session, kind, {k for row in changes.values() for k in row if k in kind.fields}, "update")
    problems = Problems()
    cleaned: dict[int, dict[str, Any]] = {}
    for position, (record_id, row) in enumerate(changes.items()):
        cleaned[record_id], refused = clean(session, kind, row)
        for key, message in refused.items():
            problems.add(position, key, message)
    for record_id, keys in sets.settle(session, kind, cleaned, stored, seen, checked=checked).items():
        for key in keys:
            problems.add(list(cleaned).index(record_id), key, m("“%(field)s”: there is no such record.", field=kind.fields[key].label))
    drafts = [Draft(kind, session, i, stored[i], {**stored[i], **accepted}, frozenset(changes[i]), is_new=False) for i, accepted in cleaned.items()]
    moving = [d for d in drafts if d.changed(*kind.fields)] if judged else []
    refused_by_rules = Problems()
    judge(session, kind, moving, refused_by_rules, checked=checked)
    refused_by_rules.join(conditions.unchangeable(session, kind, moving))
    places = {id(d): n for n, d in enumerate(drafts)}
    for place, found in refused_by_rules.items():
        for key, message in found.items():
            problems.add(places[id(moving[place])], key, message)
    return drafts, problems


def _merge(session: DataSession, kind: Entity, drafts: Sequence[Draft], stored: Mapping[int, Mapping[str, Any]], seen: Mapping[int, int]) -> None:
    for draft in drafts:
        version = seen.get(draft.id)
        if version is None or version == stored[draft.id]["row_version"]:
            continue
        theirs = journal.changed_since(session, kind, draft.id, version)
        # Sets have merged by themselves: what one side put in or took out, the other did not touch.
        collide = tuple(sorted(k for k in draft.given & theirs if draft.changed(k) and not kind.fields[k].several))
        if collide:
            raise Conflict(kind.key, draft.id, collide)


def _load(session: DataSession, kind: Entity, ids: Sequence[int], *, lock: bool = False) -> dict[int, dict[str, Any]]:
    """The stored values of rows by field key, unseen by anybody but the rules and the journal."""
    table = kind.table
    columns = [table.c.id, *(table.c[f.attribute].label(f"f_{k}") for k, f in kind.in_columns())]
    keys = [k for k, _ in kind.in_columns()]
    found: dict[int, dict[str, Any]] = {}
    for part in in_parts(ids):
        query = select(*columns).where(table.c.id.in_(part))
        for record_id, *values in session.kernel(query.with_for_update() if lock else query):
            found[record_id] = dict(zip(keys, values, strict=True))
    if len(found) < len(set(ids)):
        raise NotFound()
    for record_id, held in links.stored(session, kind, list(found)).items():
        found[record_id] |= held
    return found


def _stored(kind: Entity, values: Values, keys: Sequence[str] | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key in keys if keys is not None else kind.fields:
        spec = kind.fields[key]
        # Of a new row's system fields only what is worked out or known; of a changed row also what was emptied: restoring empties `deleted_at`.
        if keys is not None or not spec.system or spec.made_of or values.get(key) is not None:
            row |= spec.stored(values.get(key))
    return row


def _stored_wholly(kind: Entity, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """What the columns of records would hold."""
    return [{"id": d.id} | _stored(kind, d.new, [key for key, _ in kind.in_columns()]) for d in drafts]


def _satisfied(broken: Mapping[int, Mapping[str, Message]]) -> None:
    if broken:
        raise InvalidRows(broken)


def _update(session: DataSession, kind: Entity, drafts: Sequence[Draft], versions: Mapping[int, int]) -> dict[int, int]:
    """Write the changed columns of each draft where the version is still the one read; the new versions."""
    table = kind.table
    groups: dict[tuple[str, ...], list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(tuple(draft.differing(kind.fields)), []).append(draft)
    stamps = {"updated_at": datetime.now(UTC), "updated_by_id": session.actor_id}
    for keys, group in groups.items():
        rows = [{"b_id": d.id, "b_version": versions[d.id], **_stored(kind, d.new, keys), "row_version": versions[d.id] + 1, **stamps} for d in group]
        names = [n for n in rows[0] if not n.startswith("b_")]
        statement = (
            update(table).where(table.c.id == bindparam("b_id"), table.c.row_version == bindparam("b_version"))
            .values({n: bindparam(n, type_=table.c[n].type) for n in names})
        )
        done = session.kernel(statement, rows)
        if done.rowcount != len(rows):  # type: ignore[attr-defined]
            raise Conflict(kind.key, group[0].id, keys)
    return {d.id: versions[d.id] + 1 for d in drafts}


@aside
def _set_deleted(session: DataSession, kind: Entity, ids: Sequence[int], at: datetime | None, seen: Mapping[int, int]) -> list[Saved]:
    with session.begin_nested():
        _alone(session, kind)
        rights.check_existing(session, kind, ids, "delete", deleted=at is None)
        stored = _load(session, kind, ids, lock=True)
        for record_id, version in seen.items():
            if version != stored[record_id]["row_version"]:
                raise Conflict(kind.key, record_id, tuple(sorted(journal.changed_since(session, kind, record_id, version))))
        drafts = [Draft(kind, session, i, stored[i], {**stored[i], "deleted_at": at}, frozenset({"deleted_at"}), is_new=False) for i in ids]
        if at is None:
            problems = Problems()
            judge(session, kind, [Draft(kind, session, i, EMPTY, dict(stored[i]), frozenset(), is_new=False) for i in ids], problems)
            if problems:
                raise InvalidRows(problems)
        versions = _update(session, kind, drafts, {i: stored[i]["row_version"] for i in ids})
        _keep(session, kind, drafts, "remove" if at else "restore", versions)
        rules.follow(session, kind.key, drafts)
        rollups.follow(session, kind, drafts)
        if at is None:
            _satisfied(conditions.broken(session, kind, drafts))
    return [Saved(i, versions[i], frozenset({"deleted_at"})) for i in ids]


def _keep(session: DataSession, kind: Entity, drafts: Sequence[Draft], action: str, versions: Mapping[int, int]) -> None:
    """Journal what changed, and leave word for whoever listens."""
    entries: list[Entry] = []
    kept = {key: spec for key, spec in kind.fields.items() if (not spec.system and spec.rollup is None) or key == "deleted_at"}
    for draft in drafts:
        changes = {
            kept[key].kept_as: [kept[key].journal(draft.old.get(key)), kept[key].journal(draft.new.get(key))]
            for key in draft.differing([key for key in draft.new if key in kept])
        }
        entries.append(Entry(kind.key, draft.id, action, versions[draft.id], changes))
    journal.record(session, entries)
    if session.source != "import":
        outbox.post(session, "changed", [
            (f"{e.entity}:{e.record_id}:{e.version}", {"entity": e.entity, "id": e.record_id, "action": e.action, "fields": sorted(kind.by_key(e.changes))})
            for e in entries
        ])


__all__ = [
    "EMPTY",
    "InvalidRows",
    "NotFound",
    "Saved",
    "SystemSession",
    "change",
    "change_many",
    "check_changes",
    "check_new",
    "create",
    "create_many",
    "follow_with_changes",
    "follow_with_new",
    "lead_elsewhere",
    "merged_set",
    "remove",
    "remove_many",
    "restore",
]
