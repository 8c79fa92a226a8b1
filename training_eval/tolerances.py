"""How much worse a candidate may measure than the champion before it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from training_eval.errors import DataMissing

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=1, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that are judged alike.

    Attributes:
        name: By which ``Limits`` overrides it.
        words: A metric whose name has one of these words belongs here.
        tolerance: Absolute, in the metric's unit.
    """

    name: str
    words: tuple[str, ...]
    tolerance: float

    def holds(self, metric: str) -> bool:
        """Whether a metric belongs here."""
        return any(
            re.search(rf"(?<!\w){re.escape(word)}(?!\w)", metric, re.IGNORECASE) for word in self.words
        )


ERRORS = (
    "APCER",
    "BPCER",
    "ACER",
    "APNRR",
    "BPNRR",
    "EER",
    "HTER",
    "FPIR",
    "FNIR",
    "FMR",
    "FNMR",
    "FAR",
    "FRR",
)
FAMILIES = (
    Family("AUC", ("AUC",), 0.002),
    Family("MAE", ("MAE", "absolute error"), 0.1),
    Family("AP", ("AP", "mAP"), 0.005),
    Family("TAR", ("TAR", "TPR", "TPIR", "recall", "precision"), 0.005),
    Family("accuracy", ("accuracy", "rank-1", "CS", "agreement"), 0.005),
    Family("error rate", (*ERRORS, "ECE", "error", "missed", "called", "not found"), 0.005),
)
"""The first that holds a metric counts: ``TAR at FAR 0.001`` is a rate of true accepts. MAE is in years, the others are
shares."""
RELATIVE = 0.005
"""Share of the champion's value for a metric of no family."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a candidate must keep to; every default can be replaced.

    Attributes:
        tolerances: By the name of a metric, or of its family: absolute, in the metric's unit.
        groups: Factor on the tolerance for parts of a set, which rest on fewer cases, and for the gaps between them.
        slower: A candidate may take so many times the champion's time, both beside the reference computation.
        larger: And be so many times as large.
        size_bytes: What all graphs together may hold, whoever is champion.
        reference_times: How many times the reference computation one item may take, whoever is champion.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    tolerances: Mapping[str, Amount] = field(default_factory=dict)
    groups: Factor = 2.0
    slower: Factor = 1.5
    larger: Factor = 1.5
    size_bytes: Annotated[int, Field(gt=0)] | None = None
    reference_times: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    def tolerance(self, metric: str, champion: float) -> float:
        """How much worse than ``champion`` a candidate may be on a whole set."""
        if metric in self.tolerances:
            return self.tolerances[metric]
        for family in FAMILIES:
            if family.holds(metric):
                return self.tolerances.get(family.name, family.tolerance)
        return RELATIVE * abs(champion)


def read_limits(text: str) -> Limits:
    """Limits from JSON: an object with any of their names.

    Raises:
        DataMissing: It is none, or names what there is not.
    """
    try:
        return TypeAdapter(Limits).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise DataMissing(f"These are no limits: {place}: {first['msg']}.") from error
