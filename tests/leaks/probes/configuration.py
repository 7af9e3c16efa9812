"""Pages on which data is set up: plans that name what is hidden, tried and never put in force."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

from tests.leaks.kept import WHERE
from tests.leaks.questions import Question, View, get, post, probe

HERE = "/configuration/"
OF = HERE + "<entity>/"
ENTITIES = ("account", "deal", "no_such")
FORMULA = {"amount": "deal", "revenue": "account", "margin": "deal", "employees": "account"}


def names(**more: str) -> dict[str, str]:
    return {"label_uk": "Нове", "label_en": "New one", "class": "internal", "step": "check", **more}


@probe(HERE, HERE + "new-entity/", OF, OF + "names/", OF + "remove")
def entities(view: View) -> Iterator[Question]:
    """Lists of what is configured, and new kinds of records that are planned and published over a version that never was."""
    for language in ("en", "uk"):
        yield get(HERE, "", HERE, lang=language)
    yield get(HERE + "new-entity/", "", HERE + "new-entity/")
    for step in ("check", "publish", "edit"):
        yield post(HERE + "new-entity/", "", HERE + "new-entity/", form=names(step=step, icon="coins", version="0"))
    for entity in (*ENTITIES, *(kind.key for kind in view.entities())):
        yield get(OF, entity if entity != "no_such" else "", f"{HERE}{entity}/")
        yield get(OF + "names/", "", f"{HERE}{entity}/names/").expecting(403, 404)
        for step in ("check", "publish"):
            yield post(OF + "names/", "", f"{HERE}{entity}/names/", form=names(step=step, icon="coins", version="0")).expecting(403, 404)
        yield post(OF + "remove", "", f"{HERE}{entity}/remove").expecting(403, 404)


@probe(OF + "add/", OF + "add/<type_>/", OF + "formula")
def new_fields(view: View) -> Iterator[Question]:
    """Fields worked out from what is hidden: formulas, roll-ups and defaults."""
    for entity in ENTITIES:
        of = entity if entity != "no_such" else ""
        yield get(OF + "add/", of, f"{HERE}{entity}/add/")
        for type_ in ("text", "picklist", "reference", "formula", "rollup", "no_such"):
            yield get(OF + "add/<type_>/", of, f"{HERE}{entity}/add/{type_}/")
        yield post(OF + "add/<type_>/", of, f"{HERE}{entity}/add/text/", form=names(unique="1", required="1", default="так"))
        yield post(OF + "add/<type_>/", of, f"{HERE}{entity}/add/text/", form=names(step="publish", version="0"))
    for key, entity in FORMULA.items():
        for text in (key, f"{key} * 2", f"if({key} > 1000, 1, 0)"):
            yield post(OF + "formula", entity, f"{HERE}{entity}/formula", f"{entity}.{key}", form={"formula": text})
            yield post(OF + "add/<type_>/", entity, f"{HERE}{entity}/add/formula/", f"{entity}.{key}", form=names(formula=text))
    for key in view.secret("deal")[:6]:
        for function in ("sum", "max", "last"):
            form = names(of="deal.account", function=function, field=f"deal:{key}")
            yield post(OF + "add/<type_>/", "account", f"{HERE}account/add/rollup/", f"deal.{key}", form=form)


@probe(OF + "rules")
def rules(view: View) -> Iterator[Question]:
    """Conditions of a field that ask for what is hidden, said in words while they are typed."""
    for entity in ENTITIES:
        of = entity if entity != "no_such" else ""
        for key in ("no_such", *(view.secret(of)[:6] if of else ())):
            where = json.dumps({"field": key, "op": "not_empty"})
            yield post(OF + "rules", of, f"{HERE}{entity}/rules", f"{entity}.{key}" if key != "no_such" else "", form={"required_if": where}, field=key)


@probe(OF + "field/<key>/", OF + "field/<key>/type/", OF + "field/<key>/remove")
def fields(view: View) -> Iterator[Question]:
    """The product's own fields have no such pages, whatever they hold."""
    for entity in ENTITIES:
        for key in ("name", "revenue", "amount", "no_such"):
            of = f"{HERE}{entity}/field/{key}/"
            yield get(OF + "field/<key>/", "", of).expecting(403, 404)
            yield post(OF + "field/<key>/", "", of, form=names(key=key)).expecting(403, 404)
            yield get(OF + "field/<key>/type/", "", of + "type/").expecting(403, 404)
            yield post(OF + "field/<key>/remove", "", of + "remove").expecting(403, 404)


