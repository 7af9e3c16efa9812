"""The demo company's segments: of each kind, over companies and over people."""

import json
from typing import Any

from sqlalchemy import select

from crm.backoffice.demo import Demo
from crm.contacts.segments import counting
from crm.contacts.segments.models import ACCOUNT, CONTACT, DYNAMIC, FROZEN

DYNAMIC_ONES: tuple[tuple[str, str, str, str, Any], ...] = (
    (ACCOUNT, "Великі клієнти", "Large customers", "Обіг за рік понад 20 млн", {"field": "revenue", "op": "gt", "value": "20000000"}),
    (ACCOUNT, "Давно не купували", "Quiet for long", "Угод, відкритих за останні 180 днів, немає",
     {"all": [{"field": "kind", "op": "eq", "value": "customer"},
              {"not": {"field": "deals.opened_on", "op": "within", "value": "last_180_days"}}]}),
    (ACCOUNT, "Виграли на мільйон", "A million won", "Сума виграних угод від мільйона",
     {"sum": "deals.amount", "where": {"field": "stage.kind", "op": "eq", "value": "won"}, "op": "ge", "value": "1000000"}),
    (CONTACT, "Люди без пошти", "People without e-mail", "Кому листа не надіслати", {"field": "email", "op": "empty"}),
)
STATIC_ONES = (
    (ACCOUNT, "Запрошені на осінню конференцію", "Invited to the autumn conference", 24), (ACCOUNT, "Пілот нового продукту", "Pilot of the new product", 9),
    (CONTACT, "Новорічні подарунки", "New Year gifts", 30),
)


def fill(demo: Demo) -> None:
    """Segments, with whoever is in them."""
    owners = _owners(demo)
    static = demo.create("segment", [
        {"name": uk, "name_en": en, "of": of, "owner": owners[n % len(owners)]} for n, (of, uk, en, _) in enumerate(STATIC_ONES)
    ])
    for number, (of, _, _, size) in zip(static, STATIC_ONES, strict=True):
        chosen = sorted(demo.chance.sample(_ids(demo, of), size))
        demo.create("segment_member", [{"segment": number, of: one} for one in chosen])
    dynamic = demo.create("segment", [
        {"name": uk, "name_en": en, "of": of, "kind": DYNAMIC, "description": why, "condition": json.dumps(node, ensure_ascii=False), "owner": owners[0]}
        for of, uk, en, why, node in DYNAMIC_ONES
    ])
    for number in dynamic:
        counting.count(demo.session, number)
    (frozen,) = demo.create("segment", [{"name": "Великі клієнти на початок кампанії", "name_en": "Large customers as the campaign began", "kind": FROZEN,
                                         "frozen_from": dynamic[0], "owner": owners[0]}])
    counting.freeze(demo.session, frozen)


def _ids(demo: Demo, of: str) -> list[int]:
    source = demo.session.table(of)
    return list(demo.session.execute(select(source.id).where(source.visible).order_by(source.id)).scalars())


def _owners(demo: Demo) -> list[int]:
    """Those who answer for companies, the busiest first."""
    source = demo.session.table(ACCOUNT)
    rows = demo.session.execute(select(source["owner"]).where(source.visible, source["owner"].is_not(None)).order_by(source.id)).scalars()
    counted: dict[int, int] = {}
    for owner in rows:
        counted[owner] = counted.get(owner, 0) + 1
    return sorted(counted, key=lambda owner: (-counted[owner], owner))
