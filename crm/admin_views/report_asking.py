"""What a report is asked, from the words of an address: its own, or those of a kept report that the address names."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from crm.admin_views import any_report_page
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports import asks, shelf
from crm.backoffice.kept_reports.asks import CHARTS
from crm.backoffice.kept_reports.shelf import KeptReport
from crm.backoffice.reports import CommonParams, Report, Table, described, run, shaped, understood
from crm.backoffice.reports.sight import sees
from crm.errors import BadRequest, NotFound, UnknownName
from crm.messages import m

BESIDE = ("lang", "format", "from", "to", "kept", "chart", "compare", "since", "parts")  # what an address may hold beside the report's own parameters
LONGEST = 40_000


@dataclass(frozen=True)
class Asking:
    """A report about to be run: its parameters as texts, how it is drawn, the kept report whence they come, whether they are others by now, and how many
    measures of it are left out for this reader."""

    report: Report
    words: Mapping[str, str]
    chart: str = ""
    kept: KeptReport | None = None
    changed: bool = False
    left_out: int = 0
    shown: Mapping[str, str] = field(default_factory=dict)  # the words of the address, as the form shows them
    compare: str = ""  # what the screen of the funnel sets side by side
    since: str = ""  # and since when it tells what has changed

    def run(self, session: UserSession) -> tuple[Report, CommonParams, Table]:
        """Raises as `crm.backoffice.reports.run`; of what is kept it is not said what of it is gone or hidden."""
        with self._of_what_is_kept():
            report = shaped(self.report, session, self.words)
            return report, *run(report, session, self.words)

    def understood(self, session: UserSession) -> CommonParams:
        """The parameters of the report, nothing counted. Raises as `run` does."""
        with self._of_what_is_kept():
            return understood(self.report, session, self.words)

    @contextmanager
    def _of_what_is_kept(self) -> Iterator[None]:
        try:
            yield
        except (BadRequest, UnknownName):
            if self.kept is None or self.changed:
                raise
            raise asks.gone() from None

    def address(self, path: str, change: Mapping[str, str]) -> str:
        """The same report at `path`, some words changed; an empty `by` is said, since a report opens with one of its own."""
        here = {**self.words, **({"chart": self.chart} if self.chart else {}), **({"kept": self.kept.name} if self.kept else {}),
                **({"compare": self.compare} if self.compare else {}), **({"since": self.since} if self.since else {}), **change}
        return f"{path}?{urlencode({key: value for key, value in here.items() if value or key == 'by'})}"


def asking(report: Report, session: UserSession, address: Mapping[str, str]) -> Asking:
    """What an address asks; `?kept=12` alone asks what is kept, beside any other word it only says whence one came. Raises NotFound for a kept report
    that is none of this reader's, Forbidden, BadRequest."""
    kept = shelf.named(session, address["kept"]) if address.get("kept") else None
    if kept is not None and kept.report != report.name:
        raise NotFound(m("There is no such kept report."))
    given = {key: value for key, value in address.items() if key not in BESIDE}
    chart = address.get("chart", kept.chart if kept is not None and not given else "")
    if chart not in CHARTS:
        raise BadRequest(m("A chart is one of %(known)s.", known=", ".join(CHARTS[1:])))
    if kept is not None and not given and not address.get("from"):
        words, left_out = asks.for_reader(session.sight, kept.report, kept.asks)
        return Asking(report, words, chart, kept, "chart" in address and chart != kept.chart, left_out, words)
    words = of_address(report, session, address)
    return Asking(report, words, chart, kept, kept is not None and (asks.as_words(kept.asks) != _said(words) or chart != kept.chart), 0, {**given, **words})


def of_query(report: Report, session: UserSession, query: str) -> tuple[dict[str, str], str]:
    """The parameters and the chart of a posted address. Raises BadRequest, NotFound."""
    if len(query) > LONGEST:
        raise BadRequest(m("What the report asks is too large to be kept."))
    found = asking(report, session, dict(parse_qsl(query.removeprefix("?"))))
    return dict(found.words), found.chart


def of_address(report: Report, session: UserSession, address: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an address as texts; without any those the report opens with, as far as this reader may use them."""
    args = {key: value for key, value in address.items() if key not in BESIDE}
    if report.shape is not None:
        args = any_report_page.completed(session, args)
    known = described(report.params)
    asked: dict[str, str] = {}
    for key, value in args.items():
        bare = key.removesuffix("_id")
        picked = bare != key and bare in known and known[bare].kind in ("record", "branch")
        asked[bare if picked else key] = f"id:{value}" if picked and value.isdecimal() else value
    first, last = (address.get(k, "") for k in ("from", "to"))
    if asked.get("period") == "own":
        asked["period"] = f"{first}..{last}" if first and last else ""
    if not args:
        asked |= _opening(report, session)
    for name, parameter in known.items():
        if parameter.choices is not None and not asked.get(name):  # a control stands at what holds without it, else at its first choice
            asked[name] = getattr(report.params, name, "") or next(iter(parameter.choices(session)), "")
    return asked


def _said(words: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in words.items() if text}


def _opening(report: Report, session: UserSession) -> Mapping[str, str]:
    by = report.opening.get("by", "")
    paths = [d.path for d in report.dimensions if d.key in by.split(",")]
    if all(sees(session, report.entity, path) for path in paths):
        return report.opening
    return {k: v for k, v in report.opening.items() if k != "by"}
