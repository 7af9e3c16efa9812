"""Pages of rights: of roles that are seen and of none, looked at, drawn anew and posted; nothing of them changes a role."""

import json
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

from tests.leaks.questions import MISSING, Question, View, get, post, probe
from tests.leaks.sides import Answer, Side

ROLE = "/rights/role/<role_id>/"
PART = ROLE + "<entity>/"
ENTITIES = ("account", "deal", "interaction", "role")
STEPS = ("draw", "add", "deny", "drop-0")


@probe("/rights/", ROLE, PART)
def roles(view: View) -> Iterator[Question]:
    """Every page of some roles; the form of entities that are seen and of some that are not."""
    yield get("/rights/", "", "/rights/")
    yield get("/rights/", "", "/rights/", lang="uk")
    for number in [*view.seen("role", 8), MISSING]:
        yield get(ROLE, "role", f"/rights/role/{number}/")
        for entity in ENTITIES:
            yield get(PART, entity, f"/rights/role/{number}/{entity}/")
            yield get(PART, entity, f"/rights/role/{number}/{entity}/", heads={"HX-Request": "true"}, lang="uk")
    yield get(PART, "", f"/rights/role/{MISSING}/nothing/")


@probe(PART, ROLE + "together", ROLE + "undo/<version>")
def steps(view: View) -> Iterator[Question]:
    """A form with conditions over what is hidden, drawn anew and saved by a mark that is not the role's."""
    for number in [*view.seen("role", 3), MISSING]:
        for entity in ("account", "deal"):
            for key in [None, *view.secret(entity)[:4]]:
                for step in view.rng.sample(STEPS, 2):
                    yield post(PART, entity, f"/rights/role/{number}/{entity}/", *([f"{entity}.{key}"] if key else []), form=_form(entity, key, step))
                yield post(PART, entity, f"/rights/role/{number}/{entity}/", form=_form(entity, key, "save") | {"mark": "0" * 16})
        keys = [view.secret(entity)[0] if view.secret(entity) else None for entity in ("account", "deal")]
        parts = {f"part-{entity}": urlencode(_form(entity, key, "check")) for entity, key in zip(("account", "deal"), keys, strict=True)}
        yield post(ROLE + "together", "role", f"/rights/role/{number}/together", form=parts | {"step": "save"})
        said = f"deals and companies of role {number}, checked"
        yield Question(ROLE + "together", "deal", said, partial(_checked, number, parts), writes=True, method="POST")
        yield post(ROLE + "undo/<version>", "role", f"/rights/role/{number}/undo/1")
        yield Question(PART, "deal", f"the form of deals of role {number}, drawn anew", partial(_drawn, number), writes=True, method="POST")


def _form(entity: str, key: str | None, step: str) -> dict[str, str]:
    where = json.dumps({"field": key, "op": "not_empty"}) if key else ""
    shown = {f"mode-0-{key}": "read", f"if-0-{key}": where} if key else {}
    return {"rule": "0", "was-0": "", "effect-0": "allow", "action-0": "read", "scope-0": "all", "where-0": where, "rest-0": "read", "step": step, **shown}


def _drawn(number: int, side: Side) -> Answer:
    """With the mark that stands in the form, so that the step is taken."""
    path = f"/rights/role/{number}/deal/"
    page = side.send("GET", path, headers={"HX-Request": "true"})
    found = page.body.partition(b'name="mark" value="')[2].partition(b'"')[0].decode()
    return side.send("POST", path, data=_form("deal", "amount", "draw") | {"mark": found})


def _checked(number: int, parts: dict[str, str], side: Side) -> Answer:
    """With the marks that stand in the forms, so that the change is rehearsed; it is not saved."""
    marked = {}
    for entity in ("account", "deal"):
        page = side.send("GET", f"/rights/role/{number}/{entity}/", headers={"HX-Request": "true"})
        mark = page.body.partition(b'name="mark" value="')[2].partition(b'"')[0].decode()
        marked[f"part-{entity}"] = parts[f"part-{entity}"] + "&" + urlencode({"mark": mark})
    return side.send("POST", f"/rights/role/{number}/together", data=marked | {"step": "check"})


LOOKED_AT = ("/", "/account/", "/deal/", "/interaction/", "/user/", "/report/", "/deal/?sort=-amount", "/account/?search=а")


@probe("/rights/as/<user_id>/", "/rights/as/end")
def eyes(view: View) -> Iterator[Question]:
    """Another browser of the person looks with the eyes of others, of all that the company has, and comes back."""
    for person in [*view.oracle.rows["user"], MISSING]:
        yield get("/rights/as/<user_id>/", "user", f"/rights/as/{person}/")
        pages = [*LOOKED_AT, *(f"/{e}/{n}/" for e in ("account", "deal") for n in (*view.seen(e, 3), *view.unseen(e, 2)))]
        yield Question("/rights/as/<user_id>/", "user", f"the pages as person {person} sees them", partial(_looking, person, pages), writes=True, method="POST")
    yield post("/rights/as/end", "", "/rights/as/end")


