"""From what was typed to what is in force: the plan is shown in words, then published; nothing that was typed gets lost on the way."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.configuration import clash_words, decisions
from crm.admin_views.configuration.beside import base, beside, version_in
from crm.admin_views.configuration.choices import sight
from crm.admin_views.configuration.plan_words import told
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.rights.rehearsal_words import Told, told as effects_in_words
from crm.backoffice.lowcode.drafts import Draft, stamp as stamp_of, subjects
from crm.errors import BramaError, Conflict, Forbidden, Invalid, NotFound
from crm.messages import Message, m
from crm.rights.configuration_drafts import forgetting, keep, kept
from crm.rights.configuring import Making, Outdated, Plan, Raw, Unagreed, of_pieces, planned, publish
from crm.rights.drafted import grounds, named
from crm.rights.rehearsal import SECONDS, rehearse

Answer = BaseResponse | str
Errors = Mapping[str, str]
Redraw = Callable[[Errors], str]
STEPS = ("csrf_token", "step", "version", "agreed", "stamp")  # what belongs to the way and not to what was typed


@dataclass(frozen=True)
class Subject:
    """What is changed: the head of the plan page, where one goes from there, and where one arrives."""

    title: str
    parent: str
    parent_label: str
    done: str


def step() -> str:
    return request.form.get("step", "check")


def changed(said: Raw, redraw: Redraw, subject: Subject) -> Answer:
    """One step with what a form says of one thing: its plan, its publishing, or keeping it as a draft."""
    engine, catalog, me = context.runtime().engine, context.catalog(), context.access().user_id
    under = grounds(said, kept(engine, catalog, me), catalog)
    making = of_pieces([*((one.said, one.base) for one in under), (said, base())])
    if step() == "keep":
        return _kept(making, said, redraw, subject)
    return steps(making, redraw, subject, *(one.said for one in under), said, may_keep=True, under=under, stamp=stamp_of(under) if under else "")


def _kept(making: Making, said: Raw, redraw: Redraw, subject: Subject) -> Answer:
    engine, catalog, me = context.runtime().engine, context.catalog(), context.access().user_id
    try:
        planned(engine, catalog, me, making)
        keep(engine, catalog, me, subject.title, here(), typed(), said, base(), version_in("draft"))
    except NotFound:
        raise
    except BramaError as fault:
        return refused(redraw, wrong_in(fault), fault.status if isinstance(fault, Forbidden) else 422)
    flash(say(m("Kept as a draft: nobody else sees it until you publish.")), "success")
    waiting = next((key for key in sorted(named(said)) if key not in catalog.entities), "")
    return redirect(f"/configuration/{waiting}/" if waiting else "/configuration/", 303)


def steps(
    making: Making, redraw: Redraw, subject: Subject, *saids: Raw, may_keep: bool = False, under: Sequence[Draft] = (), stamp: str = "",
) -> Answer:
    """One step: the plan of what was typed, or its publishing. `redraw` shows the form again, with what is wrong by the name of its control ("" for
    the whole); `saids` is what a form or a draft says, none of it for an undo. `under` are kept changes that are published with it, and `stamp` says
    how kept changes stand: those that have changed since the plan was shown are shown anew first."""
    engine, me, note, missing = context.runtime().engine, context.access().user_id, "", False
    try:
        if step() == "publish" and request.form.get("stamp", "") != stamp:
            note = say(m("Your draft has changed since this plan was shown, perhaps in another tab. This is the plan of it as it is now."))
        elif step() == "publish":
            try:
                closing = forgetting(me, saids) if saids else None
                applied = publish(engine, context.catalog(), me, making, version_in("version"), agreed="agreed" in request.form, closing=closing)
                if applied.changes:
                    published = say(m("Published: version %(version)s of the configuration", version=applied.version))
                    flash(published, f"success undo=/configuration/all-versions/{applied.version}/take-back")
                if applied.waiting is not None:
                    flash(say(m("The values of many records are copied first; the change comes into force by itself when that is done.")), "success")
                    return redirect("/configuration/all-versions/", 303)
                return redirect(subject.done, 303)
            except Outdated:
                note = say(m("Somebody else has changed the same meanwhile. This is the plan over what is in force now."))
            except Unagreed:
                missing = True
        plan = planned(engine, context.catalog(), me, making)
    except NotFound:
        raise
    except BramaError as fault:
        return refused(redraw, wrong_in(fault), fault.status if isinstance(fault, Forbidden | Conflict) else 422)
    if not plan.changes:
        return refused(redraw, {"": say(m("Nothing would change."))}, 200)
    language = context.reader().language
    page = render_template(
        "admin/configuration/plan.html", subject=subject, lines=told(plan, language), version=plan.version, loses=plan.loses,
        typed=[*_undecided(_going_on(plan.version) if plan.clashes else typed()), *([("stamp", stamp)] if stamp else [])], under=[one.title for one in under],
        decided=[one for one in typed() if decisions.is_one(one[0])], here=here(), note=note, missing=missing,
        clashes=[clash_words.told(one, plan.before, language) for one in plan.clashes], may_keep=may_keep,
        rehearsals=_rehearsed(plan), told=beside(*(one for said in saids for one in subjects(said))).told if saids else (),
    )
    return make_response(page, 409 if note or plan.clashes else 422 if missing else 200)


def _rehearsed(plan: Plan) -> list[tuple[str, Told | None]]:
    """What changed rules, or a changed condition that they use, do to those who hold a role, by the role's name."""
    engine, catalog, language = context.runtime().engine, context.catalog(), context.reader().language
    found = []
    for new in plan.roles:
        one = rehearse(
            engine, plan.before, new.id, new.code, new.rules, asker=sight(), seconds=SECONDS / len(plan.roles), over=new.over, unclear=new.unclear,
        )
        found.append((new.label.text(language), effects_in_words(one, catalog, language, new, plan.after) if one is not None else None))
    return found


