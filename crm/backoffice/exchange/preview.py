"""What a screen shows of rows as they are judged: the first that change and the first new ones, and all reasons of refusal, gathered.

Everything is JSON: values as the journal keeps them, so that they are written in the language of whoever looks; references with the
name that the person who imports sees.
"""

import json
from collections.abc import Mapping as Map, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.backoffice.entities import Entity
from crm.backoffice.exchange import existing
from crm.backoffice.exchange.convert import Wanted, WantedOption, WantedStep, each
from crm.backoffice.exchange.decisions import Proposal
from crm.backoffice.exchange.planned import Context, RowPlan
from crm.backoffice.exchange.references import Later, ToMake
from crm.backoffice.exchange.rows import Problem
from crm.backoffice.guard import DataSession
from crm.messages import freeze

ROWS = 20  # of each kind
PARTS = 6  # fields of a row
REASONS = 100
NUMBERED = 6  # rows named for a reason
VALUES = 100  # of a column that are not understood

Part = tuple[str, str, str, Any, Any]  # name as the mapping writes it, entity, key, old, new


@dataclass
class Preview:
    """A watch for `run_import`; records are told by the names that they have in `language`."""

    language: str = "uk"
    changed: list[dict[str, Any]] = field(default_factory=list)
    fresh: list[dict[str, Any]] = field(default_factory=list)
    reasons: dict[str, dict[str, Any]] = field(default_factory=dict)
    untold: int = 0  # problems beyond the reasons kept
    values: dict[str, dict[str, None]] = field(default_factory=dict)

    def __call__(self, session: DataSession, plans: Sequence[RowPlan], context: Context, proposed: Map[int, Proposal]) -> None:
        for one in plans:
            for problem in one.draft.problems:
                self._gather(problem)
        good = [p for p in plans if p.good]
        moved = [p for p in good if not p.is_new and not p.idle][: ROWS - len(self.changed)]
        made = [p for p in good if p.is_new][: ROWS - len(self.fresh)]
        if moved or made:
            names = _Names(session, context, self.language, [(p, _parts(p, context)) for p in (*moved, *made)])
            self.changed += [names.row(p) for p in moved]
            self.fresh += [names.row(p) for p in made]

    def as_dict(self) -> dict[str, Any]:
        """What was kept, as JSON."""
        return {
            "changed": self.changed, "fresh": self.fresh, "reasons": list(self.reasons.values()), "untold": self.untold,
            "values": {column: list(texts) for column, texts in self.values.items()},
        }

    def _gather(self, problem: Problem) -> None:
        told = freeze(problem.message)
        key = f"{problem.column}\n{json.dumps(told, sort_keys=True)}"
        known = self.reasons.get(key)
        if known is None:
            if len(self.reasons) >= REASONS:
                self.untold += 1
                return
            known = self.reasons[key] = {"column": problem.column, "value": problem.value, "message": told, "rows": [], "count": 0}
        known["count"] += 1
        if len(known["rows"]) < NUMBERED:
            known["rows"].append(problem.row)
        if problem.column and problem.value:
            seen = self.values.setdefault(problem.column, {})
            if len(seen) < VALUES:
                seen[problem.value] = None


def _parts(one: RowPlan, context: Context) -> list[Part]:
    kind = context.layout.kind.key
    if not one.is_new:
        found: list[Part] = [(c.name, c.entity, c.key, c.old, c.new) for c in one.changes]
        found += [(key, kind, key, None, later) for key, later in one.later.items()]
    else:
        given = {**one.values, **one.later}
        found = [(key, kind, key, None, value) for key, value in given.items() if value is not None and key not in context.layout.defaults]
    for child in one.children:
        if child.id is None:
            for entity, values in ((child.behind, child.behind_values), (child.child, child.values)):
                if entity is not None:
                    given = {k: v for k, v in values.items() if v is not None and k not in (child.parent, child.link)}
                    found += [(f"{child.group}.{k}", entity.key, k, None, v) for k, v in given.items()]
    return found


class _Names:
    """Names of the records that the parts refer to, looked up at once."""

    def __init__(self, session: DataSession, context: Context, language: str, rows: Sequence[tuple[RowPlan, list[Part]]]) -> None:
        self.session, self.context, self.language = session, context, language
        self.parts = {p.number: parts for p, parts in rows}
        self.titles: dict[str, dict[int, Any]] = {}
        wanted: dict[str, set[int]] = {}
        for parts in self.parts.values():
            for _, entity, key, old, new in parts[:PARTS]:
                target = context.catalog.entity(entity).fields[key].target
                if target is not None and target not in context.catalog.configured:
                    wanted.setdefault(target, set()).update(v for side in (old, new) for v in each(side) if isinstance(v, int))
        for target, ids in wanted.items():
            self.titles[target] = self._titles(context.catalog.entity(target), ids)
        self.own = self._titles(context.layout.kind, {p.record_id for p, _ in rows if p.record_id is not None})

    def row(self, one: RowPlan) -> dict[str, Any]:
        parts = self.parts[one.number]
        kind = self.context.layout.kind
        title = self.own.get(one.record_id or 0) or next((v for name, _, _, _, v in parts if name == kind.declared.title and isinstance(v, str)), None)
        code = one.code if isinstance(one.code, str) else None
        return {
            "row": one.number, "record": one.record_id, "code": code, "title": title, "more": max(len(parts) - PARTS, 0),
            "parts": [{"name": n, "entity": e, "key": k, "old": self._told(e, k, old), "new": self._told(e, k, new)} for n, e, k, old, new in parts[:PARTS]],
        }

    def _titles(self, kind: Entity, ids: set[int]) -> dict[int, Any]:
        usable = self.session.sight.filterable(kind.key)
        if kind.declared.title not in usable or kind.title.target is not None:
            return {}
        keys = [key for key in kind.named_by(self.language) if key in usable]
        found = existing.by_ids(self.session, kind.key, ids, keys)
        return {number: next((stored.values[key] for key in keys if stored.values[key]), None) for number, stored in found.items()}

    def _told(self, entity: str, key: str, value: Any) -> dict[str, Any] | None:
        if value is None:
            return None
        if value.__class__ is tuple:
            parts = [self._told(entity, key, part) for part in value]
            return {"several": [part for part in parts if part is not None]}
        if isinstance(value, ToMake | Later):
            return {"text": value.wanted.text, "made": isinstance(value, ToMake)}
        if isinstance(value, Wanted | WantedStep):
            return {"text": value.text, "made": False}
        if isinstance(value, WantedOption):
            return {"text": value.text, "made": True}
        spec = self.context.catalog.entity(entity).fields[key]
        if spec.multiple:
            return {"value": spec.journal((value,))}
        if spec.target in self.titles:
            return {"text": self.titles[spec.target].get(value), "made": False}
        return {"value": spec.journal(value)}
