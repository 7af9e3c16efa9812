"""A rule that lets something stand once tells nobody of a row that he does not see."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm.backoffice import records
from crm.errors import Invalid
from tests.company import Company

EVERYTHING = {"scope": "all", "actions": ["read", "update"], "fields": {"*": "edit"}}
# Child, the field by which a row is seen or not, what it holds in an unseen one, and where it is refused.
ROWS = (
    ("deal_competitor", "offered_price", 5, "competitor"), ("deal_member", "share", Decimal("0.5"), "user"),
    ("interaction_participant", "note", "таємно", "contact"),
)


def test_what_stands_once_stands_twice_where_the_other_is_not_seen(company: Company) -> None:
    (account,), (rival,), (contact,) = (company.make(key, {"name": "А"}) for key in ("account", "competitor", "contact"))
    (deal,) = company.make("deal", {"name": "Угода"})
    medium, direction = company.option("interaction_medium", "call"), company.option("direction", "outbound")
    (talk,) = company.make("interaction", {"account": account, "medium": medium, "direction": direction, "planned_start": datetime.now(UTC), "subject": "Т"})
    colleague = company.person(name="Колега")
    same: dict[str, dict[str, Any]] = {
        "deal_competitor": {"deal": deal, "competitor": rival}, "interaction_participant": {"interaction": talk, "contact": contact},
        "deal_member": {"deal": deal, "user": colleague, "role": company.option("team_role", "lead")},
    }
    whole = [{"entity": key, **EVERYTHING} for key in ("deal", "interaction", "account", "contact", "competitor", "user")]
    partly = [{"entity": child, "actions": ["read", "create"], "scope": "all", "fields": {"*": "edit"}, "where": {"field": by, "op": "empty"}}
              for child, by, _, _ in ROWS]
    company.role("partly", *whole, *partly)
    person = company.person("partly")
    for child, by, value, refused_at in ROWS:
        company.make(child, {**same[child], by: value})
        for stands in (False, True):  # his own row is one that he sees
            with company.session(person) as session:
                if not stands:
                    records.create(session, child, same[child])
                    session.commit()
                    continue
                with pytest.raises(Invalid) as refused:
                    records.create(session, child, same[child])
                assert set(refused.value.fields) == {refused_at}