@probe(OF + "check/", OF + "check/new", OF + "check/remove", OF + "check/condition")
def checks(view: View) -> Iterator[Question]:
    """Checks over what is hidden: said in words, planned, and published over a version that never was; those that stand, others' and none."""
    sentence = {"message_uk": "Так не можна", "message_en": "Not so"}
    for entity in ENTITIES:
        of, page = entity if entity != "no_such" else "", f"{HERE}{entity}/check/"
        yield get(OF + "check/new", of, page + "new")
        for name in ("large_has_code", "no_such", ""):
            yield get(OF + "check/", "", page, key=name).expecting(403, 404)
            yield post(OF + "check/remove", "", page + "remove", form={"step": "check"}, key=name).expecting(403, 404)
        yield get(OF + "check/", "", page, listed="1.0123456789abcdef").expecting(403, 404)
        for key in view.secret(of)[:6] if of else ():
            where = json.dumps({"field": key, "op": "not_empty"})
            yield post(OF + "check/condition", of, page + "condition", f"{entity}.{key}", form={"where": where})
            for step in ("check", "publish"):
                form = {**sentence, "step": step, "version": "0", "where": where, "field": key}
                yield post(OF + "check/new", of, page + "new", f"{entity}.{key}", form=form)
                yield post(OF + "check/", of, page, f"{entity}.{key}", form=form, key="no_such")
        for key in list(WHERE)[:9]:
            yield post(OF + "check/condition", of, page + "condition", form={"where": json.dumps({"not": {"saved": key}})})


@probe(OF + "layout/")
def layouts(view: View) -> Iterator[Question]:
    """Layouts that name what is hidden, for everybody, for a role and for none, planned and published over a version that never was."""
    for entity in ENTITIES:
        of, page = entity if entity != "no_such" else "", f"{HERE}{entity}/layout/"
        for role in ("", "seller", "no_such"):
            yield get(OF + "layout/", of, page, role=role)
            for step in ("columns-own", "check", "publish"):
                form = {"step": step, "version": "0", "columns": "name", "sort-1": "-revenue", "quick": "phone", "rest": "hidden", "order": "1"}
                yield post(OF + "layout/", of, page, form=form, role=role)
    for key in view.secret("deal")[:6]:
        yield post(OF + "layout/", "deal", f"{HERE}deal/layout/", f"deal.{key}", form={"step": "check", "columns": key, "sort-1": key})


@probe(HERE + "ready-packages/", HERE + "ready-packages/<key>")
def packages(view: View) -> Iterator[Question]:
    """Ready packages, compared and tried over a version that never was."""
    for language in ("en", "uk"):
        yield get(HERE + "ready-packages/", "", HERE + "ready-packages/", lang=language)
    for step in ("check", "publish"):
        form = {"step": step, "version": "0", "what": "all"}
        yield post(HERE + "ready-packages/<key>", "", HERE + "ready-packages/wholesale", form=form)


@probe(OF + "layout/preview")
def previews(view: View) -> Iterator[Question]:
    """Screens drawn of an arrangement that asks for what is hidden, in every column, order and section, as other roles and over every record."""
    rule = OF + "layout/preview"
    for entity in (*ENTITIES, "contact", "user"):
        of, page = entity if entity != "no_such" else "", f"{HERE}{entity}/layout/preview"
        secret = view.secret(entity)[:8] if of else []
        typed = [("row", "0"), ("row-key-0", ""), ("row-uk-0", "а"), ("row-en-0", "a")]
        typed += [pair for n, key in enumerate(secret, 1) for pair in (("row", str(n)), (f"row-key-{n}", key))]
        lists = [(part, key) for key in secret for part in ("columns", "face")]
        for screen in ("form", "card", "list", "board", "quick"):
            for role in ("", "owner", "seller", "no_such"):
                for arrangement in ([], typed, lists):
                    yield post(rule, of, page, form={"arrangement": urlencode(arrangement)}, screen=screen, **{"as": role})
            for record in ("1", "2", "3", "999999"):
                yield post(rule, of, page, form={"arrangement": ""}, screen=screen, record=record)
        for key in secret:
            yield post(rule, of, page, f"{entity}.{key}", form={"arrangement": urlencode([("sort-1", "-" + key)])}, screen="list")


