"""What lines of quotes must satisfy, what fills itself in, and what becomes of their quote when they change; and the limits of discounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from crm.backoffice.guard import DataSession
from crm.backoffice.money import round_half_up
from crm.backoffice.parts import in_parts
from crm.backoffice.rates import PLACES, read_rates
from crm.backoffice.rules import LOADING, Draft, before_save, when_changed
from crm.backoffice.saving import quietly
from crm.backoffice.saving.drafts import visible
from crm.errors import Forbidden, Invalid
from crm.messages import m
from crm.sales.quotes.counting import LINE, MOST_LINES, QUOTE, keep_totals
from crm.sales.quotes.course import APPROVED, DRAFT, GIVEN, OPEN, WAITING, brings_history, state, state_of
from crm.sales.quotes.limits import LIMIT
from crm.sales.quotes.rules import ANSWERED, LOCKED, OVER, follow
from crm.sales.rules import amount_of_the_line, discount_is_a_fraction

TAKEN = {"price": "price", "tax_rate": "vat_rate"}  # field of a line → that of its product by which it is filled
WATCHED = ("quote", "product", "quantity", "price", "discount", "tax_rate", "amount", "description", "optional", "chosen", "deleted_at")


@before_save("quote_line")
def taken_from_the_product(draft: Draft) -> None:
    """A line without a price has that of its product, converted at the rate of the day where it is in another currency; one without a rate of tax has
    its product's. The price of then, the rate and its day are kept."""
    if not draft.changed("product", "quote") or draft["product"] is None:
        return
    session = draft.session
    known = _of_product(session, draft["product"])
    currency = session.kernel(select(QUOTE.c.currency).where(QUOTE.c.id == draft["quote"])).scalar()
    found = _prices(session, [known], currency)[0]
    for key, value in found.items():
        draft[key] = value
    if draft.is_new and session.source not in LOADING:
        for key, source in TAKEN.items():
            if draft[key] is None and key not in draft.given and not (key == "price" and draft["amount"] is not None):
                draft[key] = found["list_price"] if key == "price" else known.get(source)
        foreign = known.get("price") is not None and found["list_price"] is None and currency is not None
        if foreign and draft["price"] is None and draft["amount"] is None:
            draft.refuse("price", m(
                "The product is priced in %(currency)s and no rate says what that is in %(other)s today. Load exchange rates, or give a price.",
                currency=known["currency"], other=currency,
            ))


def _prices(session: DataSession, products: Sequence[Mapping[str, Any]], currency: str | None) -> list[dict[str, Any]]:
    """What lines keep of these products' prices in a quote of `currency`: the price, to the coin where it was converted, and at which rate of which day.
    Without a rate no price."""
    foreign = {p["currency"] for p in products if p.get("price") is not None and p.get("currency") is not None and p["currency"] != currency}
    rates, today = read_rates(session, {*foreign, currency} if currency and foreign else ()), session.catalog.reader().today
    found = []
    for product in products:
        price, own = product.get("price"), product.get("currency")
        kept = dict[str, Any](list_price=price if own == currency else None, priced_in=None, rate=None, rate_day=None)
        if price is not None and own is not None and own in foreign and currency is not None:
            worth, one = rates.convert(price, own, currency, today), rates.convert(Decimal(1), own, currency, today)
            if worth is not None and one is not None:
                kept = {"list_price": round_half_up(worth, 2), "priced_in": own, "rate": round_half_up(one, PLACES), "rate_day": today}
        found.append(kept)
    return found


def _of_product(session: DataSession, product: int) -> dict[str, Any]:
    """What the writer may know of a product: what he does not see is not copied to where he might."""
    keys = [key for key in ("price", "currency", "vat_rate") if key in session.sight.filterable("product")]
    products = session.table("product")
    row = session.execute(select(*(products[key].label(key) for key in keys), products.id).where(products.visible, products.id == product)).mappings().first()
    return {key: row[key] for key in keys} if row is not None else {}


