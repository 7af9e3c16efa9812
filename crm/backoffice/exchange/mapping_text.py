"""A mapping written down: as the tree that `parse_mapping` takes, and as the YAML that the command line takes."""

from typing import Any

from crm.backoffice.exchange.mapping import FileForm, Mapping, Target
from crm.backoffice.outside import write_yaml


def as_tree(mapping: Mapping) -> dict[str, Any]:
    """The mapping as texts, lists and mappings; what is as usual is left out. `parse_mapping` gives the same mapping back."""
    tree: dict[str, Any] = {}
    if mapping.entity is not None:
        tree["entity"] = mapping.entity
    form = _form(mapping.file)
    if form:
        tree["file"] = form
    if mapping.match is not None:
        tree["match"] = list(mapping.match)
    if mapping.dates:
        tree["dates"] = list(mapping.dates)
    if mapping.zone:
        tree["zone"] = mapping.zone
    if mapping.decimal != ".":
        tree["decimal"] = mapping.decimal
    if mapping.scale:
        tree["scale"] = {name: format(factor, "f") for name, factor in mapping.scale.items()}
    if mapping.defaults:
        tree["defaults"] = dict(mapping.defaults)
    if mapping.columns is not None:
        tree["columns"] = {name: _targets(targets) for name, targets in mapping.columns.items()}
    if mapping.ignore:
        tree["ignore"] = sorted(mapping.ignore)
    return tree


def as_yaml(mapping: Mapping) -> str:
    """The mapping as a file."""
    return write_yaml(as_tree(mapping), width=120)


def _form(form: FileForm) -> dict[str, Any]:
    usual = FileForm()
    tree: dict[str, Any] = {
        key: getattr(form, key) for key in ("format", "encoding", "delimiter", "sheet") if getattr(form, key) != getattr(usual, key)
    }
    if tree.get("delimiter") == "\t":
        tree["delimiter"] = "tab"
    if not form.header:
        tree["header"] = "false"
    if form.empty != usual.empty:
        tree["empty"] = sorted(form.empty)
    return tree


def _targets(targets: tuple[Target, ...]) -> Any:
    written = [_target(one) for one in targets]
    return written[0] if len(written) == 1 else written


def _target(target: Target) -> Any:
    tree: dict[str, Any] = {"field": target.name}
    if target.by is not None:
        tree["by"] = target.by
    if target.missing is not None:
        tree["missing"] = target.missing
    if target.values:
        tree["values"] = dict(target.values)
    return target.name if len(tree) == 1 else tree
