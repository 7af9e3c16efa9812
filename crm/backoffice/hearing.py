"""What has become of the records that a screen shows since it was loaded, for a screen that asks now and then.

A screen says what it shows, with the versions; the answer tells of these what is no longer so, and what else has come since the last time. It tells
nothing that the list itself would not, were it loaded anew: a record that has left the reader's scope is gone like one that left the filter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from crm.backoffice import lists
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import ListQuery
from crm.backoffice.parts import in_parts

SHOWN = 300  # records of which a screen asks at a time
NEWS = 8  # records told one by one; of more the screen is better drawn anew
LATE = timedelta(seconds=5)  # a save that began before the last answer may have ended after it
CHANGED = "updated_at"


@dataclass(frozen=True)
class Heard:
    """`at` is what the screen asks with the next time; `changed` are records that it shows otherwise or not at all, `gone` such as it shows and that
    are no longer in the list; `many`: more than are told."""

    at: datetime
    changed: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    many: bool = False

    @property
    def is_nothing(self) -> bool:
        return not (self.changed or self.gone or self.many)


def heard(session: DataSession, query: ListQuery, shown: Mapping[int, int], since: datetime | None) -> Heard:
    """What is new of a list: of the records `shown` (number → version) and, where its reader may know when records changed, since a moment. By two
    statements, whatever the size of the list."""
    now = datetime.now(UTC)
    there: dict[int, int] = {}
    for part in in_parts(sorted(shown)):
        source = session.table(query.entity)
        rows = select(source.id, source.row_version).select_from(source.table).where(*lists.conditions(query, source), source.id.in_(part))
        there |= {row[0]: row[1] for row in session.execute(rows)}
    changed = [number for number, version in there.items() if version != shown[number]]
    if since is not None and CHANGED in session.sight.filterable(query.entity):
        source = session.table(query.entity)
        came = select(source.id).select_from(source.table).where(*lists.conditions(query, source), source[CHANGED] >= since - LATE)
        newest = came.order_by(source[CHANGED].desc(), source.id).limit(NEWS + len(shown) + 1)
        changed += [number for number in session.execute(newest).scalars() if number not in there]
    gone = tuple(number for number in sorted(shown) if number not in there)
    return Heard(now, tuple(changed[:NEWS]), gone, len(changed) > NEWS)
