"""Who looks: roles that hide each in another way, and those built-in ones from which something is hidden."""

from random import Random
from typing import Any

import yaml

import crm.models
from crm.backoffice.catalog import shape
from crm.standard import AREAS, HERE
from tests.factories.made import configuration
from tests.leaks.kept import meaning

assert crm.models
SEED = 5
MADE = configuration(shape(), SEED)  # what administrators have made

GENERATED = """
seller_no_revenue:  # one field hidden, one masked, one conditional
  - {entity: account, actions: [read, create, update, export, configure], scope: all, fields: {"*": edit, revenue: hidden, phone: masked, interests: hidden}}
  - {entity: contact, actions: [read, update, erase], scope: all, fields: {"*": edit, email: hidden, description: hidden}}
  - {entity: deal, actions: [read, update, export], scope: own, fields: {"*": edit, margin: {mode: read, where: {field: amount, op: lt, value: 10000}}}}
  - {entity: deal, effect: deny, actions: [delete], scope: all}
  - {entity: deal_line, actions: [read], scope: all, fields: {"*": read, price: hidden, discount: hidden}}
  - {entity: deal_member, actions: [read, update], scope: all, fields: {"*": edit, share: hidden}}
  - {entity: deal_competitor, actions: [read, update], scope: all, fields: {"*": edit, threat: hidden, offered_price: hidden}}
  - {entity: deal_duty, actions: [read, update], scope: all, fields: {"*": edit, user: hidden, due_on: hidden}}
  - {entity: quote, actions: [read, update], scope: all, fields: {"*": edit, deepest: hidden, description: hidden, valid_until: masked}}
  - {entity: quote_line, actions: [read], scope: all, fields: {"*": read, price: hidden, discount: hidden}}
  - {entity: product, actions: [read], scope: all, fields: {"*": read, price: masked}}
  - {entity: interaction, actions: [read, create, update, export], scope: all, fields: {"*": edit, planned_minutes: hidden, minutes: hidden, next_step: hidden,
     contact: hidden}}
  - {entity: interaction_participant, actions: [read, update], scope: all, fields: {"*": edit, present: hidden}}
  - {entity: segment, actions: [read, create, update, export], scope: all, fields: {"*": edit}}
  - {entity: segment_member, actions: [read, create, update, export], scope: all, fields: {"*": edit, note: hidden}}
own_only:  # records outside the scope
  - {entity: account, actions: [read, create, update, delete, export], scope: own, fields: {"*": edit}}
  - {entity: contact, actions: [read, create, update, delete, erase], scope: own, fields: {"*": edit}}
  - {entity: position, actions: [read, update], scope: all, fields: {"*": edit}}
  - {entity: contact_point, actions: [read, create, update], scope: all, fields: {"*": edit}}
  - {entity: deal, actions: [read, create, update, delete, export], scope: own, fields: {"*": edit}}
  - {entity: deal_line, actions: [read, export], scope: all, fields: {"*": read}}
  - {entity: deal_member, actions: [read, create, update, delete, export], scope: all, fields: {"*": edit}}
  - {entity: deal_duty, actions: [read, create, update, delete, export], scope: all, fields: {"*": edit}}
  - {entity: deal_competitor, actions: [read, create, update, delete, export], scope: all, fields: {"*": edit}}
  - {entity: stage_history, actions: [read], scope: all, fields: {"*": read}}
  - {entity: quote, actions: [read, create, update, delete, export], scope: own, fields: {"*": edit}}
  - {entity: quote_line, actions: [read, create, update, delete], scope: all, fields: {"*": edit}}
  - {entity: discount_limit, actions: [read], scope: all, fields: {"*": read}}
  - {entity: product, actions: [read], scope: all, fields: {"*": read}}
  - {entity: product_category, actions: [read], scope: own, fields: {"*": read}}
  - {entity: interaction, actions: [read, create, update, delete, export], scope: own, fields: {"*": edit}}
  - {entity: interaction_participant, actions: [read, create, update, export], scope: all, fields: {"*": edit}}
  - {entity: segment, actions: [read, create, export], scope: all, fields: {"*": edit}}
  - {entity: segment, actions: [read, update, delete], scope: own, fields: {"*": edit}}
  - {entity: segment_member, actions: [read, create, update, delete, export], scope: all, fields: {"*": edit}}
department:  # a department, and one's own people beyond it
  - {entity: user, actions: [read], scope: department, fields: {"*": read, phone: hidden, email: masked}}
  - {entity: account, actions: [read, update, export], scope: department_tree, fields: {"*": edit}}
  - {entity: contact, actions: [read, export], scope: department, fields: {"*": read}}
  - {entity: deal, actions: [read, update, export], scope: department, fields: {"*": edit, probability: hidden}}
  - {entity: deal, actions: [read], scope: own, fields: {"*": read, cost: read}}
  - {entity: deal_line, actions: [read, update], scope: all, fields: {"*": edit}}
  - {entity: product, actions: [read], scope: all, fields: {name: read, code: read}}
  - {entity: interaction, actions: [read, update, export], scope: department, fields: {"*": edit, agreed: hidden}}
  - {entity: interaction, actions: [read], scope: own, fields: {"*": read, planned_start: hidden}}
  - {entity: segment, actions: [read, export], scope: department, fields: {"*": read, description: hidden}}
  - {entity: segment_member, actions: [read, export], scope: all, fields: {"*": read}}
masked:  # much is masked, everywhere
  - {entity: user, actions: [read], scope: all, fields: {"*": read, name: masked, email: masked, phone: masked}}
  - {entity: account, actions: [read, export], scope: all, fields: {"*": read, name: masked, phone: masked, tax_code: masked, revenue: masked, city: masked,
     interests: masked}}
  - {entity: product_category, actions: [read], scope: own, fields: {"*": read}}
  - {entity: contact, actions: [read, export], scope: all, fields: {"*": masked, code: read}}
  - {entity: contact_point, actions: [read], scope: all, fields: {"*": read, value: masked}}
  - {entity: position, actions: [read], scope: all, fields: {"*": read, title: masked}}
  - {entity: deal, actions: [read, export], scope: all, fields: {"*": read, amount: masked, account: hidden, next_step: masked}}
  - {entity: interaction, actions: [read, export], scope: all, fields: {"*": read, name: masked, subject: masked, minutes: masked, actual_minutes: masked,
     held_at: masked}}
  - {entity: interaction_participant, actions: [read], scope: all, fields: {"*": read, note: masked}}
  - {entity: segment, actions: [read, export], scope: all, fields: {"*": read, name: masked, name_en: hidden}}
  - {entity: segment_member, actions: [read, export], scope: all, fields: {"*": read, since: masked}}
conditional:  # fields that show on some records only, and records by a condition
  - {entity: user, actions: [read], scope: all, fields: {"*": read}}
  - {entity: account, actions: [read, update, export], where: {saved: prompt}, fields: {"*": edit,
     interests: {mode: edit, where: {field: payment_days, op: lt, value: 8}}}}
  - {entity: product_category, actions: [read], scope: department_tree, fields: {"*": read}}
  - {entity: deal, actions: [read, update, export], scope: all, fields: {"*": edit, amount: {mode: edit, where: {saved: unlikely}},
     margin: {mode: read, where: {field: name, op: contains, value: "1"}}, next_step: {mode: masked, where: {field: probability, op: lt, value: "0.5"}}}}
  - {entity: deal_line, actions: [read], scope: all, fields: {"*": read, amount: {mode: read, where: {field: quantity, op: lt, value: 3}}}}
  - {entity: quote, actions: [read], scope: all, fields: {"*": read, total: {mode: read, where: {field: version, op: lt, value: 2}}, decision: read}}
  - {entity: quote_line, actions: [read], scope: all, fields: {"*": read, amount: {mode: read, where: {field: quantity, op: lt, value: 3}}}}
  - {entity: product, actions: [read], scope: all, fields: {"*": read, cost: {mode: read, where: {field: active, op: eq, value: true}}}}
  - {entity: interaction, actions: [read, update, export], scope: all, fields: {"*": edit,
     agreed: {mode: edit, where: {saved: short}},
     planned_minutes: {mode: read, where: {field: actual_minutes, op: lt, value: 45}}}}
  - {entity: segment, actions: [read, create, update, export], scope: all, fields: {"*": edit}}
  - {entity: segment_member, actions: [read, create, update, export], scope: all, fields: {"*": edit,
     note: {mode: edit, where: {field: how, op: eq, value: hand}}}}
denied:  # a wide role, less what denials take
  - {entity: user, actions: [read], scope: all, fields: {"*": read}}
  - {entity: account, actions: [read, create, update, delete, export], scope: all, fields: {"*": edit}}
  - {entity: account, effect: deny, actions: [read], where: {saved: of_odesa}}
  - {entity: account, effect: deny, actions: [read], scope: all, fields: {credit_limit: hidden}}
  - {entity: deal, actions: [read, update, export], scope: all, fields: {"*": edit, margin: read, cost: read}}
  - {entity: deal, effect: deny, actions: [read], scope: own, fields: {margin: hidden}}
  - {entity: deal, effect: deny, actions: [export], scope: all, fields: {amount: hidden}}
  - {entity: product, actions: [read], scope: all, fields: {"*": read}}
  - {entity: role, actions: [read, update], scope: all, fields: {"*": read}}
  - {entity: interaction, actions: [read, create, update, delete, export], scope: all, fields: {"*": edit}}
  - {entity: interaction, effect: deny, actions: [read], scope: own, fields: {objections: hidden}}
  - {entity: interaction, effect: deny, actions: [read], scope: all, fields: {postponed_from: hidden}}
  - {entity: segment, actions: [read, create, update, delete, export], scope: all, fields: {"*": edit}}
  - {entity: segment, effect: deny, actions: [read], where: {field: description, op: contains, value: "0.3"}}
  - {entity: segment_member, actions: [read, create, update, export], scope: all, fields: {"*": edit}}
"""
BUILT_IN = ("administrator", "head", "seller", "clerk", "approver")


