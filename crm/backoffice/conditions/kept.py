"""Conditions kept in records that name saved ones: an area says what they must satisfy, and what follows when a saved one says something else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import Node
from crm.backoffice.guard import DataSession
from crm.messages import Message


@dataclass(frozen=True)
class Keeper:
    """Of an entity whose records keep conditions: `why_not` says why a condition over the records of an entity does not suit them, `follow` is
    told of records (by number) whose condition says something else from now on."""

    why_not: Callable[[Catalog, str, Node], Message | None]
    follow: Callable[[DataSession, Sequence[int]], None]


KEEPERS: dict[str, Keeper] = {}  # by entity
