"""Records of any entity, made from its description: only what matters is given, the rest is filled in with what its type accepts.

`value(spec, turn)` gives a valid value of a field, another one for every turn; references lead to records made for the purpose.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from crm.backoffice import records
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import SystemSession
from crm.sales.judgements.models import STATED
from tests.factories.codes import bank_account, firm_code

# Fields whose values are not free: what a rule of the area or the product's own use of them asks for.
FIXED: dict[tuple[str, str], tuple[Any, ...]] = {
    ("stage", "kind"): ("open", "won"),
    ("stage", "colour"): ("green", "red"),
    ("stage", "forecast"): ("commit", "best_case"),
    ("pipeline", "probability_source"): ("stage", "history"),
    ("pipeline", "history_weight"): (7, 9),
    ("pipeline", "history_least"): (30, 40),
    ("account", "founded"): (1991, 2004),
    ("deal", "recurs_every"): (1, 12),
    ("user", "active"): (True, False),
    ("role", "emergency_hours"): (3, 6),
    ("channel_cost", "month"): (date(2024, 5, 1), date(2025, 2, 1)),
    ("calendar_day", "hours"): ("09:00-17:00", "10:00-15:30"),
    ("quote", "valid_until"): (date(2099, 1, 1), date(2099, 2, 2)),
    ("interaction", "held_at"): (datetime(2024, 3, 4, 10, 30, tzinfo=UTC), datetime(2025, 1, 4, 10, 30, tzinfo=UTC)),
}
# Fields that say where a row or a record belongs, or that stay what they were: tests of their own.
PLACES = frozenset({
    ("pipeline", "code"), ("role", "code"), ("stage", "key"), ("stage", "pipeline"), ("deal", "pipeline"), ("deal", "stage"),
    ("stage_history", "stage"), ("stage_history", "from_stage"), ("deal_outlook", "stage"), ("interaction", "state"), ("interaction_participant", "contact"),
    ("interaction_participant", "colleague"), ("segment", "of"), ("segment", "kind"), ("segment", "condition"), ("segment", "frozen_from"),
    ("deal_duty", "user"), ("deal_duty", "stage"), ("deal_duty", "done_by"), ("exchange_rate", "code"), ("exchange_rate", "name"), ("exchange_rate", "day"),
    ("segment_member", "account"), ("segment_member", "contact"), ("segment_member", "until"), ("quote", "deal"), ("quote", "previous"), ("quote", "state"),
    ("quote", "decision"), ("quote", "decision_reason"),
    *(("forecast_judgement", key) for key in STATED), ("deal", "recurs_until"),
})
TOLD_APART = frozenset({"discount_limit"})  # by what they refer to: no two may lead to the same

COUNT = count(1_001)  # values of unique fields differ through a whole run; as texts they stand in the order of their making


class Anything:
    """Makes records through the system's door in one open session. Each reference leads to a record of its own; with `targets` the same field
    leads to the same record in every turn of its kind, and what has been made for it is kept there."""

    def __init__(self, session: SystemSession, targets: dict[Any, int] | None = None) -> None:
        self.session = session
        self.targets = targets
        self.catalog: Catalog = session.catalog
        self.count = next(COUNT)

    def one(self, entity: str, turn: int = 0, **given: Any) -> int:
        """A record in which every field that may be filled is filled, but for those `given`; its number."""
        kind = self.catalog.entity(entity)
        values = {spec.key: self.value(kind, spec, turn) for spec in self.free(kind) if spec.key not in given}
        return records.create(self.session, entity, {**self.places(kind, given), **values, **given})

    def free(self, kind: Entity) -> list[Field]:
        """The fields that may take any value of their type: all that a writer may give, but for places."""
        return [f for f in kind.editable() if f.key != kind.parent and (kind.key, f.key) not in PLACES]

    def places(self, kind: Entity, given: dict[str, Any]) -> dict[str, Any]:
        """Where a new record stands: its parent, its pipeline."""
        found: dict[str, Any] = {}
        if kind.parent and kind.parent not in given:
            found[kind.parent] = self.bare(kind.fields[kind.parent].target or "")
        if kind.key == "stage" and "pipeline" not in given:
            pipeline = self.bare("pipeline")
            self.bare("stage", pipeline=pipeline, key=f"key{next(COUNT)}", kind="open")  # a pipeline keeps one where new records stand
            found |= {"pipeline": pipeline, "key": f"key{next(COUNT)}"}
        if kind.key in ("stage_history", "deal_outlook") and "stage" not in given:
            found["stage"] = next(iter(self.catalog.configured["stage"]))
        if kind.key == "quote" and not {"deal", "previous"} & given.keys():
            found["deal"] = self.bare("deal")
        if kind.key == "interaction_participant" and not {"contact", "colleague"} & given.keys():
            found["contact"] = self.bare("contact")
        if kind.key == "exchange_rate" and "day" not in given:
            found["day"] = date(2000, 1, 1) + timedelta(days=next(COUNT))  # a currency has one a day
        if kind.key == "segment_member" and not {"account", "contact"} & given.keys():
            found["account"] = self.bare("account")
        if kind.key == "forecast_judgement":
            found |= {"month": date(2031, 1, 1), "amount": Decimal(next(COUNT)), "currency": "UAH", "reason": "So it seems", "seller": self.bare("user")}
        if kind.key == "interaction":
            found |= {"state": self.option("interaction_state", "held"), "actual_minutes": 20, "account": self.bare("account")} if "state" not in given else {}
        return found

    def option(self, picklist: str, key: str) -> int:
        found = self.catalog.picklists[picklist].by_key(key)
        assert found is not None
        return found.id

    def bare(self, entity: str, **given: Any) -> int:
        """A record with only what it must have."""
        kind = self.catalog.entity(entity)
        needed = [f for f in self.free(kind) if f.required and f.default is None and f.key not in ("code", *given)]
        return records.create(self.session, entity, {**self.places(kind, given), **{f.key: self.value(kind, f, 0) for f in needed}, **given})

    def value(self, kind: Entity, spec: Field, turn: int) -> Any:
        """A value of the field; turns 0 and 1 differ."""
        self.count = next(COUNT)
        fixed = FIXED.get((kind.key, spec.key))
        if fixed is not None:
            return fixed[turn]
        if spec.several:
            return (self.target(kind, spec, turn),)
        if spec.target is not None:
            return self.target(kind, spec, turn)
        if spec.picklist is not None:
            option = self.catalog.picklists[spec.picklist].options[turn].id
            return (option,) if spec.multiple else option
        return self.plain(kind, spec, turn)

    def target(self, kind: Entity, spec: Field, turn: int) -> int:
        """The record to which the field leads."""
        if self.targets is None or kind.key in TOLD_APART:
            return self.bare(spec.target or "")
        place = (kind.key, spec.key, turn)
        if place not in self.targets:
            self.targets[place] = self.bare(spec.target or "")
        return self.targets[place]

    def plain(self, kind: Entity, spec: Field, turn: int) -> Any:
        place = list(kind.fields).index(spec.key)
        match spec.type:
            case "text":
                return f"{spec.key} {turn}-{self.count} їжак"[: spec.max_length] if spec.key not in ("code", "key") else f"{kind.key[:3]}{turn}-{self.count}"
            case "long_text":
                return f"Рядок {turn}\nдругий {self.count}"
            case "rich_text":
                return f"<p>Рядок <b>{turn}</b></p><ul><li>{self.count}</li></ul>"
            case "integer" | "duration":
                return 10 * (turn + 1) + self.count % 7
            case "decimal":
                return Decimal(f"{turn + 2}.25")
            case "money":
                return Decimal(1000 * (turn + 1) + self.count) + Decimal("0.5")
            case "percent":
                return Decimal("0.125") * (turn + 1)
            case "currency":
                return ("USD", "EUR")[turn]
            case "country":
                return ("UA", "PL")[turn]
            case "date":
                if spec.unique:
                    return date(2025, 1, 1) + timedelta(days=self.count)
                return date(2025, 1, 1) + timedelta(days=10 * place + 3 * turn)  # in the order of the fields: what ends comes after what begins
            case "moment":
                return datetime(2025 + turn, 3, 4, 10, 30, tzinfo=UTC)
            case "boolean":
                return bool(turn)
            case "email":
                return f"any{self.count}@firm{turn}.example"
            case "phone":
                return f"+38044{2_000_000 + self.count}"
            case "tax_code":
                return firm_code(self.count)
            case "iban":
                return bank_account(self.count)
            case "url":
                return f"https://any{self.count}.example/"
        raise LookupError(f"a value of type {spec.type}")