def typed() -> list[tuple[str, str]]:
    """What was typed, control by control."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in STEPS]


def _undecided(some: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same without what the page asks for itself."""
    return [(name, value) for name, value in some if not decisions.is_one(name)]


def _going_on(version: int) -> list[tuple[str, str]]:
    """The same, by somebody who has seen what stands at `version`."""
    return [*((name, value) for name, value in typed() if name != "base"), ("base", str(version))]


def here() -> str:
    return request.full_path.rstrip("?")


def refused(redraw: Redraw, errors: Errors, status: int = 422) -> Answer:
    """The form again, with what is wrong."""
    return make_response(redraw(errors), status)


def refused_page(subject: Subject, errors: Errors) -> str:
    """Where nothing was typed: what is wrong, alone."""
    return render_template("admin/configuration/refused.html", subject=subject, errors=errors)


def wrong_in(fault: BramaError) -> dict[str, str]:
    """What is wrong, by the control at which it is said."""
    if isinstance(fault, Invalid) and fault.fields:
        return {key: say(why) for key, why in fault.fields.items()}
    inner = fault.message.params.get("what")
    if not isinstance(inner, Message):
        return {"": say(fault.message)}
    why = inner.params.get("why")
    if isinstance(why, Message) and inner.id.startswith("the rule"):  # of a field, perhaps of another one than this form is of
        return {"": say(fault.message)}
    if isinstance(why, Message) and inner.id.startswith("the condition"):
        return {"where": say(fault.message)}
    if isinstance(why, Message) and not inner.id.startswith("“%(value)s” for"):
        return {"default" if inner.id.startswith("the default") else "sources": say(why)}
    name = str(inner.params.get("name", "")) if inner.id.startswith("“%(name)s”") else ""
    return {f"{name}_uk" if name in ("label", "help", "plural") else name if re.fullmatch("[a-z_]+", name) else "": say(fault.message)}
