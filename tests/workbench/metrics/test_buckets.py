"""Quantiles of histograms, against every observation laid out, and against Prometheus itself."""

from __future__ import annotations

import math
import random
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from workbench.metrics.buckets import Buckets

BOUNDS = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
LIMIT_S = 60


def random_buckets(seed: int, observations: int = 200) -> Buckets:
    chance = random.Random(seed)
    values = [chance.expovariate(chance.choice((0.3, 5, 50))) for _ in range(observations)]
    counts = [float(sum(value <= bound for value in values)) for bound in BOUNDS]
    return Buckets((*BOUNDS, math.inf), (*counts, float(observations)), sum(values))


def laid_out(buckets: Buckets, share: float) -> float:
    """Each bucket's observations at equal distances in it, the last one at its end; the infinite one at its start."""
    places: list[float] = []
    below = 0
    for (low, high), upto in zip(pairwise((0.0, *buckets.bounds)), buckets.counts, strict=True):
        inside = int(upto) - below
        step = 0.0 if math.isinf(high) else (high - low) / max(inside, 1)
        places += [low + step * number for number in range(1, inside + 1)]
        below = int(upto)
    return places[round(share * len(places)) - 1]


@pytest.mark.parametrize("seed", range(20))
def test_a_quantile_is_that_of_observations_spread_over_their_buckets(seed: int) -> None:
    buckets = random_buckets(seed)
    for share in (0.005, 0.25, 0.5, 0.9, 0.95, 0.995, 1.0):
        assert buckets.quantile(share) == pytest.approx(laid_out(buckets, share), rel=1e-9)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_prometheus_says_the_same(tmp_path: Path) -> None:
    series, asked = [], []
    for seed in range(12):
        buckets = random_buckets(seed, observations=3 + 17 * seed)
        for bound, count in zip(buckets.bounds, buckets.counts, strict=True):
            le = "+Inf" if math.isinf(bound) else f"{bound:g}"
            series.append({"series": f'h_bucket{{seed="{seed}",le="{le}"}}', "values": f"{count:g}"})
        for share in (0.5, 0.95):
            expected = {"labels": f'{{seed="{seed}"}}', "value": buckets.quantile(share)}
            expr = f'histogram_quantile({share}, h_bucket{{seed="{seed}"}})'
            asked.append({"expr": expr, "eval_time": "0m", "exp_samples": [expected]})
    tests = {"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": asked}]}
    (tmp_path / "quantiles.yml").write_text(yaml.safe_dump(tests))
    command = ["promtool", "test", "rules", str(tmp_path / "quantiles.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ends_of_the_scale() -> None:
    assert Buckets((1.0, math.inf), (0.0, 4.0), 80.0).quantile(0.5) == 1.0
    assert Buckets((0.0, 1.0, math.inf), (4.0, 4.0, 4.0), 0.0).quantile(0.5) == 0.0
    assert Buckets((1.0, math.inf), (0.0, 0.0), 0.0).quantile(0.5) is None
    assert Buckets((1.0, 2.0), (1.0, 2.0), 3.0).quantile(0.5) is None
    assert Buckets((), (), 0.0).quantile(0.5) is None
    assert Buckets((), (), 0.0).mean is None
    for share in (0.0, -1.0, 1.01, math.nan):
        with pytest.raises(ValueError, match="no share"):
            random_buckets(1).quantile(share)
