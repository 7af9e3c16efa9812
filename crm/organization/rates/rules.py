"""What a rate of exchange must satisfy."""

from crm.backoffice.rules import Draft, before_save
from crm.messages import m


@before_save("exchange_rate")
def a_currency_has_one_rate_a_day(draft: Draft) -> None:
    """A currency has one rate a day: the code and the name of a rate are its currency and day."""
    if draft["currency"] and draft["day"]:
        draft["code"] = draft["name"] = f"{draft['currency']}-{draft['day'].isoformat()}"
    elif not draft["name"]:
        draft["name"] = draft["code"]


@before_save("exchange_rate")
def a_rate_is_above_zero(draft: Draft) -> None:
    """A rate is above zero."""
    if draft["rate"] is not None and draft["rate"] <= 0:
        draft.refuse("rate", m("A rate is a number above zero."))


@before_save("exchange_rate")
def the_base_currency_has_no_rate(draft: Draft) -> None:
    """The base currency has no rate: it is always 1."""
    if draft["currency"] == draft.session.catalog.company.currency:
        draft.refuse("currency", m("%(currency)s is the base currency: its rate is always 1.", currency=draft["currency"]))


@before_save("exchange_rate")
def a_rate_without_an_origin_was_typed(draft: Draft) -> None:
    """A rate of which nobody says where it comes from was typed by hand."""
    typed = draft.session.catalog.picklists["rate_origin"].by_key("typed")
    if draft["origin"] is None and typed is not None:
        draft["origin"] = typed.id