@probe(OF + "layout/reset", HERE + "all-layouts/reset")
def resets(view: View) -> Iterator[Question]:
    """Layouts put back to standard, planned and published over a version that never was."""
    for step in ("check", "publish"):
        for entity in ENTITIES:
            of = entity if entity != "no_such" else ""
            yield post(OF + "layout/reset", of, f"{HERE}{entity}/layout/reset", form={"step": step, "version": "0"})
        for role in ("", "seller", "no_such"):
            yield post(HERE + "all-layouts/reset", "", HERE + "all-layouts/reset", form={"step": step, "version": "0"}, role=role)


@probe(HERE + "pick-lists/", HERE + "pick-list/")
def picklists(view: View) -> Iterator[Question]:
    """Lists of options that are one's own to change, others' and none."""
    yield get(HERE + "pick-lists/", "", HERE + "pick-lists/")
    for key in (*view.catalog.picklists, "no_such"):
        yield get(HERE + "pick-list/", "", HERE + "pick-list/", key=key)
        form = names(opt="0") | {"opt-uk-0": "Нове", "opt-en-0": "New"}
        yield post(HERE + "pick-list/", "", HERE + "pick-list/", form=form, key=key)


@probe(HERE + "saved-conditions/", HERE + "saved-condition/", HERE + "saved-condition/new", HERE + "saved-condition/remove")
def saved_conditions(view: View) -> Iterator[Question]:
    """Conditions under names, one's own, others' and none: planned, and published over a version that never was."""
    page = HERE + "saved-condition/"
    for language in ("en", "uk"):
        yield get(HERE + "saved-conditions/", "", HERE + "saved-conditions/", lang=language)
    for key in (*WHERE, "no_such"):
        yield get(page, "", page, key=key)
        yield post(page + "remove", "", page + "remove", form={"step": "check"}, key=key)
        for step in ("check", "publish"):
            yield post(page, "", page, form=names(step=step, version="0", where='{"all": []}'), key=key)
        yield get(HERE + "where-used/", "", HERE + "where-used/", condition=key)
    for entity in ENTITIES:
        of = entity if entity != "no_such" else ""
        yield get(page + "new", of, page + "new", entity=entity)
        for key in view.secret(of)[:6] if of else ():
            where = json.dumps({"field": key, "op": "not_empty"})
            yield post(page + "new", of, page + "new", f"{entity}.{key}", form=names(entity=entity, where=where))
        for key in list(WHERE)[:9]:
            yield post(page + "new", of, page + "new", form=names(entity=entity, where=json.dumps({"not": {"saved": key}})))


@probe(HERE + "draft/publish", HERE + "draft/throw-away")
def drafts(view: View) -> Iterator[Question]:
    """A kept change that names what is hidden, planned and thrown away; others' drafts are none."""
    text = names(step="keep", formula="revenue * 2", base="1")
    yield post(OF + "add/<type_>/", "account", f"{HERE}account/add/formula/", "account.revenue", form=text)
    yield post(HERE + "draft/publish", "", HERE + "draft/publish", form={"step": "check"}).expecting(403, 404)
    for number in ("1", "2", "x"):
        yield post(HERE + "draft/throw-away", "", HERE + "draft/throw-away", form={"id": number}).expecting(400, 403, 404)


@probe(HERE + "pick-list/merge")
def merges(view: View) -> Iterator[Question]:
    """Options merged: planned only, and not those of others' lists."""
    page = HERE + "pick-list/merge"
    for key in (*view.catalog.picklists, "no_such"):
        known = view.catalog.picklists.get(key)
        old, new = [one.key for one in known.options[:2]] if known and len(known.options) > 1 else ["a", "b"]
        yield get(page, "", page, key=key, option=old)
        yield post(page, "", page, form={"step": "check", "into": new}, key=key, option=old)


@probe(HERE + "where-used/")
def uses(view: View) -> Iterator[Question]:
    """What refers to things of all kinds, those that one may not configure too."""
    page = HERE + "where-used/"
    yield get(page, "", page)
    for entity in ENTITIES:
        yield get(page, entity if entity != "no_such" else "", page, entity=entity)
        for key in ("name", "revenue", "amount", "no_such"):
            yield get(page, "", page, field=f"{entity}.{key}")
    for key in (*view.catalog.picklists, "no_such"):
        yield get(page, "", page, picklist=key)
        known = view.catalog.picklists.get(key)
        for option in known.options[:3] if known else ():
            yield get(page, "", page, picklist=key, option=option.key)
    for stage in ("", "lead", "no_such"):
        yield get(page, "deal", page, pipeline="sales", stage=stage)
    for role in ("seller", "owner", "no_such"):
        yield get(page, "", page, role=role)


