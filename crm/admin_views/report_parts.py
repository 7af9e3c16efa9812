"""Parts of a report's screen that are counted for themselves: the page comes with its own answer, and its script asks for them after it, each at an address
that is also a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from crm.admin_views.report_asking import Asking
from crm.backoffice.guard import UserSession
from crm.backoffice.reports import CommonParams, Report, find
from crm.backoffice.reports.sight import visible_columns
from crm.errors import BadRequest, Forbidden
from crm.messages import m

WHOLE = "all"  # `?parts=all`: a page that holds its parts from the beginning


@dataclass(frozen=True)
class Part:
    """A part as it stands on the page before it is counted. `report` is that whose figures it shows, asked `words`; `template` draws what `count` gives,
    without which there is nothing to be counted. `rows` is how much room is kept for it, `choices` are its own (address, label, chosen), `further` leads
    elsewhere (address, label)."""

    key: str
    title: str
    report: str
    words: Mapping[str, str]
    template: str
    count: Callable[[], Mapping[str, Any]] | None
    above: bool = False
    rows: int = 6
    choosing: str = ""
    choices: Sequence[tuple[str, str, bool]] = ()
    drop: str = ""
    further: Sequence[tuple[str, str]] = ()
    new: str = ""
    address: str = ""
    shown: Mapping[str, Any] | None = None

    def counted(self) -> "Part":
        """The part with all that it shows. Raises what its report raises."""
        return replace(self, shown=self.count()) if self.count is not None else self


class Parts(Protocol):
    """The parts of one report, none of them counted; `at` is the page to which their choices lead. Raises BadRequest for a choice that there is not."""

    def __call__(self, session: UserSession, asked: Asking, params: CommonParams, at: str, /) -> list[Part]: ...


def of_page(made: Parts, session: UserSession, asked: Asking, params: CommonParams, parts: str) -> list[Part]:
    """The parts that stand on the page of this reader: those of which he may see something and in which there is something to see or to choose. Raises
    BadRequest for `parts` other than none and all."""
    if parts not in ("", WHOLE):
        raise BadRequest(m("The page comes without its parts or with all of them."))
    here = f"/report/{asked.report.name}"
    seen = (one for one in made(session, asked, params, here) if allowed(session, find(one.report)) and (one.count or one.choices or one.further or one.new))
    found = [replace(one, address=asked.address(f"{here}/{one.key}", {})) for one in seen]
    return [one.counted() for one in found] if parts == WHOLE else found


def allowed(session: UserSession, report: Report) -> bool:
    """Whether the reader may see some figure of the report, without a statement."""
    try:
        visible_columns(session, report.entity, report.measures)
    except Forbidden:
        return False
    return True
