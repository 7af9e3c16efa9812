"""Quotes made, made anew, decided on, compared and printed: those that are seen and those that are not, by who may and who may not."""

from collections.abc import Iterator

from tests.leaks.questions import MISSING, Question, View, get, post, probe

RECORD = "/<entity>/<record_id>/"
DEEDS = ("version", "onto-deal", "decision")


@probe(RECORD + "sheet", RECORD + "sheet.pdf", RECORD + "compare")
def read(view: View) -> Iterator[Question]:
    """What stands on a card and on the sheet, and what changed between two versions."""
    seen, unseen = view.seen("quote", 8), view.unseen("quote", 4)
    for number in seen:
        for part in ("sheet", "state"):
            yield get(RECORD + part, "quote", f"/quote/{number}/{part}")
        yield get(RECORD + "sheet", "quote", f"/quote/{number}/sheet", **{"in": "en"})
        for other in (number - 1, number + 1, *unseen[:2], MISSING):
            yield get(RECORD + "compare", "quote", f"/quote/{number}/compare", **{"with": other})
    for number in seen[:2]:
        yield get(RECORD + "sheet.pdf", "quote", f"/quote/{number}/sheet.pdf", **{"in": "uk"})
    for number in unseen:
        for part in ("sheet", "sheet.pdf", "state", "compare"):
            asked = get(RECORD + part, "quote", f"/quote/{number}/{part}", **{"with": seen[0] if seen else 1}).expecting(403, 404)
            yield asked.just_as(get(RECORD + part, "quote", f"/quote/{MISSING}/{part}", **{"with": seen[0] if seen else 1}), f"/{MISSING}/", f"/{number}/")


@probe(RECORD + "quotes", RECORD + "version", RECORD + "onto-deal", RECORD + "decision")
def done(view: View) -> Iterator[Question]:
    """Of deals and quotes that are seen and that are not."""
    form = {"decision": "yes", "reason": "тому", "row_version": "1"}
    for number in view.seen("quote", 4):
        for deed in DEEDS:
            yield post(RECORD + deed, "quote", f"/quote/{number}/{deed}", form=form if deed == "decision" else {})
    for deal in view.seen("deal", 3):
        yield post(RECORD + "quotes", "deal", f"/deal/{deal}/quotes", form={})
    for number in view.unseen("quote", 3):
        for deed in DEEDS:
            asked = post(RECORD + deed, "quote", f"/quote/{number}/{deed}", form=form).expecting(403, 404)
            yield asked.just_as(post(RECORD + deed, "quote", f"/quote/{MISSING}/{deed}", form=form), f"/{MISSING}/", f"/{number}/")
    for deal in view.unseen("deal", 3):
        asked = post(RECORD + "quotes", "deal", f"/deal/{deal}/quotes", form={}).expecting(403, 404)
        yield asked.just_as(post(RECORD + "quotes", "deal", f"/deal/{MISSING}/quotes", form={}), f"/{MISSING}/", f"/{deal}/")
