"""A run that is interrupted anywhere ends as an undisturbed one; a run that goes wrong says where."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from small_problem import SCHEDULE, SumProblem  # noqa: E402

from training_eval.errors import TrainingFailed  # noqa: E402
from training_eval.training import checkpoint  # noqa: E402
from training_eval.training.loop import device_of, train  # noqa: E402

TESTS = Path(__file__).parents[2]
Weights = Mapping[str, "torch.Tensor"]


class Interrupted(Exception):
    pass


def weights(folder: Path, **changes: object) -> Weights:
    schedule = replace(SCHEDULE, **changes)
    return train(SumProblem(), schedule, folder, device="cpu").state_dict()


def same(first: Weights, second: Weights) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return weights(tmp_path_factory.mktemp("undisturbed"))


def test_it_learns(tmp_path: Path) -> None:
    problem = SumProblem()
    before = problem.evaluate(problem.network().eval())["held out"]
    network = train(problem, replace(SCHEDULE, steps=150), tmp_path, device="cpu")
    assert not network.training
    assert problem.evaluate(network)["held out"] < 0.4 * before


def test_the_same_seed_gives_the_same_weights_and_another_others(
    tmp_path: Path, undisturbed: Weights
) -> None:
    assert same(weights(tmp_path / "same"), undisturbed)
    assert not same(weights(tmp_path / "other", seed=4), undisturbed)


@pytest.mark.parametrize("step", [1, 6, 7, 8, 30, 59])
def test_a_run_broken_off_anywhere_ends_with_the_same_weights(
    tmp_path: Path, undisturbed: Weights, step: int
) -> None:
    def on_step(done: int, values: Mapping[str, float]) -> None:
        if done == step:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(SumProblem(), SCHEDULE, tmp_path, device="cpu", on_step=on_step)
    steps: list[int] = []
    network = train(
        SumProblem(), SCHEDULE, tmp_path, device="cpu", on_step=lambda done, values: steps.append(done)
    )
    before = step - 1  # the checkpoint of a step is written after it was told
    assert steps[0] == before - before % SCHEDULE.checkpoint_every + 1
    assert same(network.state_dict(), undisturbed)


def test_a_killed_process_is_gone_on_with(tmp_path: Path, undisturbed: Weights) -> None:
    command = [sys.executable, str(TESTS / "small_problem.py"), str(tmp_path), "24"]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert checkpoint.load(tmp_path, identity(SCHEDULE)).step == 21
    assert same(weights(tmp_path), undisturbed)


def identity(schedule: object) -> Mapping[str, object]:
    return {"problem": "sum", **schedule.identity()}


def test_a_signal_ends_the_run_after_its_step_and_loses_nothing(tmp_path: Path, undisturbed: Weights) -> None:
    def on_step(step: int, values: Mapping[str, float]) -> None:
        if step == 12:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt, match=r"after step 1[23]"):
        train(SumProblem(), SCHEDULE, tmp_path, device="cpu", on_step=on_step)
    assert signal.getsignal(signal.SIGTERM) is before
    assert checkpoint.load(tmp_path, identity(SCHEDULE)).step in (12, 13)
    assert same(weights(tmp_path), undisturbed)


def test_a_finished_run_is_not_trained_again(tmp_path: Path, undisturbed: Weights) -> None:
    weights(tmp_path)
    problem, steps = SumProblem(), []
    network = train(
        problem, SCHEDULE, tmp_path, device="cpu", on_step=lambda step, values: steps.append(step)
    )
    assert (steps, problem.drawn) == ([], [])
    assert same(network.state_dict(), undisturbed)


def test_without_resuming_it_begins_again(tmp_path: Path, undisturbed: Weights) -> None:
    weights(tmp_path)
    steps: list[int] = []
    network = train(
        SumProblem(), SCHEDULE, tmp_path, device="cpu", resume=False, on_step=lambda i, v: steps.append(i)
    )
    assert steps == list(range(1, SCHEDULE.steps + 1))
    assert same(network.state_dict(), undisturbed)


def test_several_threads_make_the_same_batches_in_the_same_order(
    tmp_path: Path, undisturbed: Weights
) -> None:
    network = train(SumProblem(), SCHEDULE, tmp_path, device="cpu", workers=4)
    assert same(network.state_dict(), undisturbed)


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    weights(tmp_path)
    with pytest.raises(TrainingFailed):
        train(SumProblem(spoilt_seed=3), SCHEDULE, tmp_path / "spoilt", device="cpu")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batch")]


def test_it_trains_beside_the_main_thread_and_leaves_its_random_numbers_alone(
    tmp_path: Path, undisturbed: Weights
) -> None:
    found: list[Weights] = []
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    thread = threading.Thread(target=lambda: found.append(weights(tmp_path)))
    thread.start()
    thread.join(60)
    assert same(found[0], undisturbed)
    torch.testing.assert_close(torch.rand(3), expected)


@pytest.mark.parametrize("step", [0, 10])
def test_a_loss_that_is_no_number_ends_the_run_and_names_the_step(tmp_path: Path, step: int) -> None:
    with pytest.raises(TrainingFailed, match=f"loss of step {step} is nan") as error:
        train(SumProblem(spoilt_seed=step), SCHEDULE, tmp_path, device="cpu")
    assert error.value.details == {"step": step}
    kept = checkpoint.load(tmp_path, identity(SCHEDULE))
    assert (kept is None) if step == 0 else (kept is not None and kept.step == 7)
    if kept is not None:
        assert all(torch.isfinite(value).all() for value in kept.average.values())


class Steep(SumProblem):
    """The loss is a number, its gradient is not."""

    def loss(self, network: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        zero = network(batch["x"]).sum() * 0
        return {"loss": torch.sqrt(zero.abs())}


def test_a_gradient_that_is_no_number_ends_the_run_too(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="gradient of step 0"):
        train(Steep(), SCHEDULE, tmp_path, device="cpu")


def test_another_schedule_does_not_go_on_with_the_checkpoint(tmp_path: Path) -> None:
    weights(tmp_path)
    with pytest.raises(TrainingFailed, match="another network or schedule"):
        weights(tmp_path, rate=0.01)
    weights(tmp_path, minutes=5.0, checkpoint_every=50)


def test_minutes_end_a_run(tmp_path: Path) -> None:
    steps: list[int] = []
    schedule = replace(SCHEDULE, steps=1_000_000, minutes=0.003)
    train(SumProblem(), schedule, tmp_path, device="cpu", on_step=lambda step, values: steps.append(step))
    assert 0 < len(steps) < schedule.steps


def test_evaluations_are_reported_in_their_steps(tmp_path: Path) -> None:
    found: dict[int, Mapping[str, float]] = {}
    schedule = replace(SCHEDULE, evaluate_every=20)
    train(SumProblem(), schedule, tmp_path, device="cpu", on_step=found.__setitem__)
    assert [step for step, values in found.items() if "held out" in values] == [20, 40, 60]
    assert all({"loss", "largest"} <= values.keys() for values in found.values())


def test_auto_is_a_gpu_where_there_is_one() -> None:
    assert device_of("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
