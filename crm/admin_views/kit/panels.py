"""A part of a record's card that an area makes itself; it is asked for once the card stands."""

_suffixes: dict[str, str] = {}


def panel_at(entity: str, suffix: str) -> None:
    """The cards of `entity` show what stands at `/<entity>/<number>/<suffix>` above their fields."""
    _suffixes[entity] = suffix


def panel(entity: str, record_id: int) -> str:
    """The address of the part of one record, "" for none."""
    return f"/{entity}/{record_id}/{_suffixes[entity]}" if entity in _suffixes else ""
