"""From what was typed to what is in force: the plan is shown in words, then published; nothing that was typed gets lost on the way."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.configuration.plan_words import told
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.errors import BramaError, Conflict, Forbidden, Invalid, NotFound
from crm.messages import Message, m
from crm.rights.configuring import Making, Outdated, Unagreed, planned, publish

Answer = BaseResponse | str
Errors = Mapping[str, str]
Redraw = Callable[[Errors], str]
STEPS = ("csrf_token", "step", "version", "agreed")  # what belongs to the way and not to what was typed


@dataclass(frozen=True)
class Subject:
    """What is changed: the head of the plan page, where one goes from there, and where one arrives."""

    title: str
    parent: str
    parent_label: str
    done: str


def step() -> str:
    return request.form.get("step", "check")


def steps(making: Making, redraw: Redraw, subject: Subject) -> Answer:
    """One step: the plan of what was typed, or its publishing. `redraw` shows the form again, with what is wrong by the name of its control ("" for
    the whole)."""
    engine, me, note, missing = context.runtime().engine, context.access().user_id, "", False
    try:
        if step() == "publish":
            try:
                applied = publish(engine, context.catalog(), me, making, _version(), agreed="agreed" in request.form)
                if applied.changes:
                    published = say(m("Published: version %(version)s of the configuration", version=applied.version))
                    flash(published, f"success undo=/configuration/all-versions/{applied.version}/take-back")
                return redirect(subject.done, 303)
            except Outdated:
                note = say(m("Somebody else changed the configuration meanwhile. This is the plan over what is in force now."))
            except Unagreed:
                missing = True
        plan = planned(engine, context.catalog(), me, making)
    except NotFound:
        raise
    except BramaError as fault:
        return refused(redraw, wrong_in(fault), fault.status if isinstance(fault, Forbidden | Conflict) else 422)
    if not plan.changes:
        return refused(redraw, {"": say(m("Nothing would change."))}, 200)
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in STEPS]
    page = render_template(
        "admin/configuration/plan.html", subject=subject, lines=told(plan, context.reader().language), version=plan.version, loses=plan.loses, typed=typed,
        here=request.full_path.rstrip("?"), note=note, missing=missing,
    )
    return make_response(page, 409 if note else 422 if missing else 200)


def refused(redraw: Redraw, errors: Errors, status: int = 422) -> Answer:
    """The form again, with what is wrong."""
    return make_response(redraw(errors), status)


def wrong_in(fault: BramaError) -> dict[str, str]:
    """What is wrong, by the control at which it is said."""
    if isinstance(fault, Invalid) and fault.fields:
        return {key: say(why) for key, why in fault.fields.items()}
    inner = fault.message.params.get("what")
    if not isinstance(inner, Message):
        return {"": say(fault.message)}
    why = inner.params.get("why")
    if isinstance(why, Message):
        return {"default" if inner.id.startswith("the default") else "sources": say(why)}
    name = str(inner.params.get("name", "")) if inner.id.startswith("“%(name)s”") else ""
    return {f"{name}_uk" if name in ("label", "help", "plural") else name if re.fullmatch("[a-z_]+", name) else "": say(fault.message)}


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
