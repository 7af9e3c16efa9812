"""`/quote/<number>/sheet?in=uk`: the quote as the customer gets it, on A4, in Ukrainian or English, to be printed; `/sheet.pdf`: the same as a file."""

import re
from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request
from flask_babel import gettext as _, refresh
from werkzeug.wrappers import Response

from config import ROOT
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.quotes.drawn import drawn
from crm.admin_views.quotes.reading import NUMBER
from crm.backoffice.paper.printing import NoPdf, pdf
from crm.errors import Forbidden
from crm.messages import LANGUAGES

pages = Blueprint("quote_sheet", __name__)
STYLE = ROOT / "static" / "css" / "quote.css"


@pages.get(f"/quote/{NUMBER}/sheet")
def sheet(record_id: int) -> Response:
    """For those who see the quote, as far as they see it: what is hidden from them is not on it. Raises NotFound, Forbidden."""
    found = _seen(record_id)
    return make_response(render_template("admin/quote/sheet.html", other={"uk": "en", "en": "uk"}[context.reader().language], **found))


@pages.get(f"/quote/{NUMBER}/sheet.pdf")
def file(record_id: int) -> Response:
    """The sheet as a PDF. Where none can be made, the sheet says why and what to do. Raises NotFound, Forbidden."""
    found = _seen(record_id)
    try:
        return as_pdf(found)
    except NoPdf as refused:
        flash(say(refused.message), "error")
        return redirect(f"/quote/{record_id}/sheet?in={context.reader().language}", 303)


def as_pdf(found: dict[str, Any]) -> Response:
    """What `drawn` found as a file, in the reader's language. Raises NoPdf."""
    number = found["said"]["number"] or found["said"]["name"]
    title = _("Quote No. %(number)s", number=number)
    answer = make_response(pdf(render_template("print/quote.html", title=title, **found), (STYLE,)))
    answer.mimetype = "application/pdf"
    parts = ("quote", *(re.sub(r"[^A-Za-z0-9]+", "-", one).strip("-") for one in (number, found["said"]["version"])))
    name = "-".join(part for part in parts if part)  # a mask holds letters that no head of an answer may
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def _seen(record_id: int) -> dict[str, Any]:
    _speak(request.args.get("in", ""))
    session = context.session()
    if not session.sight.may("quote", "read"):
        raise Forbidden()
    return drawn(session, record_id)


def _speak(language: str) -> None:
    """The sheet is in the customer's language, whatever its sender reads; nothing else is from then on."""
    if language in LANGUAGES:
        g.language = language
        g.pop("reader", None)
        refresh()
