"""The report of a review as a file: a line a membership, what was decided of it, by whom and when, and what came of it."""

import csv
from collections.abc import Iterator, Sequence
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from crm.admin_views.access_reviews.shown import DECISIONS, OUTCOMES
from crm.backoffice.exchange.formulas import neutral
from crm.backoffice.guard import UserSession
from crm.messages import m, render
from crm.rights.reviews.reading import Item, Review, people_names, role_labels

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
HEADS = (
    m("Person"), m("Role"), m("Key"), m("Since"), m("Until"), m("Given by"), m("Given on"), m("Reason"), m("Last seen"), m("Conflicts with"), m("Reviewer"),
    m("Decision"), m("New last day"), m("Comment"), m("Decided at"), m("Outcome"),
)


def as_csv(session: UserSession, found: Sequence[Item]) -> bytes:
    """UTF-8 with a mark that tells spreadsheets so; texts that a spreadsheet would run as formulas are made harmless."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([neutral(cell) for cell in row] for row in _rows(session, found))
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(session: UserSession, review: Review, found: Sequence[Item]) -> bytes:
    """A workbook: the memberships, and a sheet of who signed what and when."""
    book, language = Workbook(), session.reader.language
    sheet: Any = book.active
    sheet.title = render(m("Memberships"), language)
    sheet.freeze_panes = "A2"
    _fill(sheet, list(_rows(session, found)))
    signed = book.create_sheet(render(m("Sign-off"), language))
    people = people_names(session, [n for n in (review.opened_by, review.signed_by) if n is not None])
    at = review.signed_at.astimezone(session.reader.zone).isoformat(timespec="seconds") if review.signed_at is not None else ""
    facts = (
        (m("Review"), f"№ {review.id} {review.name}"), (m("Opened by"), people.get(review.opened_by, "")), (m("Deadline"), str(review.deadline)),
        (m("Signed off by"), people.get(review.signed_by or 0, "")), (m("Signed off at"), at), (m("Digest (SHA-256)"), review.digest or ""),
    )
    _fill(signed, [[render(label, language), value] for label, value in facts])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Any, rows: list[list[str]]) -> None:
    for place, row in enumerate(rows, 1):
        for n, value in enumerate(row, 1):
            cell = sheet.cell(place, n, value)
            cell.data_type = "s"
            if place == 1:
                cell.font = Font(bold=True)
                sheet.column_dimensions[get_column_letter(n)].width = 24


def _rows(session: UserSession, found: Sequence[Item]) -> Iterator[list[str]]:
    language, zone = session.reader.language, session.reader.zone
    people = people_names(session, [n for one in found for n in (one.given_by, one.reviewer) if n is not None])
    roles = role_labels(session, [role for one in found for role in one.conflicts])

    def at(moment: Any) -> str:
        return moment.astimezone(zone).isoformat(timespec="seconds") if moment is not None else ""

    yield [render(head, language) for head in HEADS]
    for one in found:
        yield [
            one.person, one.role_label.text(language), one.role_code, str(one.since or ""), str(one.until or ""), people.get(one.given_by or 0, ""),
            at(one.given_at), one.reason, at(one.last_seen), ", ".join(roles[n].text(language) for n in one.conflicts if n in roles),
            people.get(one.reviewer, ""),
            render(DECISIONS[one.decision], language) if one.decision else "", str(one.shorten_to or ""), one.comment, at(one.decided_at),
            render(OUTCOMES[one.outcome], language) if one.outcome else "",
        ]
