"""Quotes of deals: what they come to, their course, versions, the yes that a large discount needs, and the way back onto the deal."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import notices, records
from crm.backoffice.guard import DataSession
from crm.backoffice.jobs import TABLE as JOBS
from crm.backoffice.merging import merge
from crm.backoffice.undo import undo
from crm.errors import BramaError, Conflict, Forbidden, Invalid, NotFound
from crm.messages import render
from crm.sales.quotes import deciding, line_rules
from crm.sales.quotes.agreed import onto_deal
from crm.sales.quotes.answering import answer
from crm.sales.quotes.comparing import compared
from crm.sales.quotes.counting import if_chosen
from crm.sales.quotes.expiring import expire
from crm.sales.quotes.limits import Limits, limits
from crm.sales.quotes.making import next_version, of_deal
from crm.sales.quotes.models import Quote, QuoteLine
from crm.sales.quotes.recounting import recount
from crm.sales.quotes.totals import Line, off, totals
from tests.company import Company, today

QUOTE, LINE = Quote.__table__, QuoteLine.__table__
UNLIMITED = Limits({}, {}, frozenset())
Do = Callable[[DataSession], Any]


def d(text: str) -> Decimal:
    return Decimal(text)


def one(company: Company, quote: int) -> Any:
    with company.system(write=False) as session:
        return session.kernel(select(QUOTE).where(QUOTE.c.id == quote)).one()


def state(company: Company, quote: int) -> str:
    found = company.catalog.picklists["quote_state"].by_id(one(company, quote).state_id)
    assert found is not None
    return found.key


def by(company: Company, person: int | None, do: Do) -> Any:
    """What a person does in a session of his own; None: the operator."""
    with company.system() if person is None else company.session(person) as session:
        done = do(session)
        session.commit()
        return done


def change(company: Company, person: int | None, quote: int, **values: Any) -> None:
    if isinstance(values.get("state"), str):
        values["state"] = company.option("quote_state", values["state"])
    by(company, person, lambda session: records.change(session, "quote", quote, values))


def decide(company: Company, person: int, quote: int, decision: str, reason: str, seen: int | None = None) -> None:
    version = one(company, quote).row_version if seen is None else seen
    by(company, person, lambda session: deciding.decide(session, quote, decision, reason, version))


def undecided(company: Company, person: int, quote: int, reason: str = "Так") -> dict[str, str]:
    with pytest.raises(Invalid) as found:
        decide(company, person, quote, "yes", reason)
    return {key: render(why, "en") for key, why in found.value.fields.items()}


def refused(company: Company, person: int | None, quote: int, **values: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as found:
        change(company, person, quote, **values)
    return {key: render(why, "en") for key, why in found.value.fields.items()}


def house(company: Company) -> SimpleNamespace:
    """A seller with his deal of two lines, a head, goods at 1000 and 50 with 20 % of tax, and a limit of 10 % for everybody."""
    seller, head = company.person("seller", name="Олена"), company.person("head", name="Марко")
    cold = company.make("product_category", {"name": "Холод"})[0]
    chamber, lamp = company.make("product", *(
        {"name": name, "category": cold, "price": d(price), "currency": "UAH", "vat_rate": d("0.2")} for name, price in (("Камера", "1000"), ("Лампа", "50"))
    ))
    deal = company.make("deal", {"name": "Склад", "owner": seller, "stage": company.stage("proposal")})[0]
    company.make(
        "deal_line", {"deal": deal, "product": chamber, "quantity": 3, "price": d("1000"), "discount": d("0.05")},
        {"deal": deal, "product": lamp, "quantity": 10, "price": d("50")},
    )
    company.make("discount_limit", {"most": d("0.1")})
    return SimpleNamespace(seller=seller, head=head, cold=cold, chamber=chamber, lamp=lamp, deal=deal)


def lines(company: Company, quote: int) -> list[Any]:
    with company.system(write=False) as session:
        return list(session.kernel(select(LINE).where(LINE.c.quote_id == quote, LINE.c.deleted_at.is_(None)).order_by(LINE.c.id)))


def offered(company: Company, at: SimpleNamespace) -> int:
    """A draft that the seller makes of the lines of the deal."""
    return int(by(company, at.seller, lambda session: of_deal(session, at.deal)))


def discount(company: Company, person: int, quote: int, share: str) -> None:
    number = lines(company, quote)[0].id
    by(company, person, lambda session: records.change(session, "quote_line", number, {"discount": d(share)}))


# --- figures ---------------------------------------------------------------------------------------------------------


def test_a_discount_on_the_whole_is_in_coins_and_falls_to_lines_by_largest_remainder() -> None:
    # Three lines of 33.335 are 100.005; 5 % of it 5.00025, so 5.00. A third of 5.00 is 1.6666…: two shares of 1.6667 and one of 1.6666.
    reduced, shares = off([d("33.335")] * 3, d("0.05"))
    assert (reduced, shares) == (d("5.00"), [d("1.6667"), d("1.6667"), d("1.6666")])
    # 5 % off the lines of 100 and 900 at 20 %, 50 at 7 %: 52.50 less, of which 5, 45 and 2.50. Tax 20 % of 950 and 7 % of 47.50 = 3.325 → 3.33.
    lines = [Line(d("1"), d("100"), None, d("0.2"), d("100")), Line(d("1"), d("1000"), None, d("0.2"), d("900")),
             Line(d("1"), d("50"), None, d("0.07"), d("50"))]
    limit = Limits({None: {None: d("0.1")}}, {}, frozenset())
    found = totals(lines, limit, d("0.05"))
    assert (found.list_amount, found.whole_amount, found.amount, found.tax, found.total) == (d("1150"), d("52.50"), d("997.50"), d("193.33"), d("1190.83"))
    # The line of 1000 at 10 % off is 855 with 5 % on the whole: 14.5 %, over a limit of 10 % that none of the two passes alone.
    assert (found.deepest, found.over_limit) == (d("0.145"), True)
    assert not totals(lines, limit).over_limit and not totals(lines[::2], limit, d("0.1")).over_limit
    # Rounded to the coin the discount on one line of 0.05 would be 20 %: it is judged before it is rounded.
    assert not totals([Line(d("1"), d("0.05"), None, None, d("0.05"))], limit, d("0.1")).over_limit
    assert off([d("100.0995"), d("0")], d("1")) == (d("100.0995"), [d("100.0995"), d("0")]) and off([], d("0.5")) == (d("0"), [])


def test_figures_of_a_quote_are_exact_and_agree_on_paper() -> None:
    # 3 × 33.335 = 100.005; 7 × 0.015 × 0.9 = 0.0945; 2 × 10 at 7 %. Tax: 20 % of 100.0995 = 20.0199 → 20.02; 7 % of 20 = 1.40.
    found = totals([
        Line(d("3"), d("33.335"), None, d("0.2"), d("100.005")), Line(d("7"), d("0.015"), None, d("0.2"), d("0.0945")),
        Line(d("2"), d("10"), None, d("0.07"), d("20")), Line(d("1"), d("5"), None, None, d("5")),
    ], UNLIMITED)
    assert (found.list_amount, found.amount) == (d("125.11"), d("125.0995"))
    assert (found.tax, found.total) == (d("21.42"), d("146.52")), "125.0995 is 125.10 on paper"
    assert (found.deepest, found.discount) == (d("0.1"), d("0.000084")), "0.0105 of 125.11"


def test_a_price_below_that_of_the_product_is_a_discount_too() -> None:
    found = totals([Line(d("2"), d("80"), d("100"), None, d("160")), Line(d("1"), d("120"), d("100"), None, d("120"))], UNLIMITED)
    assert (found.list_amount, found.deepest, found.discount) == (d("320"), d("0.2"), d("0.125"))
    assert totals([Line(d("1"), None, None, None, d("7"))], UNLIMITED).deepest == 0, "of what has no price nobody knows a discount"
    assert totals([], UNLIMITED).total == 0


def test_a_quote_of_a_deal_takes_its_lines_and_comes_to_what_they_come_to(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    # 3 × 1000 × 0.95 = 2850; 10 × 50 = 500; tax 20 % of 3350 = 670. Before discounts 3500: 150 of it is 4.2857 %.
    row = one(company, quote)
    assert (row.list_amount, row.amount, row.tax, row.total) == (d("3500"), d("3350"), d("670"), d("4020"))
    assert (row.deepest, row.discount, row.over_limit) == (d("0.05"), d("0.042857"), False)
    assert (row.version, row.number, row.name, row.owner_id, row.author_id) == (1, row.code, row.code, at.seller, at.seller)
    assert row.valid_until == today() + timedelta(days=14) and state(company, quote) == "draft"
    assert [(r.product_id, r.price, r.list_price, r.tax_rate) for r in lines(company, quote)] == [
        (at.chamber, d("1000"), d("1000"), d("0.2")), (at.lamp, d("50"), d("50"), d("0.2")),
    ]
    by(company, at.seller, lambda session: records.remove(session, "quote_line", lines(company, quote)[0].id))
    assert (one(company, quote).amount, one(company, quote).total) == (d("500"), d("600"))
    by(company, at.seller, lambda session: records.create(session, "quote_line", {"quote": quote, "product": at.chamber, "quantity": 2}))
    assert lines(company, quote)[1].amount == d("2000"), "a line without a price has that of its product"


def test_another_currency_is_no_way_round_the_price_of_a_product(company: Company) -> None:
    at = house(company)
    quote = by(company, at.seller, lambda session: records.create(session, "quote", {"deal": at.deal, "currency": "USD"}))
    by(company, at.seller, lambda session: records.create(session, "quote_line", {"quote": quote, "product": at.chamber, "price": d("400")}))
    assert (lines(company, quote)[0].list_price, one(company, quote).over_limit) == (None, False), "what it costs in dollars nobody has said"
    change(company, at.seller, quote, currency="UAH")
    row = one(company, quote)
    assert (lines(company, quote)[0].list_price, row.deepest, row.over_limit) == (d("1000"), d("0.6"), True)
    change(company, at.seller, quote, currency="EUR")
    assert (one(company, quote).list_amount, one(company, quote).over_limit) == (d("400"), False)


def test_a_quote_that_is_sent_in_another_currency_in_the_same_save_is_judged_in_that(company: Company) -> None:
    at = house(company)
    company.make("exchange_rate", {"currency": "VND", "day": today(), "rate": d("0.0016")})
    quote = offered(company, at)
    assert "over the limit" in refused(company, at.seller, quote, currency="VND", state="sent")["state"], "1000 dongs for what costs 625,000"
    assert (state(company, quote), one(company, quote).currency, lines(company, quote)[0].list_price) == ("draft", "UAH", d("1000"))
    change(company, at.seller, quote, currency="VND")
    assert "over the limit" in refused(company, at.seller, quote, state="sent")["state"]
    change(company, at.seller, quote, currency="UAH")
    change(company, at.seller, quote, state="sent")


def test_all_lines_of_a_quote_stand_on_its_sheet(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    at = house(company)
    quote = offered(company, at)
    monkeypatch.setattr(line_rules, "MOST_LINES", 3)
    lamp: dict[str, Any] = {"quote": quote, "product": at.lamp}
    company.make("quote_line", lamp)
    with pytest.raises(Invalid):
        company.make("quote_line", lamp)
    assert len(lines(company, quote)) == 3
    monkeypatch.setattr(line_rules, "MOST_LINES", 1)
    by(company, at.seller, lambda session: records.remove(session, "quote_line", lines(company, quote)[0].id))
    assert len(lines(company, quote)) == 2, "of what had more before, lines are removed one by one"


def test_a_line_is_refused_at_the_field_that_makes_no_sense(company: Company) -> None:
    deal = company.make("deal", {"name": "Х"})[0]
    quote, good = company.make("quote", {"deal": deal})[0], company.make("product", {"name": "Т"})[0]
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("discount", {"discount": d("1.7")}), ("discount", {"discount": d("-0.1")}), ("quantity", {"quantity": d("-1")}), ("quantity", {"quantity": d("0")}),
        ("price", {"price": d("-5")}), ("price", {"price": d("1000000000000000")}), ("tax_rate", {"tax_rate": d("1.2")}), ("amount", {"amount": d("-1")}),
        ("amount", {"quantity": d("90000000000000"), "price": d("90000000000000")}), ("product", {"product": 999_999}),
    )
    for key, values in wrong:
        with pytest.raises(Invalid) as found:
            company.make("quote_line", {"quote": quote, "product": good, "quantity": 1, "price": d("10"), **values})
        assert set(found.value.fields) == {key}
    row = {"quote": quote, "product": good, "quantity": 1, "price": d("60000000000000")}
    company.make("quote_line", row)
    with pytest.raises(Invalid) as whole:
        company.make("quote_line", row)
    assert set(whole.value.fields) == {"amount"} and len(lines(company, quote)) == 1, "all lines together are money too"


# --- the course ------------------------------------------------------------------------------------------------------


def test_what_is_sent_is_not_changed_any_more_and_is_accepted_or_declined(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    assert set(refused(company, at.seller, quote, state="accepted")) == {"state"}
    assert set(refused(company, at.seller, quote, valid_until=today() - timedelta(days=1))) == {"valid_until"}
    change(company, at.seller, quote, state="sent")
    assert one(company, quote).sent_on == today()
    number = lines(company, quote)[0].id
    for person in (at.seller, at.head):
        assert set(refused(company, person, quote, payment_terms="Після")) == {"payment_terms"}
        with pytest.raises(Invalid) as locked:
            by(company, person, lambda session: records.change(session, "quote_line", number, {"quantity": 9}))
        assert set(locked.value.fields) == {"quote"}
        with pytest.raises(Invalid):
            by(company, person, lambda session: records.create(session, "quote_line", {"quote": quote, "product": at.lamp}))
        with pytest.raises(Forbidden):
            by(company, person, lambda session: records.remove(session, "quote_line", number))
    change(company, at.seller, quote, description="Для своїх", state="accepted")
    assert set(refused(company, at.seller, quote, state="declined")) == {"state"}
    assert state(company, quote) == "accepted" and one(company, quote).total == d("4020")


def test_no_quote_is_made_or_sent_for_a_lost_deal_nor_sent_empty_or_out_of_date(company: Company) -> None:
    at = house(company)
    quote, empty = offered(company, at), by(company, at.seller, lambda session: records.create(session, "quote", {"deal": at.deal}))
    assert set(refused(company, at.seller, empty, state="sent")) == {"state"}
    with company.system(source="import") as session:
        records.change(session, "quote", quote, {"valid_until": today() - timedelta(days=1)})
        session.commit()
    assert set(refused(company, at.seller, quote, state="sent")) == {"valid_until"}
    change(company, at.seller, quote, valid_until=today(), state="sent")
    other = offered(company, at)
    by(company, at.seller, lambda session: records.change(
        session, "deal", at.deal, {"stage": company.stage("lost"), "loss_reason": company.option("loss_reason", "price")}))
    for refusal in (refused(company, at.seller, other, state="sent"), refused(company, at.seller, quote, state="accepted")):
        assert set(refusal) == {"deal"}
    with pytest.raises(Invalid):
        offered(company, at)
    change(company, at.seller, quote, state="declined")
    blind = company.role("no_stage", *(
        {"entity": entity, "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit", **hidden}}
        for entity, hidden in (("deal", {"stage": "hidden"}), ("quote", {}), ("quote_line", {}), ("product", {}))))
    by(company, company.person(blind), lambda session: records.create(session, "quote", {"deal": at.deal}))  # a refusal would tell how the deal stands


def test_a_sent_quote_runs_out_the_day_after_its_last(company: Company) -> None:
    at = house(company)
    quotes = [offered(company, at) for _ in range(2)]
    for quote, last in zip(quotes, (today(), today() - timedelta(days=1)), strict=True):
        change(company, at.seller, quote, state="sent")
        with company.system() as session:
            session.kernel(QUOTE.update().where(QUOTE.c.id == quote).values(valid_until=last))
            session.commit()
    work = SimpleNamespace(engine=company.engine, catalog=company.catalog)
    assert [expire(work), expire(work)] == [{"expired": 1}, {"expired": 0}]  # type: ignore[arg-type]
    assert [state(company, quote) for quote in quotes] == ["sent", "expired"]


# --- versions --------------------------------------------------------------------------------------------------------


def test_versions_follow_each_other_and_the_former_is_superseded(company: Company) -> None:
    at = house(company)
    first = offered(company, at)
    change(company, at.seller, first, payment_terms="Половина наперед", state="sent")
    second = by(company, at.seller, lambda session: next_version(session, first))
    new, old = one(company, second), one(company, first)
    assert (state(company, first), state(company, second)) == ("superseded", "draft")
    assert (new.version, new.number, new.payment_terms, new.total, new.previous_id) == (2, old.number, "Половина наперед", old.total, first)
    assert new.name == f"{old.number} · 2" and new.sent_on is None
    with pytest.raises(Invalid) as late:
        by(company, at.seller, lambda session: next_version(session, first))
    assert set(late.value.fields) == {"previous"}
    discount(company, at.seller, second, "0.1")
    by(company, at.seller, lambda session: records.create(session, "quote_line", {"quote": second, "product": at.lamp, "quantity": 1}))
    assert one(company, first).total == d("4020"), "what the customer has is as it was"
    with company.system(write=False) as session:
        keys = ("quantity", "price", "discount", "amount")
        before, after = ([{"product": r.product_id, **{k: r._mapping[k] for k in keys}} for r in lines(company, q)] for q in (first, second))
        found = [(x.what, x.product, x.changed) for x in compared(before, after, keys)]
        assert session is not None
    assert found == [
        ("changed", at.chamber, {"discount": (d("0.05"), d("0.1")), "amount": (d("2850"), d("2700"))}), ("same", at.lamp, {}), ("added", at.lamp, {}),
    ]
    change(company, at.seller, second, state="sent")
    change(company, at.seller, second, state="declined")
    third = by(company, at.seller, lambda session: next_version(session, second))
    assert (state(company, second), one(company, third).version) == ("declined", 3), "how it ended stays known"
    for values in ({"deal": at.deal, "previous": 999_999}, {"deal": company.make("deal", {"name": "Інша"})[0], "previous": third}):
        with pytest.raises(Invalid):
            company.make("quote", values)
    assert set(refused(company, None, third, previous=first)) == {"previous"}


def test_of_two_who_make_the_next_version_at_once_one_is_told(company: Company) -> None:
    at = house(company)
    quote, together = offered(company, at), Barrier(2)

    def make(person: int) -> str:
        together.wait()
        try:
            return f"made {by(company, person, lambda session: next_version(session, quote))}"
        except Invalid as refused:
            return ",".join(refused.fields)

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(make, (at.seller, at.head)))
    assert told[0].startswith("made") and told[1] == "previous"
    assert [state(company, quote), state(company, int(told[0].split()[1]))] == ["superseded", "draft"]


def test_who_does_not_see_all_of_a_quote_makes_no_version_of_it(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    company.role("half", *(
        {"entity": entity, "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit", **hidden}}
        for entity, hidden in (("deal", {}), ("quote", {}), ("quote_line", {"discount": "hidden"}), ("deal_line", {"discount": "hidden"}), ("product", {}))))
    half, stranger = company.person("half"), company.person("clerk")
    for do in (lambda session: next_version(session, quote), lambda session: of_deal(session, at.deal)):
        with pytest.raises(Forbidden):
            by(company, half, do)
        with pytest.raises(BramaError):
            by(company, stranger, do)
    assert state(company, quote) == "draft"


# --- the yes ---------------------------------------------------------------------------------------------------------


def waiting(company: Company, at: SimpleNamespace, share: str = "0.15") -> int:
    quote = offered(company, at)
    discount(company, at.seller, quote, share)
    change(company, at.seller, quote, state="waiting")
    return quote


def test_a_discount_over_the_limit_is_sent_after_a_yes_with_a_reason(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    assert set(refused(company, at.seller, quote, state="waiting")) == {"state"}, "there is nothing to ask for"
    discount(company, at.seller, quote, "0.1")
    assert not one(company, quote).over_limit, "as much as the limit is not over it"
    discount(company, at.seller, quote, "0.15")
    assert one(company, quote).over_limit
    assert "ask for approval" in refused(company, at.seller, quote, state="sent")["state"]
    assert set(refused(company, at.seller, quote, state="approved")) == {"state"}
    change(company, at.seller, quote, state="waiting")
    with pytest.raises(Forbidden):
        decide(company, at.seller, quote, "yes", "Собі можна")
    with pytest.raises(NotFound):
        decide(company, company.person("seller"), quote, "yes", "Чуже")
    assert set(undecided(company, at.head, quote, "")) == {"decision_reason"}
    assert "on the card" in refused(company, at.head, quote, decision="yes", decision_reason="З таблиці")["decision"]
    decide(company, at.head, quote, "no", "Забагато")
    assert (state(company, quote), one(company, quote).decision_reason, one(company, quote).decided_by_id) == ("draft", "Забагато", at.head)
    assert set(undecided(company, at.head, quote)) == {"decision"}, "nobody asks any more"
    change(company, at.seller, quote, state="waiting")
    assert one(company, quote).decision is None
    decide(company, at.head, quote, "yes", "Великий клієнт")
    assert state(company, quote) == "approved"
    change(company, at.seller, quote, state="sent")
    assert (state(company, quote), one(company, quote).decision) == ("sent", "yes")
    with company.session(at.seller, write=False) as session:
        assert [render(n.sentence, "en") for n in notices.notices(session)] == ["A quote of yours was approved.", "A quote of yours was not approved."]


def test_a_change_after_the_yes_takes_it_back(company: Company) -> None:
    at = house(company)
    deeds: dict[str, Callable[[DataSession, int, int], Any]] = {
        "line": lambda session, quote, line: records.change(session, "quote_line", line, {"quantity": 11}),
        "new line": lambda session, quote, line: records.create(session, "quote_line", {"quote": quote, "product": at.lamp}),
        "removed line": lambda session, quote, line: records.remove(session, "quote_line", line),
        "terms": lambda session, quote, line: records.change(session, "quote", quote, {"payment_terms": "Через рік"}),
    }
    for touch, deed in deeds.items():
        quote = waiting(company, at)
        decide(company, at.head, quote, "yes", "Великий клієнт")
        with company.session(at.seller) as session:
            deed(session, quote, lines(company, quote)[1].id)
            session.commit()
            batch = session.batch
        row = one(company, quote)
        assert (state(company, quote), row.decision, row.decision_reason, row.decided_by_id) == ("draft", None, None, None), touch
        assert set(refused(company, at.seller, quote, state="sent")) == {"state"}
        with company.session(at.head) as session:  # who may decide brings no yes back either by undoing what took it
            undo(session, batch)
            session.commit()
        assert (state(company, quote), one(company, quote).decision) == ("draft", None), touch


def test_nobody_decides_on_his_own(company: Company) -> None:
    at = house(company)
    other = company.person("head")
    quote = waiting(company, at)
    change(company, at.head, quote, owner=at.head)
    assert set(undecided(company, at.head, quote)) == {"decision"}, "of which he is the owner"
    change(company, other, quote, owner=at.seller)
    discount(company, at.head, quote, "0.5")
    assert (state(company, quote), one(company, quote).author_id) == ("draft", at.head)
    change(company, at.seller, quote, state="waiting")
    assert set(undecided(company, at.head, quote)) == {"decision"}, "of whose discount he is the author"
    read = one(company, quote).row_version
    discount(company, at.seller, quote, "0.9")
    change(company, at.seller, quote, state="waiting")
    with pytest.raises(Conflict):
        decide(company, other, quote, "yes", "Так", read)  # he has read of 50 %
    decide(company, other, quote, "yes", "Так")
    assert state(company, quote) == "approved"


def test_a_rule_says_up_to_which_discount_and_of_whose_quotes_one_decides(company: Company) -> None:
    at = house(company)
    decides = {"mode": "edit", "where": {"field": "deepest", "op": "le", "value": 0.3}}
    company.role("boss", {"entity": "deal", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}, {
        "entity": "quote", "actions": ["read", "update"], "where": {"field": "owner.manager", "op": "eq", "value": "@me"},
        "fields": {"*": "read", "decision": decides, "decision_reason": decides},
    })
    boss, stranger = company.person("boss"), company.person("boss")
    by(company, None, lambda session: records.change(session, "user", at.seller, {"manager": boss}))
    deep, fair = waiting(company, at, "0.31"), waiting(company, at, "0.3")
    with pytest.raises(Forbidden):
        decide(company, boss, deep, "yes", "Так")
    with pytest.raises(NotFound):
        decide(company, stranger, fair, "yes", "Так")
    decide(company, boss, fair, "yes", "Так")
    assert [state(company, quote) for quote in (deep, fair)] == ["waiting", "approved"]


def test_products_become_one_also_where_a_customer_has_one_of_them_in_hand(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    change(company, at.seller, quote, state="sent")
    (twin,) = company.make("product", {"name": "Камера (двійник)", "price": d("5000"), "currency": "UAH"})
    before = one(company, quote)
    with company.system() as session:
        merge(session, "product", twin, [at.chamber], {})
        batch = session.batch
        session.commit()
    assert (lines(company, quote)[0].product_id, lines(company, quote)[0].list_price) == (twin, d("1000"))
    assert one(company, quote) == before, "it is offered as it was, by the same author"
    by(company, None, lambda session: undo(session, batch))
    assert lines(company, quote)[0].product_id == at.chamber and one(company, quote) == before


def test_a_sending_taken_back_and_done_again_is_judged_again(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    with company.session(at.seller) as session:
        records.change(session, "quote", quote, {"state": company.option("quote_state", "sent")})
        session.commit()
        sent = session.batch
    with company.session(at.seller) as session:
        back = undo(session, sent, by_field=True).batch
        session.commit()
    assert (state(company, quote), one(company, quote).sent_on) == ("draft", None)
    discount(company, at.seller, quote, "0.6")
    with company.session(at.seller) as session:
        assert undo(session, back, by_field=True).kept
        session.commit()
    assert state(company, quote) == "draft"


def test_the_nearest_category_and_the_widest_role_say_how_much_is_allowed(company: Company) -> None:
    at = house(company)
    with company.system(write=False) as session:
        roles = company.catalog.entity("role").table
        role = {row.code: row.id for row in session.kernel(select(roles.c.code, roles.c.id))}
    below = company.make("product_category", {"name": "Камери", "parent": at.cold})[0]
    company.make("discount_limit", {"most": d("0.2"), "role": role["head"]}, {"most": d("0.3"), "role": role["approver"]})
    both, emergency = company.person("head", "approver"), company.person()
    with company.system(write=False) as session:
        assert [limits(session, who).of(below) for who in (at.seller, at.head, both, emergency, None)] == [d("0.1"), d("0.2"), d("0.3"), d("0.1"), d("0.1")]
    company.make("discount_limit", {"most": d("0.02"), "category": at.cold}, {"most": d("0.5"), "category": at.cold, "role": role["head"]})
    with company.system(write=False) as session:
        assert [limits(session, who).of(below) for who in (at.seller, at.head, both)] == [d("0.02"), d("0.5"), d("0.5")]
        assert limits(session, at.seller).of(None) == d("0.1")
    quote = offered(company, at)
    assert one(company, quote).over_limit, "5 % on a chamber, where 2 % is the limit"
    with company.system() as session:
        table = company.catalog.entity("discount_limit").table
        loose = session.kernel(select(table.c.id).where(table.c.most == d("0.02"))).scalar_one()
        records.change(session, "discount_limit", loose, {"most": d("0.05")})
        session.commit()
        jobs = session.kernel(select(JOBS.c.kind)).scalars().all()
    assert set(jobs) == {"quotes_recount"}
    work = SimpleNamespace(engine=company.engine, catalog=company.catalog)
    assert recount(work) == {"quotes": 1} and not one(company, quote).over_limit  # type: ignore[arg-type]
    for values in ({"most": d("1.1")}, {"most": d("-0.1")}, {"most": d("0.4"), "category": at.cold}, {}):
        with pytest.raises(Invalid) as found:
            company.make("discount_limit", values)
        assert set(found.value.fields) == {"most"}


def test_an_import_brings_states_only_for_whoever_decides_himself(company: Company) -> None:
    at = house(company)
    sent = company.option("quote_state", "sent")

    def loaded(person: int) -> int:
        from_file = company.session(person)
        from_file.source = "import"
        with from_file as session:
            number = records.create(session, "quote", {"deal": at.deal, "state": sent, "valid_until": date(2025, 3, 1)})
            records.create(session, "quote_line", {"quote": number, "product": at.lamp, "price": d("50"), "discount": d("0.9")})
            session.commit()
        return number

    with pytest.raises(Invalid):
        loaded(at.seller)
    assert state(company, loaded(at.head)) == "sent"


# --- onto the deal ---------------------------------------------------------------------------------------------------


def test_an_accepted_quote_puts_its_lines_and_amount_onto_the_deal(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    first, second = lines(company, quote)
    by(company, at.seller, lambda session: records.change(session, "quote_line", first.id, {"quantity": 4}))
    by(company, at.seller, lambda session: records.remove(session, "quote_line", second.id))
    extra = company.make("product", {"name": "Полиця", "price": d("20"), "currency": "UAH"})[0]
    by(company, at.seller, lambda session: records.create(session, "quote_line", {"quote": quote, "product": extra, "quantity": 5}))
    with pytest.raises(Invalid):
        by(company, at.seller, lambda session: onto_deal(session, quote))
    change(company, at.seller, quote, state="sent")
    change(company, at.seller, quote, state="accepted")
    with pytest.raises(NotFound):
        by(company, company.person("seller"), lambda session: onto_deal(session, quote))
    assert by(company, at.seller, lambda session: onto_deal(session, quote)) == at.deal
    with company.system(write=False) as session:
        deal, line = company.catalog.entity("deal").table, company.catalog.entity("deal_line").table
        rows = session.kernel(select(line).where(line.c.deal_id == at.deal, line.c.deleted_at.is_(None)).order_by(line.c.id)).all()
        amount = session.kernel(select(deal.c.amount).where(deal.c.id == at.deal)).scalar()
    assert [(r.product_id, r.quantity, r.amount) for r in rows] == [(at.chamber, 4, d("3800")), (extra, 5, d("100"))]
    assert amount == d("3900")
    looker = company.role("looker", *(
        {"entity": entity, "actions": ["read", *more], "scope": "all", "fields": {"*": "edit"}}
        for entity, more in (("deal", []), ("deal_line", ["create", "update", "delete"]), ("quote", []), ("quote_line", []), ("product", []))))
    with pytest.raises(Forbidden):
        by(company, company.person(looker), lambda session: onto_deal(session, quote))


def test_a_stage_may_ask_for_an_approved_quote(company: Company) -> None:
    company.configure("""
