"""Rates of learning, averages of weights and lines of progress."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from rich.console import Console  # noqa: E402

from training_eval.training.average import Average  # noqa: E402
from training_eval.training.progress import Progress  # noqa: E402
from training_eval.training.schedule import Schedule  # noqa: E402

SCHEDULE = Schedule(steps=1000, batch=8, rate=0.1, warmup=100)


def test_the_rate_climbs_and_falls() -> None:
    rates = [SCHEDULE.rate_at(step, 0.0) for step in range(1000)]
    assert rates[0] == pytest.approx(0.001, rel=1e-3)
    assert max(rates) == pytest.approx(0.1, rel=0.03)
    assert rates[:90] == sorted(rates[:90])
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert rates[500] == pytest.approx(0.05)
    assert 0 < rates[-1] < 1e-5


def test_minutes_make_it_fall_in_time() -> None:
    timed = replace(SCHEDULE, minutes=2.0)
    assert timed.rate_at(150, 60.0) == pytest.approx(0.05)
    assert timed.progress(150, 120.0) == 1.0
    assert timed.progress(999, 0.0) == pytest.approx(0.999)
    assert SCHEDULE.progress(150, 1e9) == pytest.approx(0.15)


def test_no_warm_up_begins_at_the_full_rate() -> None:
    assert replace(SCHEDULE, warmup=0).rate_at(0, 0.0) == pytest.approx(0.1)


def test_the_average_follows_slowly_and_counts_go_along() -> None:
    network = torch.nn.BatchNorm1d(2)
    average = Average(network, 0.9)
    with torch.no_grad():
        network.weight.fill_(3.0)
        network.num_batches_tracked.fill_(7)
    average.follow(network, 1000)
    own = average.network.state_dict()
    torch.testing.assert_close(own["weight"], torch.full((2,), 1.2))
    assert int(own["num_batches_tracked"]) == 7
    assert not average.network.training


def test_the_average_forgets_the_first_weights_at_once() -> None:
    network = torch.nn.Linear(1, 1)
    average = Average(network, 0.999)
    with torch.no_grad():
        network.weight.fill_(100.0)
    for step in range(1, 60):
        average.follow(network, step)
    assert float(average.network.state_dict()["weight"]) > 95


def test_without_a_decay_it_is_the_network() -> None:
    network = torch.nn.Linear(2, 2)
    average = Average(network, 0.0)
    with torch.no_grad():
        network.weight.fill_(5.0)
    average.follow(network, 10)
    assert torch.equal(average.network.state_dict()["weight"], network.weight)


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_shows_loss_and_step(terminal: bool) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=140)
    with Progress("face", SCHEDULE, console) as progress:
        progress.show(250, 1.0, {"loss": 0.125})
        progress.note(250, {"found": 0.97})
    shown = file.getvalue()
    assert "0.125" in shown
    assert "found 0.97" in shown
    assert "step 250" in shown
    assert terminal or "25.0%" in shown
