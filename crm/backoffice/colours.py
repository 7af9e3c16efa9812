"""The colours of options and stages, and how each is called."""

from collections.abc import Mapping

from crm.messages import Label

COLOUR_WORDS: Mapping[str, Label] = {
    "": Label("без кольору", "no colour"), "grey": Label("сірий", "grey"), "blue": Label("синій", "blue"), "azure": Label("блакитний", "azure"),
    "indigo": Label("індиго", "indigo"), "purple": Label("фіолетовий", "purple"), "pink": Label("рожевий", "pink"), "red": Label("червоний", "red"),
    "orange": Label("помаранчевий", "orange"), "yellow": Label("жовтий", "yellow"), "lime": Label("лаймовий", "lime"), "green": Label("зелений", "green"),
    "teal": Label("бірюзовий", "teal"), "cyan": Label("ціановий", "cyan"),
}
COLOURS = tuple(COLOUR_WORDS)