@when_changed("quote", "whole_discount")
def the_discount_on_the_whole_counts(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A quote comes to less by the discount on the whole."""
    keep_totals(session, [draft.id for draft in drafts if not draft.is_new])


@when_changed("quote", "currency")
def prices_in_the_currency_of_the_quote(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Discounts are counted anew from the prices of the products when the quote is in another currency, at the rates of today; one that is sent in the same
    save is judged by these."""
    for draft in (one for one in drafts if not one.is_new):
        of_quote = select(LINE.c.id, LINE.c.product_id).where(LINE.c.quote_id == draft.id, LINE.c.deleted_at.is_(None))
        there = session.kernel(of_quote).all()
        prices = _prices(session, [_of_product(session, product) for _, product in there], draft["currency"])
        quietly.put(session, LINE, {line: found for (line, _), found in zip(there, prices, strict=True)})
        keep_totals(session, [draft.id])
        over = session.kernel(select(QUOTE.c.over_limit).where(QUOTE.c.id == draft.id)).scalar_one()
        if over and draft.changed("state") and state_of(session, draft["state"]) in GIVEN and not brings_history(session):
            raise Invalid({"state": OVER})


before_save("quote_line")(discount_is_a_fraction)
before_save("quote_line")(amount_of_the_line)


@before_save("quote_line")
def nothing_below_zero(draft: Draft) -> None:
    """A quantity is above zero; a price, a rate of tax and an amount are not below it."""
    if draft["quantity"] is not None and draft["quantity"] <= 0:
        draft.refuse("quantity", m("A quantity is above zero."))
    if draft["price"] is not None and draft["price"] < 0:
        draft.refuse("price", m("A price is not below zero."))
    if draft["amount"] is not None and draft["amount"] < 0 and not draft.problems:  # one that follows from what is refused already is no news
        draft.refuse("amount", m("An amount is not below zero."))
    if draft["tax_rate"] is not None and not 0 <= draft["tax_rate"] <= 1:
        draft.refuse("tax_rate", m("A rate of tax lies between 0 and 100 %%."))


@before_save("quote_line")
def of_a_quote_that_is_not_given(draft: Draft) -> None:
    """Lines of a quote that the customer has in hand stay as they are."""
    session, quotes = draft.session, {draft.old.get("quote"), draft["quote"]} - {None}
    if not draft.changed(*WATCHED) or brings_history(session) or (_answers(session) and not draft.changed(*(set(WATCHED) - {"chosen"}))):
        return
    found = session.kernel(select(QUOTE.c.id, QUOTE.c.state_id).where(QUOTE.c.id.in_(sorted(quotes)))).all()
    shut = {number for number, now in found if state_of(session, now) not in OPEN}
    if shut & visible(session, "quote", shut):
        draft.refuse("quote", LOCKED)


def _answers(session: DataSession) -> bool:
    """Whether a customer answers by the link: what he chooses is all that he changes."""
    return session.info.get(ANSWERED) is not None


@before_save("quote_line")
def chosen_of_what_is_optional(draft: Draft) -> None:
    """Only what is optional is chosen."""
    for key in ("optional", "chosen"):
        if draft[key] is None:
            draft[key] = False
    if not draft["optional"]:
        draft["chosen"] = False


@when_changed("quote_line", *WATCHED)
def the_quote_follows_its_lines(session: DataSession, drafts: Sequence[Draft]) -> None:
    """A quote comes to what its lines come to; a change of them takes back the yes that was given to it. Two products that become one are no change of what is
    offered."""
    if session.leading:
        drafts = [draft for draft in drafts if draft.changed("quote")]
    quotes = sorted({number for d in drafts for number in (d.old.get("quote"), d["quote"]) if number is not None})
    changes: dict[int, dict[str, object]] = {}
    for part in in_parts(quotes):
        # Whoever sends or decides meanwhile is waited for, and what he has done by then is judged.
        for number, now in session.kernel(select(QUOTE.c.id, QUOTE.c.state_id).where(QUOTE.c.id.in_(part)).with_for_update()):
            before = state_of(session, now)
            if brings_history(session):
                continue
            if before not in OPEN and not _answers(session):
                raise Forbidden(LOCKED)
            if before in (WAITING, APPROVED):
                changes[number] = {"state": state(session, DRAFT), "decision": None, "decision_reason": None}
    follow(session, changes)
    _not_too_many(session, sorted({d["quote"] for d in drafts if d["deleted_at"] is None and d.changed("quote", "deleted_at")}))
    if session.actor_id is not None and not brings_history(session):
        quietly.put(session, QUOTE, {number: {"author_id": session.actor_id} for number in quotes})
    keep_totals(session, quotes)


def _not_too_many(session: DataSession, quotes: Sequence[int]) -> None:
    """Raises Invalid for a quote of more lines than its sheet has room for: whoever accepts it has all of them before him."""
    for part in in_parts(quotes):
        many = select(LINE.c.quote_id).where(LINE.c.quote_id.in_(part), LINE.c.deleted_at.is_(None)).group_by(LINE.c.quote_id).having(func.count() > MOST_LINES)
        if session.kernel(many.limit(1)).first() is not None:
            raise Invalid({"quote": m("A quote has at most %(most)s lines.", most=MOST_LINES)})


@before_save("discount_limit")
def a_limit_is_a_fraction(draft: Draft) -> None:
    """A limit lies between 0 and 100 %; one of a role on a category stands once. Without a name it is called by its share."""
    if not draft["name"] or (draft.changed("most") and draft.old.get("name") == _named(draft.old.get("most"))):
        draft["name"] = _named(draft["most"]) or draft["code"]
    if draft["most"] is not None and not 0 <= draft["most"] <= 1:
        draft.refuse("most", m("A discount lies between 0 and 100 %%."))
    if draft.changed("role", "category"):
        same = select(LIMIT.c.id).where(
            LIMIT.c.role_id.is_not_distinct_from(draft["role"]), LIMIT.c.category_id.is_not_distinct_from(draft["category"]),
            LIMIT.c.deleted_at.is_(None), LIMIT.c.id != draft.id,
        )
        if visible(draft.session, "discount_limit", draft.session.kernel(same).scalars()):
            draft.refuse("most", m("There is a limit for this role and category already."))


def _named(most: Any) -> str:
    return f"≤ {(most * 100).normalize():f} %" if most is not None else ""
