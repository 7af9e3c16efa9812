"""What a funnel has counted of the deals of one value of its dimensions."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from crm.backoffice.worth import Place
from crm.sales.funnel.view import Stages

Worth = dict[Place, Decimal | None]  # money by its currency and the day of its rate


@dataclass
class Group:
    """The deals of one value of the dimensions. By place of a stage: which entered it, furthest reached, lost and open, how often stays lasted so
    many minutes; what those are worth that got that far and no further, `None` for those that reached none, and what the won are worth."""

    deals: int = 0
    won: int = 0
    lost_of_all: int = 0
    entered: Counter[int] = field(default_factory=Counter)
    furthest: Counter[int | None] = field(default_factory=Counter)
    furthest_won: Counter[int | None] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    open: Counter[int] = field(default_factory=Counter)
    worth: defaultdict[int | None, Worth] = field(default_factory=lambda: defaultdict(dict))
    won_worth: Worth = field(default_factory=dict)
    finished: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    unfinished: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def reached(self, place: int) -> int:
        """How many got as far as the stage at `place`, or further."""
        return sum(number for far, number in self.furthest.items() if far is not None and far >= place)

    def reached_and_won(self, place: int) -> int:
        return sum(number for far, number in self.furthest_won.items() if far is not None and far >= place)

    def worth_from(self, place: int) -> Worth:
        """What the deals are worth that got as far as `place`."""
        found: Worth = {}
        for far, amounts in self.worth.items():
            if far is not None and far >= place:
                add(found, amounts)
        return found

    def take_in(self, stages: Stages, entered: frozenset[int], stands: int | None, came_from: int | None, number: int, worth: Worth) -> None:
        """Add deals that went the same way: which stages of the pipeline they entered, where they stand and, if lost, from where."""
        places = stages.places
        named = [places[stage] for stage in entered if stage in places]
        far = max(named, default=None)
        self.deals += number
        self.furthest[far] += number
        self.entered.update(dict.fromkeys(named, number))
        add(self.worth[far], worth)
        if stands in stages.lost:
            self.lost_of_all += number
            if came_from in places:
                self.lost[places[came_from]] += number
        elif stands in stages.won:
            self.won += number
            add(self.won_worth, worth)
            self.furthest_won[far] += number
        elif stands in places:
            self.open[places[stands]] += number

    def join(self, other: "Group") -> None:
        """Take in the deals of another group; of how long they stood a whole says nothing."""
        self.deals, self.won, self.lost_of_all = self.deals + other.deals, self.won + other.won, self.lost_of_all + other.lost_of_all
        for name in ("entered", "furthest", "furthest_won", "lost", "open"):
            getattr(self, name).update(getattr(other, name))
        for far, amounts in other.worth.items():
            add(self.worth[far], amounts)
        add(self.won_worth, other.won_worth)


def add(to: Worth, amounts: Worth) -> None:
    """Add amounts to others; where one of the two is not known, the other stands."""
    for currency, amount in amounts.items():
        before = to.get(currency)
        to[currency] = amount if before is None else before if amount is None else before + amount
