"""Notices of the signed-in person: the page, the number at the bell, and what is read."""

from dataclasses import dataclass

from flask import flash, jsonify, make_response, redirect, request
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import OwnPage, own_path
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.days import moment_words
from crm.admin_views.kit.routing import route
from crm.backoffice import notices
from crm.errors import NotFound
from crm.messages import m, render


@dataclass(frozen=True)
class Line:
    """A notice in words."""

    key: str
    text: str
    at: str
    read: bool


class NoticesView(OwnPage):
    """What a person has been told; his alone."""

    at = "notices"

    @route("/")
    def index(self) -> str:
        session, reader = context.session(), context.reader()
        words = moment_words(reader)
        lines = [Line(one.key, render(one.sentence, reader.language), words(one.at), one.read) for one in notices.notices(session)]
        return str(self.render("admin/notices.html", lines=lines, unread=any(not line.read for line in lines), by_mail=notices.by_mail(session)))

    @route("/unread")
    def unread(self) -> Response:
        return jsonify(unread=notices.unread(context.session()))

    @route("/read", "POST")
    def read(self) -> BaseResponse:
        """All are read."""
        session = context.session()
        notices.mark_read(session)
        session.commit()
        return redirect("/notices/", 303)

    @route("/by-mail", "POST")
    def by_mail(self) -> BaseResponse:
        """`on=1`: unread notices come by mail once a day from now on; else no more."""
        session = context.session()
        notices.want_by_mail(session, request.form.get("on") == "1")
        session.commit()
        flash(say(m("Saved")), "success")
        return redirect("/notices/", 303)

    @route(f"/<string(length={notices.KEY}):key>", "POST")
    def follow(self, key: str) -> BaseResponse:
        """One is read; leads to what it speaks of. Raises NotFound, alike for another's and for none."""
        session = context.session()
        found = next((one for one in notices.notices(session) if one.key == key), None)
        if found is None:
            raise NotFound()
        notices.mark_read(session, found.id)
        session.commit()
        return make_response(redirect(own_path(found.url) or "/notices/", 303))
