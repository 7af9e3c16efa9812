"""Cases in JSON on the standard input, what SciPy, NumPy, scikit-learn and lifelines make of them on the standard output. Runs in an environment
of its own (`.reference`, see the Makefile), so that none of these large libraries is there while the product is tested."""

import json
import sys
from typing import Any

import numpy
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss


def wilson(part: int, whole: int, certainty: float) -> list[float]:
    found = binomtest(part, whole).proportion_ci(certainty, method="wilson")
    return [found.low, found.high]


def surviving_half(stays: list[tuple[int, bool]]) -> float | None:
    curve = KaplanMeierFitter().fit([days for days, _ in stays], [ended for _, ended in stays]).survival_function_
    found = median_survival_times(curve.round(12))  # a half by sums of logarithms may come out a little above it
    return None if found == float("inf") else float(found)


def quantile(values: list[int], share: float) -> float:
    return float(numpy.quantile(values, share))


def brier(pairs: list[tuple[float, bool]]) -> float:
    return float(brier_score_loss([came for _, came in pairs], [probability for probability, _ in pairs]))


def main() -> None:
    makers: dict[str, Any] = {made.__name__: made for made in (wilson, surviving_half, quantile, brier)}
    json.dump({name: [makers[name](*case) for case in cases] for name, cases in json.load(sys.stdin).items()}, sys.stdout)


if __name__ == "__main__":
    main()
