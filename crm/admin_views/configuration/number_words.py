"""The next number of a mask, in words."""

from crm.backoffice.saving.next_numbers import Next
from crm.messages import m, mn, render


def told(one: Next, language: str) -> str:
    """The number, and whether some before it are taken already."""
    if not one.text:
        return render(m("Thousands of the numbers that this pattern gives are taken already: choose another one."), language)
    shown = render(m("The next number: %(number)s", number=one.text), language)
    if not one.taken:
        return shown
    passed = mn(
        "%(num)s number of this pattern is taken already and passed over", "%(num)s numbers of this pattern are taken already and passed over", one.taken,
    )
    return f"{shown} · {render(passed, language)}"
