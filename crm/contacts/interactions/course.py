"""The course of a contact with a counterparty: its states, who may follow whom, what ends it, and the results each medium knows."""

from collections.abc import Mapping
from datetime import datetime, timedelta

STATES = ("planned", "held", "no_show", "cancelled", "rescheduled")
PLANNED, HELD, NO_SHOW, CANCELLED, RESCHEDULED = STATES
# From a state to those it may be followed by; what has ended stays as it ended.
COURSE: Mapping[str, frozenset[str]] = {
    PLANNED: frozenset({HELD, NO_SHOW, CANCELLED, RESCHEDULED}), HELD: frozenset(), NO_SHOW: frozenset(), CANCELLED: frozenset(), RESCHEDULED: frozenset(),
}
CALL, MEETING, EMAIL, LETTER, VISIT, MESSAGE = MEDIA = ("call", "meeting", "email", "letter", "visit", "message")
TALKS = frozenset({CALL, MEETING, VISIT})  # they take time of both sides: how much of it is asked
INTERNAL = "internal"
USUAL_MINUTES: Mapping[str, int] = {CALL: 15, MEETING: 60, VISIT: 90, EMAIL: 10, LETTER: 15, MESSAGE: 5}
LONGEST = 31 * 24 * 60  # minutes: an exhibition or a trip of a month

# Results that only some media know; any other option of the picklist fits every medium.
_CALLS, _TALKS, _WRITTEN = (CALL,), (MEETING, VISIT), (EMAIL, LETTER, MESSAGE)
MEDIA_OF_RESULT: Mapping[str, tuple[str, ...]] = {
    "no_answer": _CALLS, "busy": _CALLS, "voicemail": _CALLS, "wrong_number": _CALLS,
    "presented": _TALKS, "samples_left": _TALKS, "nobody_there": _TALKS,
    "answered": _WRITTEN, "not_delivered": _WRITTEN,
}


def may_follow(old: str, new: str) -> bool:
    """Whether a contact in the state `old` may come into `new`; to stay is always allowed."""
    return old == new or new in COURSE.get(old, frozenset())


def fits(result: str, medium: str) -> bool:
    """Whether a contact by `medium` may end with `result`."""
    return medium in MEDIA_OF_RESULT.get(result, (medium,))


def ends_at(start: datetime | None, minutes: int | None) -> datetime | None:
    """When a planned contact ends: that many minutes later by the clock of the world, whatever local clocks do meanwhile."""
    return None if start is None else start + timedelta(minutes=minutes or 0)
