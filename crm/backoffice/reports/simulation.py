"""What a sum of uncertain amounts may come to: each amount comes or does not, in thousands of imagined futures at once.

The futures lie side by side in the bits of large integers: bit n of a plane is one binary digit of what has been added up in the n-th future. So an
amount is added to all futures by a few dozen operations, and the sums are exact. Luck is drawn from a seed and the name of the amount alone: a deal is
as lucky in the sum of its owner as in that of the company, the sums of the parts add up to the whole future by future, and a seed gives the same on every
machine.
"""

from collections.abc import Sequence
from hashlib import shake_128
from math import ceil

FUTURES = 2_048
DIGITS = 16  # binary digits of a chance
ALL = (1 << FUTURES) - 1


def comes(chance: float, seed: int, name: str) -> int:
    """In which futures something of this chance comes: bit n is set where a fraction drawn for the n-th one lies below it."""
    if chance >= 1:
        return ALL
    limit = round(max(chance, 0.0) * (1 << DIGITS))
    width = FUTURES // 8
    luck = shake_128(f"{seed}/{name}".encode()).digest(DIGITS * width)
    below = 0
    for digit in range(DIGITS):  # from the last one: the first in which fraction and chance differ decides
        drawn = int.from_bytes(luck[digit * width : (digit + 1) * width])
        below = below | drawn if limit >> digit & 1 else below & drawn
    return below


class Futures:
    """What has been added up in each future: whole numbers, as long as their amounts together need no more than `width` binary digits and a sign."""

    def __init__(self, width: int) -> None:
        self.planes = [0] * (width + 1)

    @classmethod
    def holding(cls, amounts: Sequence[int]) -> "Futures":
        """With room for the sum of any of these amounts."""
        return cls(sum(map(abs, amounts)).bit_length())

    def add(self, amount: int, where: int) -> None:
        """Add the amount in the futures `where`."""
        self._add([where if amount >> place & 1 else 0 for place in range(len(self.planes))])

    def join(self, other: "Futures") -> None:
        """Add what the other has in each future; both have the same width."""
        self._add(other.planes)

    def _add(self, planes: Sequence[int]) -> None:
        carried = 0
        for place, (own, more) in enumerate(zip(self.planes, planes, strict=True)):
            either = own ^ more
            self.planes[place] = either ^ carried
            carried = own & more | carried & either

    def totals(self) -> list[int]:
        """The sum of each future."""
        digits = [f"{plane:0{FUTURES}b}" for plane in reversed(self.planes)]
        sign = 1 << len(self.planes) - 1
        return [(int("".join(of_one), 2) ^ sign) - sign for of_one in zip(*digits, strict=True)]


def least_of(totals: Sequence[int], share: float) -> int:
    """The least total that at least `share` of all futures do not exceed."""
    return sorted(totals)[max(ceil(share * len(totals)) - 1, 0)]
