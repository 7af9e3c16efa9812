"""What is to become of each row: proposed by the trial with its reason, changed by a person, and done so by the run."""

import json
from collections.abc import Callable, Iterable, Mapping as Map, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from crm.backoffice.entities import Entity
from crm.backoffice.exchange.planned import RowPlan
from crm.backoffice.exchange.rows import RowDraft
from crm.backoffice.guard import DataSession
from crm.backoffice.likeness.index import is_name
from crm.backoffice.likeness.many import resembling_many

Action = Literal["create", "update", "skip", "review"]
ACTIONS: tuple[Action, ...] = get_args(Action)
Reason = Literal["key", "alike", "none", "failed", "hand"]
SURE = frozenset({"tax_code", "email", "iban"})  # types of fields that two records do not share by chance


@dataclass(frozen=True)
class Decision:
    """What becomes of a row. `record` is the one it changes; `firm`: a person said so, so that even a record with the row's key is passed over."""

    action: Action
    record: int | None = None
    firm: bool = False


@dataclass(frozen=True)
class Proposal:
    """What a trial proposes, and why: `record` is the one that the row's key or its likeness found, by `fields`, `much` in hundredths."""

    action: Action
    reason: Reason
    record: int | None = None
    fields: tuple[str, ...] = ()
    much: int = 0


# (session, numbers of the first and last row of a part) → what was decided of them
Decided = Callable[[DataSession, int, int], Map[int, Decision]]


def as_action(text: str) -> Action | None:
    """The action of this name."""
    return text if text in ACTIONS else None


def decide(drafts: Sequence[RowDraft], decided: Map[int, Decision]) -> None:
    """Tell each row what was decided of it; what is left out asks for nothing and fails for nothing."""
    for one in drafts:
        one.decision = decided.get(one.number)
        if one.left:
            one.own, one.groups, one.days, one.problems = {}, {}, {}, []


def save(path: Path, proposed: Map[int, Decision]) -> None:
    """Keep what an import decided by itself before its first write: killed and run again it must not take its own records for others."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps([(number, one.action, one.record) for number, one in proposed.items()]), encoding="utf-8")


def load(path: Path) -> dict[int, Decision]:
    """What `save` kept."""
    return {number: Decision(action, record) for number, action, record in json.loads(path.read_text("utf-8"))}


def propose(session: DataSession, kind: Entity, plans: Iterable[RowPlan]) -> dict[int, Proposal]:
    """What may become of rows of which nothing is decided, by number: a row that found its record by key changes it; one that is alike in a
    code or an address changes that record; one that only sounds like another waits for a person; any other is new."""
    open_ = [p for p in plans if p.good and p.draft.decision is None]
    found = {p.number: Proposal("update", "key", p.record_id) for p in open_ if not p.is_new}
    fresh = {p.number: p.draft.own for p in open_ if p.is_new}
    told = {number: {key: value for key, value in own.items() if isinstance(value, str)} for number, own in fresh.items()}
    alike = resembling_many(session, kind, told) if told else {}
    for number, own in fresh.items():
        likely = alike.get(number)
        if not likely:
            found[number] = Proposal("create", "none")
            continue
        best = likely[0]
        sure = [one for one in likely if any(kind.fields[name].type in SURE for name in one.fields)]
        certain = len(sure) == 1 and sure[0].id == best.id and _told_twice(kind, best.fields, own)
        found[number] = Proposal("update" if certain else "review", "alike", best.id, best.fields, round(best.much * 100))
    return found


def _told_twice(kind: Entity, fields: Sequence[str], own: Map[str, object]) -> bool:
    """Whether the name agrees too, or the row gives none: one address is often that of several people."""
    names = [name for name in kind.declared.alike if is_name(kind.fields[name]) and own.get(name)]
    return not names or bool(set(names) & set(fields))
