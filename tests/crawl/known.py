"""Which words on a screen are data: what people have typed into records stands there as they typed it, in any language."""

import re
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Engine, String, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.configuration import CompanySettings
from tests.crawl.allowed import FOREIGN, without_allowed

WORD = re.compile(r"\w+")
# Columns of words that the product chose, not a person: a label in the wrong language must not hide behind them.
OURS = re.compile(r"__\w+$|^(language|time_zone|theme|density|currency|country)$|^password")
CONFIGURING = frozenset({"calendar_day", "pipeline", "stage", "role", "rights", "membership", "recycle", "search"})
LONGEST = 60  # words of a stored text that are compared
Starts = dict[str, list[tuple[str, ...]]]  # first word → texts in words


class Known:
    """The stored texts of a company, to tell data from labels.

    Stages, pipelines and roles have a name in each language, and what is shown everywhere is the reader's: both are data only on
    the administrator's screens where they are typed.
    """

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self.told: dict[tuple[str, str, bool], list[str]] = {}  # of what has been looked at: most of a page stands on every page
        self.data: Starts = defaultdict(list)
        self.configuration: dict[str, Starts] = {}
        with engine.connect() as connection:
            _keep(self.data, connection.scalars(select(CompanySettings.__table__.c.name)))
            for entity in catalog.entities.values():
                named_twice = entity.declared.configuration or entity.key == "role"
                starts = self.configuration.setdefault(entity.key, defaultdict(list)) if named_twice else self.data
                for column in entity.table.columns:
                    if isinstance(column.type, String) and not OURS.search(column.name):
                        _keep(starts, connection.scalars(select(column).distinct()))

    def foreign(self, text: str, language: str, path: str = "/") -> list[str]:
        """The words of `text`, said at the address `path`, in the letters of the other language that are neither data nor allowed."""
        if not FOREIGN[language].search(text):
            return []
        asked = (text, language, re.split("[/?]", path.removeprefix("/board"))[1] in CONFIGURING)
        if asked not in self.told:
            self.told[asked] = self._foreign(*asked)
        return self.told[asked]

    def _foreign(self, text: str, language: str, configuring: bool) -> list[str]:
        on_screen = [self.data, *(self.configuration.values() if configuring else ())]
        cut = text.rstrip().endswith("…")
        words = WORD.findall(without_allowed(text, language))
        left: list[str] = []
        at = 0
        while at < len(words):
            taken = max((len(w) for starts in on_screen for w in starts.get(words[at], ()) if tuple(words[at : at + len(w)]) == w), default=0)
            if not taken and cut and _is_cut(self.data, words[at:]):
                break
            if not taken and FOREIGN[language].search(words[at]):
                left.append(words[at])
            at += taken or 1
        return left


def _keep(starts: Starts, texts: Iterable[str | None]) -> None:
    for text in texts:
        words = tuple(WORD.findall(text or "")[:LONGEST])
        if words:
            starts[words[0]].append(words)


def _is_cut(starts: Starts, rest: list[str]) -> bool:
    """Whether `rest` is the beginning of a stored text that was too long to show."""
    *whole, last = rest
    candidates = starts.get(rest[0], ()) if whole else [w for first, kept in starts.items() if first.startswith(last) for w in kept]
    return any(w[: len(whole)] == tuple(whole) and len(w) > len(whole) and w[len(whole)].startswith(last) for w in candidates)
