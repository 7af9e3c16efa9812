"""Duties of deal teams ticked: of deals that are seen and that are not, by who may change them and who may not."""

from collections.abc import Iterator

from tests.leaks.questions import MISSING, Question, View, get, post, probe

RECORD = "/<entity>/<record_id>/"


@probe(RECORD + "duties")
def ticked(view: View) -> Iterator[Question]:
    duties = [*view.seen("deal_duty", 6), *view.unseen("deal_duty", 4), MISSING]
    for deal in view.seen("deal", 4):
        for duty in duties:
            yield post(RECORD + "duties", "deal", f"/deal/{deal}/duties", form={"done": str(duty)})
        yield get(RECORD + "state", "deal", f"/deal/{deal}/state")
    for deal in view.unseen("deal", 4):
        for duty in duties[:5]:
            asked = post(RECORD + "duties", "deal", f"/deal/{deal}/duties", form={"open": str(duty)}).expecting(403, 404)
            yield asked.just_as(post(RECORD + "duties", "deal", f"/deal/{MISSING}/duties", form={"open": str(duty)}), f"/{MISSING}/", f"/{deal}/")
