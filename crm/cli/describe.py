"""`flask describe`: what entities and fields there are, for scripts."""

from typing import Any

import click

from crm.backoffice.entities import Entity
from crm.cli.base import answer, command, kind_of, runtime


@command("describe")
@click.argument("entity", required=False)
@click.option("--format", "form", type=click.Choice(["json"]), default="json", show_default=True, help="Form of the answer.")
def describe(entity: str | None, form: str) -> None:
    """Print the description of ENTITY, or of every entity."""
    catalog = runtime().refresh()
    answer(description(kind_of(entity)) if entity else [description(e) for e in catalog.entities.values()])


def description(entity: Entity) -> dict[str, Any]:
    """An entity as scripts may rely on it: keys, types, labels in both languages, and how secret each field is."""
    return {
        "entity": entity.key,
        "label": entity.label.as_dict(),
        "fields": [
            {
                "key": key, "type": "formula" if spec.formula else "auto_number" if spec.numbering else spec.type, "label": spec.label.as_dict(),
                "required": spec.required, "unique": spec.unique, "reference": spec.target, "class": spec.sensitivity, "personal": spec.personal,
                **({"mask": spec.numbering} if spec.numbering else {}),
                **({"formula": spec.formula, "gives": spec.type} if spec.formula else {}),
            }
            for key, spec in entity.fields.items()
        ],
    }
