"""What deals must satisfy that are forecast, and what fills itself in."""

from collections.abc import Sequence

from crm.backoffice.guard import DataSession
from crm.backoffice.jobs import enqueue
from crm.backoffice.lowcode.pipelines import HEAVIEST, MOST_LEAST
from crm.backoffice.rules import Draft, before_save, when_changed
from crm.messages import m
from crm.sales.forecast import settling
from crm.sales.forecast.categories import CLOSED, MANUAL, PICKLIST
from crm.sales.forecast.recurring import MOST_MONTHS
from crm.sales.forecast.usual import category, usual
from crm.sales.rules import stage_of  # its rules come before these: a deal has its stage by then


@before_save("pipeline")
def history_in_bounds(draft: Draft) -> None:
    """What is inferred from past deals rests on at least one of them."""
    for key, most in (("history_weight", HEAVIEST), ("history_least", MOST_LEAST)):
        if draft[key] is not None and not 1 <= draft[key] <= most:
            draft.refuse(key, m("A whole number from 1 to %(most)s is expected here.", most=most))


@when_changed("pipeline", "probability_source", "history_weight", "history_least")
def deals_follow_their_pipeline(session: DataSession, drafts: Sequence[Draft]) -> None:
    """Where a pipeline takes probabilities from history its open deals are given them, but for those of which somebody has said one."""
    if any(d["probability_source"] != "stage" or not d.is_new for d in drafts):
        enqueue(session, settling.JOB, {})


@before_save("deal")
def probability_with_its_source(draft: Draft) -> None:
    """A deal has the probability of its stage, or of past deals where the pipeline says so, unless somebody gives one: that holds as long as the deal
    stays in the stage."""
    stage = stage_of(draft)
    if stage is None or not (draft.is_new or draft.changed("stage", "probability")):
        return
    here = usual(draft.session, stage)
    draft["history_probability"] = here.history
    if draft.changed("probability") and draft["probability"] is not None:
        draft["probability_source"] = here.source if draft["probability"] == here.probability else MANUAL
        return
    draft["probability"] = here.probability
    draft["probability_source"] = here.source if here.probability is not None else None


@before_save("deal")
def recurs_in_months(draft: Draft) -> None:
    """What recurs does so every 1 to 120 months, and no shorter than it takes to close; what does not has no end."""
    every, until = draft["recurs_every"], draft["recurs_until"]
    if every is not None and not 1 <= every <= MOST_MONTHS:
        draft.refuse("recurs_every", m("A whole number from 1 to %(most)s is expected here.", most=MOST_MONTHS))
    if until is not None and every is None:
        draft.refuse("recurs_every", m("Say after how many months it recurs, or leave out until when."))
    elif until is not None and draft["closed_on"] is not None and until < draft["closed_on"] and draft.takes("recurs_until", "closed_on"):
        draft.refuse("recurs_until", m("The last day is before the first."))


@before_save("deal")
def forecast_in_a_category(draft: Draft) -> None:
    """A deal is forecast in the category of its stage unless another is chosen; a won one counts as closed, a lost one is left out."""
    stage, options = stage_of(draft), draft.session.catalog.picklists[PICKLIST]
    if stage is None or not (draft.is_new or draft.changed("stage", "forecast_category")):
        return
    own = options.by_key(category(stage))
    if not draft.changed("forecast_category") or draft["forecast_category"] is None:
        draft["forecast_category"] = own.id if own is not None else None
        return
    chosen = options.by_id(draft["forecast_category"])
    if stage.values["kind"] != "open" and own is not None and chosen != own:
        draft.refuse("forecast_category", m("The deal is decided: in a forecast it counts as “%(category)s”.", category=own.label))
    elif stage.values["kind"] == "open" and chosen is not None and chosen.key == CLOSED:
        draft.refuse("forecast_category", m("Only a won deal counts as “%(category)s”.", category=chosen.label))
