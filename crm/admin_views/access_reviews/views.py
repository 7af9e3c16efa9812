"""`/access-reviews/…`: what waits for a reviewer, reviews as their owner sees them, the sign-off. Of a review that is not theirs others learn nothing."""

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.admin_views.access_reviews import files, mine, opening, shown
from crm.admin_views.access_reviews.shown import Asked
from crm.admin_views.gate import where
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.days import day_words, moment_words
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.rights.door import reading
from crm.backoffice import journal
from crm.backoffice.access import Action
from crm.backoffice.guard import UserSession, system_session, user_session
from crm.errors import BadRequest, Forbidden, Invalid, NotFound
from crm.messages import Message, m
from crm.organization.profile import show_password
from crm.organization.second_factor import factor_of, show_code
from crm.permissions import access_now
from crm.rights.reviews import assigning, deciding, reading as read, sealed, signing
from crm.rights.reviews.deciding import VERDICTS, Decision
from crm.rights.reviews.opening import call_off, open_review
from crm.rights.reviews.reading import Review
from crm.rights.reviews.scope import keeps_reviews
from crm.rights.reviews.signing import NotCarriedOut, may_manage, sign_off

pages = Blueprint("access_reviews", __name__, url_prefix="/access-reviews")
NUMBER = "int(min=1, max=2147483647)"
ONE, MINE = f"/<{NUMBER}:review_id>/", f"/<{NUMBER}:review_id>/mine/"
OUT: frozenset[Action] = frozenset({"read", "export"})


@pages.get("/")
def index() -> Response:
    """What waits for this person, and the reviews that he opened; all of them for an owner."""
    session = context.session()
    keeps, everything = keeps_reviews(session.sight), context.access().unlimited
    found = read.reviews(session, None if everything else current_user.id) if keeps else []
    words = day_words(session.reader)
    people = read.people_names(session, [one.opened_by for one in found])
    waiting = [(one, number, words(one.deadline)) for one, number in read.waiting_for(session, current_user.id)]
    return make_response(render_template(
        "admin/access_review/index.html", keeps=keeps, waiting=waiting,
        reviews=[(one, shown.state(session, one), words(one.deadline), people.get(one.opened_by, "")) for one in found], today=session.reader.today,
    ))


@pages.get("/new/")
def ask() -> str:
    """The form of a new review."""
    session = context.session()
    if not keeps_reviews(session.sight):
        raise Forbidden(m("A review of access tells of all memberships: whoever opens one changes roles and sees all of them."))
    return opening.page(session, {})


@pages.post("/new/")
def begin() -> Response:
    """Opens it. 422 with the form for what is refused."""
    session = context.session()
    if not keeps_reviews(session.sight):
        raise Forbidden(m("A review of access tells of all memberships: whoever opens one changes roles and sees all of them."))
    try:
        made = open_review(session, opening.posted(session))
    except Invalid as refusal:
        return make_response(opening.page(session, refusal.fields), 422)
    session.commit()
    flash(_("The review is open: its reviewers have been told."), "success")
    return redirect(f"/access-reviews/{made}/", 303)


@pages.get(ONE)
def show(review_id: int) -> Response:
    """How a review stands, for whoever looks after it; once it is signed off, its report. `?format=csv|xlsx` is a file of it."""
    session = context.session()
    review = _managed(session, review_id)
    if request.args.get("format"):
        return _file(session, review, request.args["format"])
    return make_response(_page(session, review))


@pages.post(ONE + "hand-over")
def hand_over(review_id: int) -> Response:
    """What one reviewer (`from`) has not decided goes to another (`to`)."""
    session = context.session()
    _managed(session, review_id)
    old, new = number_of(request.form.get("from", "")), number_of(request.form.get("to", ""))
    if old is None or new is None or new not in lookup.titles(session, session.catalog.entity("user"), [new]):
        raise Invalid({"to": m("Choose somebody who can sign in.")})
    moved = assigning.hand_over(session, review_id, old, new)
    session.commit()
    flash(_("Handed over: %(count)s.", count=moved), "success")
    return redirect(f"/access-reviews/{review_id}/", 303)


@pages.post(ONE + "call-off")
def drop(review_id: int) -> Response:
    """Closes a review; nothing of it is carried out."""
    session = context.session()
    _managed(session, review_id)
    call_off(session, review_id)
    session.commit()
    flash(_("The review is called off: nothing of it was carried out."), "success")
    return redirect(f"/access-reviews/{review_id}/", 303)


@pages.post(ONE + "sign")
def sign(review_id: int) -> Response:
    """Signs off for the password (`current`) and, where the person has a second factor, a `code`. 422 with the page for what is refused."""
    here, catalog = context.runtime(), context.catalog()
    with reading() as session:
        review = _managed(session, review_id)
        if not review.is_open:
            raise BadRequest(m("This review is over: nothing in it can be changed."))
        if review.waiting:
            raise BadRequest(m("Decisions are still waiting."))
        has_factor = _has_factor()
    try:
        show_password(here.engine, catalog, current_user, request.form.get("current", ""), where())
        if has_factor:
            show_code(here.engine, catalog, here.vault, current_user, request.form.get("code", ""), where())
        access = access_now(here.engine, current_user.id, catalog)
        with user_session(here.engine, access, catalog, write=True, reader=context.reader()) as session:
            sign_off(session, review_id)
            session.commit()
    except NotCarriedOut as refusal:
        return _refused(review_id, {}, refusal)
    except Invalid as refusal:
        return _refused(review_id, {key: say(why) for key, why in refusal.fields.items()})
    flash(_("Signed off and carried out."), "success")
    return redirect(f"/access-reviews/{review_id}/", 303)