pipelines:
  sales:
    label: {uk: Продажі, en: Sales}
    stages:
      - key: negotiation
        label: {uk: Перемовини, en: Negotiation}
        type: open
        probability: 0.6
        enter:
          - where: {count: quotes, where: {field: state, op: in, value: [approved, sent, accepted]}, op: gt, value: 0}
            message: {uk: Спершу погодьте пропозицію, en: Have a quote approved first}
""")
    at = house(company)
    quote = offered(company, at)

    def move(session: DataSession) -> Any:
        return records.change(session, "deal", at.deal, {"stage": company.stage("negotiation")})

    with pytest.raises(Invalid) as found:
        by(company, at.seller, move)
    assert "Have a quote approved first" in [render(why, "en") for why in found.value.fields.values()]
    change(company, at.seller, quote, state="sent")
    by(company, at.seller, move)


# --- a discount on the whole, prices of another currency -------------------------------------------------------------


def test_a_discount_on_the_whole_needs_a_yes_is_copied_and_comes_onto_the_deal(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    assert one(company, quote).amount == d("3350")
    assert refused(company, at.seller, quote, whole_discount=d("1.5")) == {"whole_discount": "A discount lies between 0 and 100 %."}
    assert "over the limit" in refused(company, at.seller, quote, whole_discount=d("0.06"), state="sent")["state"], "of what is given in the same save"
    change(company, at.seller, quote, whole_discount=d("0.05"))
    # 2850 and 500 less 5 %: 167.50 off. 0.95 × 0.95 is 9.75 % off the chamber. Tax 20 % of 3182.50.
    row = one(company, quote)
    assert (row.whole_amount, row.amount, row.tax, row.total) == (d("167.50"), d("3182.50"), d("636.50"), d("3819.00"))
    assert (row.deepest, row.over_limit) == (d("0.0975"), False)
    change(company, at.head, quote, whole_discount=d("0.06"))
    assert (one(company, quote).over_limit, one(company, quote).author_id) == (True, at.head), "whoever gives it is the author"
    change(company, at.seller, quote, state="waiting")
    change(company, at.seller, quote, whole_discount=d("0.05"))
    assert state(company, quote) == "draft", "what was asked for another discount is asked no more"
    new = by(company, at.seller, lambda session: next_version(session, quote))
    assert one(company, new).amount == d("3182.50")
    change(company, at.seller, new, state="sent")
    assert "whole_discount" in refused(company, at.seller, new, whole_discount=d("0.04"))
    change(company, at.seller, new, state="accepted")
    by(company, at.seller, lambda session: onto_deal(session, new))
    deal_line = company.catalog.entity("deal_line").table
    with company.system(write=False) as session:
        rows = session.kernel(select(deal_line.c.amount, deal_line.c.discount).where(deal_line.c.deal_id == at.deal).order_by(deal_line.c.id)).all()
    assert [tuple(row) for row in rows] == [(d("2707.50"), d("0.0975")), (d("475.00"), d("0.05"))]


def test_a_price_of_another_currency_is_converted_at_the_rate_of_the_day(company: Company) -> None:
    at = house(company)
    pump = company.make("product", {"name": "Насос", "price": d("99.99"), "currency": "USD", "vat_rate": d("0.2")})[0]
    quote = company.make("quote", {"deal": at.deal, "owner": at.seller, "currency": "UAH"})[0]
    add: Callable[..., Any] = lambda **more: by(
        company, at.seller, lambda session: records.create(session, "quote_line", {"quote": quote, "product": pump, "quantity": d("2"), **more}))
    with pytest.raises(Invalid) as found:
        add()
    assert "priced in USD and no rate says what that is in UAH" in render(found.value.fields["price"], "en") and lines(company, quote) == []
    add(price=d("4000"))
    day = today()
    for away, rate in ((-3, "41.255"), (1, "50")):
        company.make("exchange_rate", {"currency": "USD", "day": day + timedelta(days=away), "rate": d(rate)})
    add()
    given, taken = lines(company, quote)
    assert (given.price, given.list_price, given.rate) == (d("4000"), None, None), "without a rate nothing is compared"
    # 99.99 × 41.255 = 4125.08745, to the coin 4125.09; two of them 8250.18.
    assert (taken.price, taken.list_price, taken.amount) == (d("4125.09"), d("4125.09"), d("8250.18"))
    assert (taken.priced_in, taken.rate, taken.rate_day) == ("USD", d("41.255"), day)
    change(company, at.seller, quote, currency="USD")
    assert {(row.list_price, row.priced_in, row.rate, row.rate_day) for row in lines(company, quote)} == {(d("99.99"), None, None, None)}
    change(company, at.seller, quote, currency="EUR")
    assert {row.list_price for row in lines(company, quote)} == {None}, "no rate of EUR"


# --- options ---------------------------------------------------------------------------------------------------------


def test_what_is_optional_counts_when_it_is_chosen_and_is_judged_anyway(company: Company) -> None:
    at = house(company)
    quote = offered(company, at)
    chamber, lamp = (row.id for row in lines(company, quote))
    set_line: Callable[..., Any] = lambda line, **values: by(company, at.seller, lambda session: records.change(session, "quote_line", line, values))
    set_line(lamp, optional=True, discount=d("0.15"))
    # 2850 of the chamber alone, 20 % of tax; the lamps at 15 % off would be 425 and are over the limit of 10 %.
    row = one(company, quote)
    assert (row.list_amount, row.amount, row.tax, row.total, row.deepest, row.over_limit) == (d("3000"), d("2850"), d("570"), d("3420"), d("0.15"), True)
    assert "over the limit" in refused(company, at.seller, quote, state="sent")["state"], "the customer might choose it"
    set_line(lamp, discount=d("0.1"))
    set_line(chamber, chosen=True)
    assert not lines(company, quote)[0].chosen, "only what is optional is chosen"
    set_line(chamber, optional=True)
    assert one(company, quote).total == d("0")
    change(company, at.seller, quote, state="sent")
    with pytest.raises(Invalid):
        set_line(lamp, chosen=True)
    said = lambda chosen: by(company, None, lambda session: answer(session, quote, "accepted", "Ігор", "", at.seller, chosen))
    with pytest.raises(Invalid) as none:
        said(())
    assert set(none.value.fields) == {"options"}
    with company.system(write=False) as session:
        would = if_chosen(session, quote, {lamp})
    assert (would.amount, would.total) == (d("450"), d("540"))
    assert said({lamp}) and state(company, quote) == "accepted" and one(company, quote).total == d("540") and one(company, quote).answered_by == "Ігор"
    assert [row.chosen for row in lines(company, quote)] == [False, True]
    assert not said({chamber}) and one(company, quote).total == d("540"), "what was answered stays"
    by(company, at.seller, lambda session: onto_deal(session, quote))
    deal_line = company.catalog.entity("deal_line").table
    with company.system(write=False) as session:
        there = session.kernel(select(deal_line.c.product_id, deal_line.c.amount).where(deal_line.c.deal_id == at.deal, deal_line.c.deleted_at.is_(None))).all()
    assert [tuple(row) for row in there] == [(at.lamp, d("450"))]