def _looking(person: int, pages: list[str], side: Side) -> Answer:
    client = side.app.test_client()
    side.sign_in(client)
    token = side.token_of(side.send("GET", "/profile/", client=client))
    first = side.send("POST", f"/rights/as/{person}/", client=client, data={"csrf_token": token, "reason": "why"})
    answers = [first, *(side.send("GET", page, client=client) for page in pages)] if first.status == 303 else [first]
    answers.append(side.send("POST", "/rights/as/end", client=client, data={"csrf_token": token}))
    return Answer(first.status, b"".join(a.body for a in answers), tuple(h for a in answers for h in a.heads))


REVIEW = "/access-reviews/<review_id>/"
MINE = f"{REVIEW}mine/"
PARTS = {
    f"{REVIEW}hand-over": "hand-over", f"{REVIEW}call-off": "call-off", f"{REVIEW}sign": "sign", f"{MINE}<item_id>": "mine/1",
    f"{MINE}keep/<user_id>": "mine/keep/1",
}


@probe("/access-reviews/", "/access-reviews/new/", REVIEW, MINE, *PARTS)
def access_reviews(view: View) -> Iterator[Question]:
    """Reviews opened over people and roles that are seen, unseen and of none, all that the one who asks is told of them, and reviews of nobody."""
    yield get("/access-reviews/", "", "/access-reviews/")
    yield get("/access-reviews/new/", "", "/access-reviews/new/")
    for number in [*view.seen("user", 2), *view.unseen("user", 2), MISSING]:
        form = {"name": "Перегляд", "kind": "all", "deadline": "2026-10-05", "mode": "named", "first": str(view.me), "second": str(number)}
        yield post("/access-reviews/new/", "user", "/access-reviews/new/", form=form)
    for entity, kind in (("department", "department"), ("role", "roles")):
        for number in [*view.seen(entity, 1), *view.unseen(entity, 1), MISSING]:
            form = {"name": "Перегляд", "kind": kind, "deadline": "2026-10-05", "mode": "heads", entity if entity == "department" else "roles": str(number)}
            yield post("/access-reviews/new/", entity, "/access-reviews/new/", form=form)
    form = {"name": "Перегляд", "kind": "all", "deadline": "2026-10-05", "mode": "named", "first": str(view.me), "second": "1"}
    yield Question("/access-reviews/new/", "user", "a review by oneself, and all its pages", partial(_reviewed, form), writes=True, method="POST")
    for number in (1, 2, 3):
        yield get(REVIEW, "user", f"/access-reviews/{number}/")
        yield get(MINE, "user", f"/access-reviews/{number}/mine/", lang="uk")
        yield get(REVIEW, "user", f"/access-reviews/{number}/", format="csv")
    for endpoint, path in PARTS.items():
        form = {"from": "1", "to": "2", "decision": "keep", "comment": "так", "current": "wrong password"}
        yield post(endpoint, "", f"/access-reviews/{MISSING}/{path}", form=form).expecting(403, 404, 422)
        yield post(endpoint, "", f"/access-reviews/1/{path}", form=form)


def _reviewed(form: dict[str, str], side: Side) -> Answer:
    """Opened, looked at by its owner and as its reviewer, and everything of the first person kept."""
    first = side.send("POST", "/access-reviews/new/", data=form)
    pages = [side.send("GET", "/access-reviews/"), side.send("GET", "/access-reviews/?lang=uk"), side.send("GET", "/")]
    if first.status == 303:
        here = dict(first.heads)["Location"]
        pages += [side.send("GET", here + what) for what in ("", "mine/", "?format=csv")]
        pages += [side.send("POST", f"{here}mine/keep/1", data={"comment": "так"}), side.send("GET", f"{here}mine/")]
    return Answer(first.status, b"".join(page.body for page in (first, *pages)), tuple(head for page in (first, *pages) for head in page.heads))


@probe("/rights/who/<entity>/<record_id>/")
def viewers(view: View) -> Iterator[Question]:
    """Who sees records that are seen, unseen, and of none."""
    for kind in view.entities():
        for number in [*view.seen(kind.key, 4), *view.unseen(kind.key, 2), MISSING]:
            yield get("/rights/who/<entity>/<record_id>/", kind.key, f"/rights/who/{kind.key}/{number}/")
        for number in view.unseen(kind.key, 2):
            asked = get("/rights/who/<entity>/<record_id>/", kind.key, f"/rights/who/{kind.key}/{number}/")
            yield asked.just_as(get("/rights/who/<entity>/<record_id>/", kind.key, f"/rights/who/{kind.key}/{MISSING}/"), f"/{MISSING}/", f"/{number}/")


@probe("/rights/compare/")
def compared(view: View) -> Iterator[Question]:
    """Two roles and two people, seen and of none."""
    yield get("/rights/compare/", "", "/rights/compare/")
    some = [*view.seen("role", 4), MISSING]
    for left in some:
        yield get("/rights/compare/", "role", "/rights/compare/", kind="role", left=left, right=view.rng.choice(some))
    people = [*view.oracle.rows["user"], MISSING]
    for left in people:
        yield get("/rights/compare/", "user", "/rights/compare/", kind="user", left=left, right=view.rng.choice(people))