@pages.get(MINE)
def to_decide(review_id: int) -> Response:
    """What this person is asked to decide."""
    return make_response(mine.page(context.session(), review_id, Asked()))


@pages.post(MINE + f"<{NUMBER}:item_id>")
def decide(review_id: int, item_id: int) -> Response:
    """Decides of one membership (`decision`, `until`, `comment`). 422 with the page for what is refused."""
    session, given = context.session(), request.form
    try:
        verdict = given.get("decision", "")
        if verdict not in VERDICTS:
            raise Invalid({"decision": m("Choose what becomes of it.")})
        decision = Decision(verdict, _comment(), opening.day_of(given.get("until", "")))
        deciding.decide(session, review_id, [item_id], decision)
    except Invalid as refusal:
        session.rollback()
        errors = {item_id: {key: say(why) for key, why in refusal.fields.items()}}
        typed = {item_id: {key: given.get(key, "") for key in ("decision", "until", "comment")}}
        return make_response(mine.page(session, review_id, Asked(errors, typed)), 422)
    session.commit()
    return redirect(f"/access-reviews/{review_id}/mine/#item-{item_id}", 303)


@pages.post(MINE + f"keep/<{NUMBER}:user_id>")
def keep(review_id: int, user_id: int) -> Response:
    """Everything of one person stays that is not decided yet. 422 with the page where a comment is needed."""
    session = context.session()
    try:
        deciding.keep_all(session, review_id, user_id, _comment())
    except Invalid as refusal:
        session.rollback()
        return make_response(mine.page(session, review_id, Asked(of_person={user_id: say(refusal.message)})), 422)
    session.commit()
    return redirect(f"/access-reviews/{review_id}/mine/#person-{user_id}", 303)


def _comment() -> str:
    return " ".join(request.form.get("comment", "").replace("\0", " ").split())


def _managed(session: UserSession, review_id: int) -> Review:
    """Raises NotFound, alike for none and for one that is not this person's to look after."""
    review = read.review(session, review_id)
    if not may_manage(session, review.opened_by):
        raise NotFound()
    return review


def _has_factor() -> bool:
    with system_session(context.runtime().engine, "sign-off: whether a code is asked", context.catalog(), source="ui", actor_id=current_user.id) as work:
        return factor_of(work, current_user.id).since is not None


def _refused(review_id: int, errors: Mapping[str, str], refusal: NotCarriedOut | None = None) -> Response:
    with reading() as session:
        page = _page(session, _managed(session, review_id), errors, refusal.problems if refusal is not None else {}, say(refusal.message) if refusal else "")
    return make_response(page, 422)


def _page(
    session: UserSession, review: Review, errors: Mapping[str, str] | None = None, problems: Mapping[int, Message] | None = None, refusal: str = "",
) -> str:
    found, moment = read.items(session, review.id), moment_words(session.reader)
    reviewers: dict[int, list[int]] = {}
    for one in found:
        counted = reviewers.setdefault(one.reviewer, [0, 0])
        counted[0] += not one.waits
        counted[1] += 1
    fresh = read.given_since(session, review) if review.is_open else []
    roles = read.role_labels(session, [*(row["role_id"] for row in fresh), *(review.scope.ids if review.scope.kind == "roles" else ())])
    people = read.people_names(session, [
        *reviewers, review.opened_by, *([review.signed_by] if review.signed_by else []), *(row["user_id"] for row in fresh),
    ])
    units = lookup.titles(session, session.catalog.entity("department"), review.scope.ids) if review.scope.kind == "department" else {}
    new = [(row["user_id"], people.get(row["user_id"], ""), roles[row["role_id"]].text(session.reader.language)) for row in fresh if row["role_id"] in roles]
    return render_template(
        "admin/access_review/show.html", review=review, scope=shown.scope_text(session, review.scope, units, roles), state=shown.state(session, review),
        deadline=day_words(session.reader)(review.deadline), opened=moment(review.opened_at), signed=moment(review.signed_at) if review.signed_at else "",
        people=people, reviewers=[(number, people.get(number, ""), done, whole) for number, (done, whole) in reviewers.items()],
        persons=shown.by_person(session, found, problems=problems), errors=errors or {}, refusal=refusal, has_factor=_has_factor() if review.is_open else False,
        fresh=new, sealed=sealed.sealed(session, review, signing.SIGNED) if review.signed_at is not None else None, exports=keeps_reviews(session.sight, OUT),
        tally={word: sum(one.decision == word and one.alive for one in found) for word in VERDICTS}, ended=sum(not one.alive for one in found),
        outcomes=[(say(label), sum(one.outcome == key for one in found)) for key, label in shown.OUTCOMES.items()],
    )


def _file(session: UserSession, review: Review, form: str) -> Response:
    if not keeps_reviews(session.sight, OUT):
        raise Forbidden()
    if form not in files.TYPES:
        raise BadRequest(m("A report comes as CSV or XLSX, not as “%(form)s”.", form=form[:20]))
    found = read.items(session, review.id)
    content = files.as_csv(session, found) if form == "csv" else files.as_xlsx(session, review, found)
    with system_session(context.runtime().engine, "export of a review of access", context.catalog(), write=True, source="ui", actor_id=current_user.id) as work:
        journal.event(work, "export", "access_review", review.id, {"memberships": len(found), "format": form})
        work.commit()
    answer = make_response(content)
    answer.headers["Content-Type"] = files.TYPES[form]
    answer.headers["Content-Disposition"] = f'attachment; filename="access-review-{review.id}.{form}"'
    return answer
