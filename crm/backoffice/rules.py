"""Business rules, registered by the areas: what an entity demands or fills in before it is saved, and what follows a change.

A rule stands in its area's `rules.py` and is listed on the entity's help page. `before_save` rules see one draft and may set
fields or refuse; `when_changed` rules run once the rows are written, in the same transaction, and may write elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm.backoffice.entities import Entity
from crm.messages import Message

if TYPE_CHECKING:
    from crm.backoffice.guard import DataSession

LOADING = ("import", "demo")  # writers that bring a history of their own


@dataclass
class Draft:
    """A record about to be saved: what it held, what it will hold. `given` are the fields that the writer named."""

    entity: Entity
    session: "DataSession"
    id: int
    old: Mapping[str, Any]
    new: dict[str, Any]
    given: frozenset[str]
    is_new: bool
    problems: dict[str, Message] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        return self.new.get(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.new[key] = value

    def changed(self, *keys: str) -> bool:
        """Whether one of the fields differs from what is stored."""
        # Asked of every field of every record that is saved: a plain loop is twice as fast as `any`.
        for key in keys:  # noqa: SIM110
            if self.new.get(key) != self.old.get(key):
                return True
        return False

    def differing(self, keys: Iterable[str]) -> list[str]:
        """Those of the fields that differ from what is stored, in their order."""
        new, old = self.new.get, self.old.get
        return [key for key in keys if new(key) != old(key)]

    @property
    def stood(self) -> bool:
        """Whether the record was in force before the save: it is neither new nor back from the recycle bin."""
        return not self.is_new and self.old.get("deleted_at") is None

    def takes(self, *keys: str) -> bool:
        """Whether the save puts something new into one of the fields; what comes back from the recycle bin brings what it had."""
        return self.changed(*keys) and (self.is_new or bool(self.old))

    def refuse(self, key: str, message: Message) -> None:
        """Refuse the save because of a field; the first reason given for it stays."""
        self.problems.setdefault(key, message)


BeforeSave = Callable[[Draft], None]
WhenChanged = Callable[["DataSession", Sequence[Draft]], None]


@dataclass(frozen=True)
class Rule:
    """A registered rule: its place in the order, what it watches, and the sentence of its docstring."""

    entity: str
    name: str
    sentence: str
    fields: tuple[str, ...] = ()


_before: dict[str, list[tuple[Rule, BeforeSave]]] = {}
_after: dict[str, list[tuple[Rule, WhenChanged]]] = {}


def before_save(entity: str) -> Callable[[BeforeSave], BeforeSave]:
    """Mark a function that fills in or refuses a draft of `entity`. Rules run in the order in which they stand."""

    def keep(function: BeforeSave) -> BeforeSave:
        _before.setdefault(entity, []).append((_rule(entity, function), function))
        return function

    return keep


def when_changed(entity: str, *fields: str) -> Callable[[WhenChanged], WhenChanged]:
    """Mark a function that is told of the saved drafts in which one of `fields` changed (any field when none is named)."""

    def keep(function: WhenChanged) -> WhenChanged:
        _after.setdefault(entity, []).append((_rule(entity, function, fields), function))
        return function

    return keep


def rules_of(entity: str) -> tuple[Rule, ...]:
    """Every rule of an entity, in the order in which they run."""
    return tuple(r for r, _ in (*_before.get(entity, ()), *_after.get(entity, ())))


def apply(draft: Draft) -> None:
    """Run the entity's rules over a draft; what they refuse stands in `draft.problems`."""
    for _, function in _before.get(draft.entity.key, ()):
        function(draft)


def follow(session: "DataSession", entity: str, drafts: Sequence[Draft]) -> None:
    """Run what follows a change, over the saved drafts."""
    for rule, function in _after.get(entity, ()):
        concerned = [d for d in drafts if not rule.fields or d.changed(*rule.fields)]
        if concerned:
            function(session, concerned)


def _rule(entity: str, function: Callable[..., None], fields: tuple[str, ...] = ()) -> Rule:
    return Rule(entity, function.__name__, (function.__doc__ or "").strip().split("\n")[0], fields)
