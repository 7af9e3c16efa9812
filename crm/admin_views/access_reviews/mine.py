"""What a reviewer is asked to decide, as a page."""

from collections.abc import Sequence, Set as AbstractSet

from flask import render_template
from flask_login import current_user

from crm.admin_views.access_reviews import shown
from crm.admin_views.access_reviews.role_words import role_words
from crm.admin_views.access_reviews.shown import Asked
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.days import day_words
from crm.admin_views.rights.holders import departments_of
from crm.backoffice.guard import UserSession
from crm.errors import NotFound
from crm.rights.reviews import reading as read
from crm.rights.reviews.deciding import COMMENT
from crm.rights.reviews.reading import Item

PEOPLE = 50  # shown at a time


def page(session: UserSession, review_id: int, asked: Asked) -> str:
    """Raises NotFound for whoever reviews nothing of it. When it is over, what was told for the decision is told no more."""
    found = read.items(session, review_id, reviewer=current_user.id)
    if not found:
        raise NotFound()
    review = read.review(session, review_id)
    found = found if review.is_open else []
    waiting, whole, people = sum(one.waits for one in found), len(found), len({one.user for one in found})
    if people > PEOPLE:
        found = _first(found, {one.user for one in found if one.id in asked.errors} | asked.of_person.keys())
    words, units = role_words(session, [one.role for one in found]), departments_of(session, sorted({one.user for one in found}))
    persons = shown.by_person(session, found, asked=asked, words=words, departments=units)
    return render_template(
        "admin/access_review/mine.html", review=review, deadline=day_words(session.reader)(review.deadline), state=shown.state(session, review),
        persons=persons, waiting=waiting, whole=whole, more=people - len(persons), limit=COMMENT, today=str(session.reader.today),
        decisions=[(key, say(label)) for key, label in shown.DECISIONS.items()],
        keeps_roles=session.sight.may("role", "update"), overdue=review.is_open and review.deadline < session.reader.today,
    )


def _first(found: Sequence[Item], asked: AbstractSet[int]) -> list[Item]:
    """Of more people than are shown at a time: who is asked about now, then those of whom something is not decided, in their order."""
    waiting = {one.user for one in found if one.waits}
    people = sorted(dict.fromkeys(one.user for one in found), key=lambda user: (user not in asked, user not in waiting))[:PEOPLE]
    place = {user: n for n, user in enumerate(people)}
    return sorted((one for one in found if one.user in place), key=lambda one: place[one.user])
