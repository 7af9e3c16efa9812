"""Sums of uncertain amounts: exact in every future, and spread as theory says."""

from itertools import product
from math import sqrt
from statistics import NormalDist, fmean, pstdev

import pytest
from hypothesis import given, strategies as st

from crm.backoffice.reports.simulation import ALL, FUTURES, Futures, comes, least_of

amounts = st.lists(st.tuples(st.integers(-(10**17), 10**17), st.integers(0, ALL)), max_size=8)


def added(pairs: list[tuple[int, int]]) -> Futures:
    found = Futures.holding([amount for amount, _ in pairs])
    for amount, where in pairs:
        found.add(amount, where)
    return found


@given(amounts)
def test_every_future_is_the_plain_sum(pairs: list[tuple[int, int]]) -> None:
    plain = [sum(amount for amount, where in pairs if where >> n & 1) for n in reversed(range(FUTURES))]
    assert added(pairs).totals() == plain


@given(amounts, amounts)
def test_parts_add_up_to_the_whole_future_by_future(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    whole = Futures.holding([amount for amount, _ in (*one, *other)])
    parts = [Futures(len(whole.planes) - 1) for _ in range(2)]
    for part, pairs in zip(parts, (one, other), strict=True):
        for amount, where in pairs:
            part.add(amount, where)
        whole.join(part)
    assert whole.totals() == [a + b for a, b in zip(parts[0].totals(), parts[1].totals(), strict=True)]


@pytest.mark.parametrize("chance", [0.0, 0.001, 0.25, 0.5, 0.7, 0.999, 1.0])
def test_as_many_futures_come_as_the_chance_says(chance: float) -> None:
    shares = [comes(chance, seed, "7").bit_count() / FUTURES for seed in range(40)]
    error = sqrt(chance * (1 - chance) / FUTURES / len(shares))
    assert abs(fmean(shares) - chance) <= 5 * error + 2**-17
    if 0 < chance < 1:
        assert len(set(shares)) > 1


def test_luck_is_of_the_seed_and_the_name() -> None:
    assert comes(0.5, 1, "7") == comes(0.5, 1, "7")
    for (seed, name), (another, others) in product([(1, "7"), (2, "7"), (1, "8")], repeat=2):
        both = (comes(0.5, seed, name) & comes(0.5, another, others)).bit_count() / FUTURES
        assert both == pytest.approx(0.5 if (seed, name) == (another, others) else 0.25, abs=0.05)
    # Who is likelier comes wherever who is less likely comes: the same luck, a higher bar.
    assert comes(0.3, 1, "7") & ~comes(0.6, 1, "7") == 0


def test_the_spread_of_many_is_that_of_theory() -> None:
    deals = [(100 + n % 37, 0.1 + n % 8 / 10) for n in range(400)]
    found = added([(amount, comes(chance, 5, str(n))) for n, (amount, chance) in enumerate(deals)]).totals()
    expected, spread = sum(a * p for a, p in deals), sqrt(sum(a * a * p * (1 - p) for a, p in deals))
    assert fmean(found) == pytest.approx(expected, abs=4 * spread / sqrt(FUTURES))
    assert pstdev(found) == pytest.approx(spread, rel=0.07)
    for share in (0.1, 0.5, 0.9):
        assert least_of(found, share) == pytest.approx(NormalDist(expected, spread).inv_cdf(share), abs=spread / 8)


def test_the_least_total_of_a_share() -> None:
    assert [least_of([5, 1, 3, 2, 4], share) for share in (0, 0.1, 0.2, 0.21, 0.5, 0.9, 1)] == [1, 1, 1, 2, 3, 5, 5]
