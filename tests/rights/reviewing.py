"""Reviews of access through a browser: opened, decided, signed; and what is stored of them."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from crm.organization.access_review_models import AccessReview, AccessReviewItem
from crm.organization.models import Membership, Role
from tests.company import today
from tests.kit_forms.house import PASSWORD, Browser, House

SignIn = Callable[..., Browser]
ITEMS, REVIEWS, MEMBERSHIPS = AccessReviewItem.__table__, AccessReview.__table__, Membership.__table__


def soon() -> date:
    return today() + timedelta(days=10)


def number(house: House, code: str) -> int:
    with house.system(write=False) as session:
        return session.execute(select(Role.id).where(Role.code == code)).scalar_one()


def rows(house: House, table: Any, *where: Any) -> list[Any]:
    with house.system(write=False) as session:
        return list(session.execute(select(table).where(*where).order_by(table.c.id)))


def opened(house: House, browser: Browser, **given: Any) -> int:
    """A review of everything by Bohdan, second Sofiia, unless said otherwise."""
    named = {"mode": "named", "first": str(house.people["Bohdan"]), "second": str(house.people["Sofiia"])}
    answer = browser.post("/access-reviews/new/", {"name": "Spring", "kind": "all", "deadline": str(soon()), **named, **given})
    assert answer.status_code == 303, answer.text[-4000:]
    found = re.fullmatch(r"/access-reviews/(\d+)/", answer.location)
    assert found
    return int(found[1])


def item(house: House, review: int, person: str, role: str | None = None) -> Any:
    found = rows(house, ITEMS, ITEMS.c.review_id == review, ITEMS.c.user_id == house.people[person])
    return next(row for row in found if role is None or row.role_id == number(house, role))


def decide(house: House, browser: Browser, review: int, of: Any, decision: str, comment: str = "", until: str = "") -> Any:
    return browser.post(f"/access-reviews/{review}/mine/{of.id}", {"decision": decision, "comment": comment, "until": until})


def keep_the_rest(house: House, reviewers: dict[str, Browser], review: int) -> None:
    """Everybody keeps what he has not decided."""
    for name, browser in reviewers.items():
        mine = rows(house, ITEMS, ITEMS.c.review_id == review, ITEMS.c.reviewer_id == house.people[name], ITEMS.c.decision.is_(None))
        for person in {one.user_id for one in mine}:
            assert browser.post(f"/access-reviews/{review}/mine/keep/{person}", {"comment": "known"}).status_code == 303


def sign(browser: Browser, review: int, **given: str) -> Any:
    return browser.post(f"/access-reviews/{review}/sign", {"current": PASSWORD, **given})


def standing(house: House, person: str) -> list[Any]:
    return rows(house, MEMBERSHIPS, MEMBERSHIPS.c.user_id == house.people[person], MEMBERSHIPS.c.deleted_at.is_(None))