def generated() -> dict[str, list[dict[str, Any]]]:
    """Role → its rules, those over what administrators have made by chance."""
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(GENERATED)
    for role, given in found.items():
        _over_made(given, Random(f"{SEED}:{role}"))
    return found


def _over_made(given: list[dict[str, Any]], chance: Random) -> None:
    """One of the made fields of each of the product's entities is kept from the role; of the registers some fields, and often records."""
    for rule in given:
        made = sorted(MADE["fields"].get(rule["entity"], ()))
        if made and "*" in rule.get("fields", ()):
            rule["fields"][chance.choice(made)] = chance.choice(("hidden", "masked"))
    for entity, said in MADE["entities"].items():
        typed = sorted(key for key, one in said["fields"].items() if one["type"] not in ("formula", "rollup"))
        hidden, masked, shown = chance.sample(typed, 4), chance.choice(typed), chance.choice(typed)
        modes: dict[str, Any] = {"*": "edit", masked: "masked", shown: {"mode": "edit", "where": {"field": "f_integer", "op": "lt", "value": 40}}}
        modes |= dict.fromkeys(hidden, "hidden")
        given.append({
            "entity": entity, "actions": ["read", "create", "update", "export", *chance.sample(["delete"], chance.randint(0, 1))],
            "scope": chance.choice(("all", "all", "own", "department")), "fields": modes,
        })


def rules() -> dict[str, list[dict[str, Any]]]:
    """Role → its rules as they stand in a configuration file, built-in ones too, with what saved conditions say in their place."""
    standard: dict[str, Any] = {}
    for area in AREAS:
        standard |= yaml.safe_load((HERE / area / "standard.yaml").read_text()).get("roles") or {}
    return meaning(generated()) | {key: standard[key]["rules"] for key in BUILT_IN}


def document() -> str:
    """The generated roles as a configuration file."""
    roles = {key: {"label": {"uk": key, "en": key}, "rules": given} for key, given in generated().items()}
    return yaml.safe_dump({"roles": roles}, allow_unicode=True)
