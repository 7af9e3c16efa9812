"""With whom: the person and the company that the words of a line name, as far as its writer sees them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, case, literal, or_, select

from crm.backoffice.conditions.tree import Leaf
from crm.backoffice.guard import UserSession
from crm.backoffice.text import fold
from crm.contacts.cases import names, spelled, stems
from crm.contacts.interactions.spoken.line import Word

MOST_WORDS, MOST_FOUND, MOST_OTHERS = 10, 60, 5
SHORTEST = 3
LEGAL_FORMS = frozenset((
    "тов", "тзов", "фоп", "пп", "ат", "пат", "прат", "дп", "кп", "го", "нвп", "сп", "llc", "ltd", "inc", "jsc", "компанія", "компанії", "компанією", "фірма",
    "фірми", "фірмою",
))
_WORDS = re.compile(r"\w+")


class Named(NamedTuple):
    """A record by its name; of a person also where he works, as far as the writer sees it."""

    id: int
    name: str
    where: str = ""


@dataclass(frozen=True)
class Whom:
    """Whom a line names: the likeliest person and company; `others` the person (without a person, the company) may be as well, at most
    five of them and `more` beyond; `places` of the words that name somebody."""

    contact: Named | None = None
    account: Named | None = None
    others: tuple[Named, ...] = ()
    more: int = 0
    places: frozenset[int] = frozenset()


class _Match(NamedTuple):
    id: int
    name: str
    own: bool
    places: frozenset[int]


def whom(session: UserSession, rest: Sequence[Word]) -> Whom:
    """The person and the company that the rest of a line names. Four queries at most."""
    words = {n: fold(w.text) for n, w in enumerate(rest) if not w.leads}
    telling = {n: w for n, w in words.items() if len(w) >= SHORTEST and w not in LEGAL_FORMS}
    telling = dict(sorted(telling.items())[:MOST_WORDS])
    groups: dict[int, set[int]] = {}
    for n in telling:
        groups.setdefault(rest[n].group, set()).add(n)
    formal = {rest[n].group for n, w in words.items() if w in LEGAL_FORMS}
    people, firms = (_best(_matches(session, entity, telling), groups) for entity in ("contact", "account"))
    personal = [g for g in people if g not in formal and len(people[g][0].places) >= _count(firms.get(g))]
    person_group = max(personal, key=lambda g: _weight(people[g]), default=None)
    firm_group = max((g for g in firms if g != person_group), key=lambda g: _weight(firms[g]), default=None)
    account = firms[firm_group][0] if firm_group is not None else None
    found = people[person_group] if person_group is not None else []
    if found and account is not None:
        here = _workers(session, [m.id for m in found], {m.id for m in firms[firm_group or 0]})
        found = [m for m in found if m.id in here] or found
    told = found or (firms[firm_group] if firm_group is not None else [])
    where = _where(session, [m.id for m in told[: MOST_OTHERS + 1]]) if found else {}
    named = [Named(m.id, m.name, where.get(m.id, "")) for m in told[: MOST_OTHERS + 1]]
    places = (found[0].places if found else frozenset()) | (account.places if account else frozenset())
    places |= {n for n, w in words.items() if w in LEGAL_FORMS and any(rest[p].group == rest[n].group for p in places)}
    return Whom(
        named[0] if found else None, Named(account.id, account.name) if account else None, tuple(named[1:]), max(0, len(told) - MOST_OTHERS - 1), places,
    )


def _count(matches: Sequence[_Match] | None) -> int:
    return len(matches[0].places) if matches else 0


def _weight(matches: Sequence[_Match]) -> tuple[int, int]:
    return len(matches[0].places), -min(matches[0].places)


def _best(matches: Collection[_Match], groups: Mapping[int, set[int]]) -> dict[int, list[_Match]]:
    """Group of words → those whom most of its words name, one's own first."""
    found: dict[int, list[_Match]] = {}
    for group, places in groups.items():
        here = [m._replace(places=m.places & places) for m in matches if m.places & places]
        most = max((len(m.places) for m in here), default=0)
        if most:
            found[group] = sorted((m for m in here if len(m.places) == most), key=lambda m: (not m.own, m.name, m.id))
    return found


def _matches(session: UserSession, entity: str, words: Mapping[int, str]) -> list[_Match]:
    """Records in whose name stands a form of one of the words."""
    usable = session.sight.filterable(entity) if words and session.sight.may(entity, "read") else ()
    if "name" not in usable:
        return []
    source = session.table(entity)
    said = [or_(*(source.where(Leaf(("name",), "contains", stem)) for w in spelled(word) for stem in stems(w))) for word in words.values()]
    score: Any = literal(0)
    for one in said:
        score = score + case((one, 1), else_=0)
    own = case((source["owner"] == session.actor_id, 1), else_=0) if "owner" in usable else literal(0)
    query = select(source.id, source["name"], own).where(source.visible, or_(*said)).order_by(score.desc(), own.desc(), source.id).limit(MOST_FOUND)
    found = []
    for number, name, mine in session.execute(query):
        parts = _WORDS.findall(fold(name or ""))
        places = frozenset(n for n, word in words.items() if _stands_in(word, parts))
        if places:
            found.append(_Match(number, name, bool(mine), places))
    return found


def _stands_in(word: str, parts: Sequence[str]) -> bool:
    """Whether a word, or every part of a joined one («Полісся-Агро»), names a part of the name."""
    return all(any(names(part, piece) for part in parts) for piece in _WORDS.findall(word))


def _workers(session: UserSession, people: Sequence[int], accounts: Collection[int]) -> set[int]:
    """Those of the people who have a position in one of the companies."""
    if not {"contact", "account"} <= set(session.sight.filterable("position")):
        return set()
    positions = session.table("position")
    query = select(positions["contact"]).where(positions.visible, positions["contact"].in_(people), positions["account"].in_(sorted(accounts)))
    return set(session.scalars(query))


def _where(session: UserSession, people: Sequence[int]) -> dict[int, str]:
    """Where people work: the name of a company of each."""
    if not {"contact", "account"} <= set(session.sight.filterable("position")) or "name" not in session.sight.filterable("account"):
        return {}
    positions, accounts = session.table("position"), session.table("account")
    joined = positions.table.join(accounts.table, and_(accounts.id == positions["account"], accounts.visible))
    query = select(positions["contact"], accounts["name"]).select_from(joined).where(positions.visible, positions["contact"].in_(people))
    return {row[0]: row[1] for row in session.execute(query.order_by(positions.id.desc()))}
