"""A field becomes one of another type on the screen: what becomes of its values is told, decided value by value, and done so."""

from collections.abc import Callable
from decimal import Decimal

from tests.builder.steps import hidden, names, plan, publish, text_of
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]


def test_values_that_do_not_fit_are_told_and_decided(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert publish(olena, "/configuration/account/add/text/", names("Розмір", "Size", **{"class": "sensitive"})).status_code == 303
    firms = house.make_many("account", [{"name": f"Фірма {size}", "size": size} for size in ("12,5", "велика", "хтозна", "велика")])
    form, typed = "/configuration/account/field/size/?type=decimal", names("Розмір", "Size", key="size", scale="2", **{"class": "sensitive"})
    planned = plan(olena, form, typed)
    told = text_of(planned)
    assert "1 value passes as it is" in told and "3 values do not fit and are left empty" in told and told.index("велика") < told.index("хтозна")
    page = hidden(planned)
    assert not any(name.startswith("decided") for name in page), "what the page asks for it does not send twice"
    decided = {"decided-old-0": "велика", "decided-new-0": "сто", "decided-old-1": "хтозна", "decided-new-1": "", "decided-rest": "1"}
    wrong = plan(olena, form, {**typed, **decided})
    assert wrong.status_code == 422 and "is not accepted" in text_of(wrong) and 'name="decided-new-0" value="сто"' in wrong.get_data(as_text=True)
    again = plan(olena, form, {**typed, **decided, "decided-new-0": "100"})
    assert "2 values become what you have decided" in text_of(again) and 'value="100"' in again.get_data(as_text=True)
    assert "Size (before)" in text_of(again)
    done = olena.post(form, {**hidden(again), **decided, "decided-new-0": "100", "step": "publish", "agreed": "1"})
    assert done.status_code == 303, text_of(done)[:500]
    assert [house.stored("account", firm)["size"] for firm in firms] == [Decimal("12.5"), Decimal(100), None, Decimal(100)]
    assert [house.stored("account", firm)["size_before"] for firm in firms] == [None, None, "хтозна", None]


def test_whoever_does_not_see_the_values_is_told_none_of_them(house: House, browser: SignIn) -> None:
    olena, andrii = browser("Olena"), browser("Andrii")
    assert publish(olena, "/configuration/account/add/text/", names("Таємне", "Secret", **{"class": "sensitive"})).status_code == 303
    house.make_many("account", [{"name": "А", "secret": "нікому"}])
    told = text_of(plan(andrii, "/configuration/account/field/secret/?type=integer", names("Таємне", "Secret", key="secret", **{"class": "sensitive"})))
    assert "нікому" not in told and "is not yours to know" in told