VERSION = HERE + "all-versions/<version>/"


@probe(HERE + "all-versions/", VERSION + "undo", VERSION + "take-back", HERE + "under-way/", HERE + "under-way/<number>/stop")
def versions(view: View) -> Iterator[Question]:
    """What was changed before, none of it data that one may configure."""
    yield get(HERE + "all-versions/", "", HERE + "all-versions/")
    yield get(HERE + "under-way/", "", HERE + "under-way/")
    yield post(HERE + "under-way/<number>/stop", "", HERE + "under-way/1/stop").expecting(403, 404)
    for version in (1, 2, 99999):
        yield post(VERSION + "undo", "", f"{HERE}all-versions/{version}/undo").expecting(403, 404)
        yield post(VERSION + "take-back", "", f"{HERE}all-versions/{version}/take-back").expecting(403, 404)


@probe(HERE + "all-pipelines/", HERE + "stages-of/", HERE + "new-pipeline/", HERE + "stages-of/merge")
def stages(view: View) -> Iterator[Question]:
    """Pipelines of records that are one's own to configure, others' and none; how many records stand in a stage."""
    yield get(HERE + "all-pipelines/", "", HERE + "all-pipelines/")
    yield get(HERE + "new-pipeline/", "", HERE + "new-pipeline/").expecting(403, 404)
    rows = {"opt": "0", "opt-uk-0": "Нове", "opt-en-0": "New", "opt-kind-0": "open"}
    yield post(HERE + "new-pipeline/", "", HERE + "new-pipeline/", form=names(entity="deal") | rows).expecting(403, 404)
    for key in ("sales", "no_such"):
        of = "deal" if key == "sales" else ""
        yield get(HERE + "stages-of/", of, HERE + "stages-of/", key=key)
        yield post(HERE + "stages-of/", of, HERE + "stages-of/", form=names() | rows, key=key)
        for stage in ("lead", "no_such"):
            yield get(HERE + "stages-of/merge", of, HERE + "stages-of/merge", key=key, stage=stage)
            yield post(HERE + "stages-of/merge", of, HERE + "stages-of/merge", form={"step": "check", "into": "qualified"}, key=key, stage=stage)


ASKING = HERE + "stages-of/asking"


@probe(ASKING, ASKING + "/drawn")
def stage_requirements(view: View) -> Iterator[Question]:
    """What stages ask for, of records that are one's own to configure and of none, with conditions over every field that is hidden."""
    for key, stage in (("sales", "qualified"), ("sales", "no_such"), ("no_such", "qualified")):
        of = "deal" if key == "sales" else ""
        yield get(ASKING, of, ASKING, key=key, stage=stage)
        for field in (*sorted(view.hidden("deal"))[:4], "name", "no_such"):
            row = {"req": "0", "req-side-0": "enter", "req-where-0": json.dumps({"field": field, "op": "not_empty"}), "req-uk-0": "А", "req-en-0": "A"}
            yield post(ASKING, of, ASKING, form={"step": "check", "leads": "any"} | row, key=key, stage=stage)
            yield post(ASKING + "/drawn", of, ASKING + "/drawn", form=row, key=key, stage=stage)


@probe(HERE + "number-masks/", HERE + "number-masks/<entity>/<key>/next/")
def masks(view: View) -> Iterator[Question]:
    """Patterns of numbers, as they stand and changed, and the next number of fields that have none."""
    page = HERE + "number-masks/<entity>/<key>/next/"
    for entity in ENTITIES:
        for key in ("name", "revenue", "no_such"):
            yield get(page, "", f"{HERE}number-masks/{entity}/{key}/next/").expecting(403, 404)
            yield post(page, "", f"{HERE}number-masks/{entity}/{key}/next/", form={"counter": "", "next": "5"}).expecting(403, 404)
    yield get(HERE + "number-masks/", "", HERE + "number-masks/")
    yield post(HERE + "number-masks/", "", HERE + "number-masks/", form={"step": "check", "mask-account.no_such": "{0}"})
