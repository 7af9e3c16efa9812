"""Changes of the configuration as an administrator makes them: the form, its plan, its publishing, over the same addresses."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.live.browsers import Answer, Browser

REGISTER = "load_tender"


@dataclass(frozen=True)
class Change:
    """What is posted where; `adds` and `takes` are fields of the register that are there afterwards or no longer."""

    path: str
    typed: dict[str, Any]
    adds: str = ""
    takes: str = ""


def names(uk: str, en: str, **more: Any) -> dict[str, Any]:
    return {"label_uk": uk, "label_en": en, "class": "open", **more}


def first() -> Iterator[Change]:
    """The register itself, with a reference and an amount."""
    yield Change("/configuration/new-entity/", {**names("Тендер", "Load tender", icon="coins", area="sales"), "key": REGISTER})
    yield Change(f"/configuration/{REGISTER}/add/reference/", names("Замовник", "Customer", key="customer", to="account"))
    yield Change(f"/configuration/{REGISTER}/add/money/", names("Бюджет", "Budget", key="budget"), adds="budget")


def changes() -> Iterator[Change]:
    """Without end, five kinds in turn: an amount, a picklist with two values and colours, another name for the first; then the amount and
    the picklist of the round before go, so that the configuration stays of one size."""
    number = 0
    while True:
        number += 1
        amount, result = f"amount_{number}", f"result_{number}"
        said = names(f"Сума {number}", f"Amount {number}", key=amount)
        yield Change(f"/configuration/{REGISTER}/add/money/", said, adds=amount)
        yield Change("/configuration/account/add/picklist/", {
            **names(f"Підсумок {number}", f"Result {number}", key=result), "opt": ["0", "1"],
            "opt-uk-0": "Виграно", "opt-en-0": "Won", "opt-colour-0": "green", "opt-key-0": "won",
            "opt-uk-1": "Програно", "opt-en-1": "Lost", "opt-colour-1": "red", "opt-key-1": "lost",
        })
        yield Change(f"/configuration/{REGISTER}/field/{amount}/", names(f"Сума {number} нова", f"New amount {number}", key=amount))
        if number > 1:
            yield Change(f"/configuration/{REGISTER}/field/amount_{number - 1}/remove", {}, takes=f"amount_{number - 1}")
            yield Change(f"/configuration/account/field/result_{number - 1}/remove", {})


def publish(browser: Browser, change: Change) -> tuple[Answer, Answer]:
    """The plan, and the answer to its publishing. Raises AssertionError when either is refused."""
    plan = browser.post(change.path, {**change.typed, "step": "check"})
    assert plan.status == 200, said(plan)
    form = re.search(r'<form[^>]*id="publish".*?</form>', plan.body, re.DOTALL)
    assert form, said(plan)
    typed: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0]):
        typed.setdefault(html.unescape(name), []).append(html.unescape(value))
    typed.pop("csrf_token", None)
    done = browser.post(change.path, {**typed, "step": "publish", "agreed": "1"})
    assert done.status == 303, said(done)
    return plan, done


def said(answer: Answer) -> str:
    """What an unexpected page says, without markup."""
    pane = answer.body[max(answer.body.find("<main"), 0) :]
    return f"{answer.path}: {answer.status} {' '.join(html.unescape(re.sub(r'<[^>]+>', ' ', pane)).split())[:800]}"
