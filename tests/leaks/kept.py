"""Saved conditions of the company: over what one role or another hides, some of them in others."""

from typing import Any

WHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "prompt": ("account", {"field": "payment_days", "op": "lt", "value": 15}),
    "rich": ("account", {"field": "revenue", "op": "gt", "value": "500000"}),
    "trusted": ("account", {"field": "credit_limit", "op": "lt", "value": "40000"}),
    "called": ("account", {"field": "phone", "op": "contains", "value": "7"}),
    "of_odesa": ("account", {"field": "city", "op": "eq", "value": "Одеса"}),
    "served": ("account", {"count": "deals", "where": {"saved": "dear"}, "op": "ge", "value": 1}),
    "told": ("account", {"field": "description", "op": "contains", "value": "0.3"}),
    "rich_or_not": ("account", {"any": [{"saved": "rich"}, {"saved": "trusted"}]}),
    "dear": ("deal", {"field": "amount", "op": "gt", "value": "9000"}),
    "gainful": ("deal", {"field": "margin", "op": "gt", "value": "2000"}),
    "unlikely": ("deal", {"field": "probability", "op": "lt", "value": "0.5"}),
    "next": ("deal", {"field": "next_step", "op": "contains", "value": "1"}),
    "of_the_rich": ("deal", {"not": {"field": "account.revenue", "op": "gt", "value": "300000"}}),
    "both": ("deal", {"all": [{"saved": "gainful"}, {"not": {"saved": "dear"}}]}),
    "written": ("contact", {"field": "email", "op": "contains", "value": "3"}),
    "old": ("contact", {"field": "birth_date", "op": "lt", "value": "1975-01-01"}),
    "short": ("interaction", {"field": "actual_minutes", "op": "lt", "value": 30}),
    "minuted": ("interaction", {"field": "minutes", "op": "contains", "value": "5"}),
    "costly": ("product", {"field": "cost", "op": "gt", "value": "250"}),
    "many": ("deal_line", {"field": "quantity", "op": "lt", "value": 3}),
}


def document() -> dict[str, Any]:
    """As a configuration file says them."""
    return {"conditions": {key: {"entity": entity, "label": {"uk": key, "en": key}, "where": where} for key, (entity, where) in WHERE.items()}}


def meaning(raw: Any) -> Any:
    """A condition, a rule or many of them with what saved ones say in their place: for who knows no names."""
    if isinstance(raw, dict):
        return meaning(WHERE[raw["saved"]][1]) if set(raw) == {"saved"} else {key: meaning(value) for key, value in raw.items()}
    return [meaning(one) for one in raw] if isinstance(raw, list) else raw
