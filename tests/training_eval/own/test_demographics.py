from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from coloured_people import ColouredPeople, ColourSession  # noqa: E402
from drawn_canvases import drawn_bank  # noqa: E402

from models.catalogue.age_gender import AGE_GENDER_XCEPTION  # noqa: E402
from models.catalogue.card import Task  # noqa: E402
from models.catalogue.own import CARDS, FOLDER  # noqa: E402
from models.catalogue.serial import card_from_json, card_to_json  # noqa: E402
from models.processing.demographics import decode_demographics  # noqa: E402
from models.runtime.session import OrtSession  # noqa: E402
from models.runtime.store import WeightStore  # noqa: E402
from training_eval.own.crops import Pixels  # noqa: E402
from training_eval.own.demographics import (  # noqa: E402
    Apprentice,
    DemographicsProblem,
    Teacher,
    made_of,
    measure,
)
from training_eval.own.demographics_card import NAME, measured_card, plain_card, widened_errors  # noqa: E402
from training_eval.own.labelled import Answers  # noqa: E402
from training_eval.own.material import Material  # noqa: E402
from training_eval.own.resemblance import COLOUR, GREY, SAME, YEARS, answers, figures  # noqa: E402
from training_eval.settings import TrainingSettings  # noqa: E402

DIGEST = "0" * 64


def _teach(crops: Pixels) -> Answers:
    found = ColourSession(AGE_GENDER_XCEPTION).run(crops)
    inner = np.tile(found["embedding"], (1, 4)).astype(np.float16)
    return {"age": found["age"], "gender": found["gender"], "inner": inner}


def _problem() -> DemographicsProblem:
    return DemographicsProblem(drawn_bank(), _teach, size=16)


def test_a_step_s_batch_follows_from_its_state_alone() -> None:
    first, again, other = (_problem().batch(np.random.default_rng(seed), 8) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["images"], other["images"])


def test_answers_belong_to_their_crops() -> None:
    batch = _problem().batch(np.random.default_rng(2), 16)
    wanted = _teach(batch["images"].numpy())
    for name in ("age", "gender", "inner"):
        np.testing.assert_array_equal(batch[name].numpy(), wanted[name])


def test_the_student_learns_what_the_teacher_says() -> None:
    problem = _problem()
    torch.manual_seed(0)
    network = problem.network().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    seen = []
    for step in range(40):
        losses = problem.loss(network, problem.batch(np.random.default_rng(step), 16))
        optimiser.zero_grad()
        torch.autograd.backward(losses["loss"])
        optimiser.step()
        seen.append({name: float(value.detach()) for name, value in losses.items()})
    for name in ("age", "gender", "inner"):
        assert np.mean([losses[name] for losses in seen[-5:]]) < seen[0][name]


def test_the_evaluation_tells_years_and_genders() -> None:
    problem = _problem()
    with torch.no_grad():
        found = problem.evaluate(problem.network().eval())
    assert found["years to the teacher"] >= 0
    assert 0 <= found["same gender"] <= 1


@pytest.fixture(scope="module")
def drawn() -> ColouredPeople:
    return ColouredPeople()


def test_the_card_decodes_with_the_services_function(drawn: ColouredPeople) -> None:
    card = measured_card(DIGEST, ColourSession(plain_card(DIGEST), blur=0.5), drawn.material())
    assert card == card_from_json(card_to_json(card))
    assert (card.task, card.weights, card.recipe) == (Task.AGE_GENDER, (), "own")
    found = decode_demographics(np.array([33.0, 0.2, 0.8], np.float32), card)
    assert (found.age, found.gender) == (33.0, "female")
    assert found.low < 33 < found.high
    theirs = decode_demographics(np.array([33.0, 0.2, 0.8], np.float32), AGE_GENDER_XCEPTION)
    assert found.high - found.low > theirs.high - theirs.low
    assert card.finds
    assert any("make models" in line for line in card.misses)


def test_errors_are_the_teacher_s_and_the_years_between_both_of_the_worse_set(drawn: ColouredPeople) -> None:
    found = answers(drawn.material(), ColourSession(AGE_GENDER_XCEPTION, blur=0.7))
    apart = max(float(np.abs(given.own[:, 0] - given.other[:, 0]).mean()) for given in found.values())
    published = AGE_GENDER_XCEPTION.decoding["age_mae"]
    widened = widened_errors(found)
    assert [top for top, _ in widened] == [top for top, _ in published]  # type: ignore[attr-defined]
    for (_, own), (_, theirs) in zip(widened, published, strict=True):  # type: ignore[call-overload]
        assert own == pytest.approx(theirs + apart, abs=0.006)


def test_the_teacher_agrees_with_itself(drawn: ColouredPeople) -> None:
    found = figures(answers(drawn.material(), ColourSession(AGE_GENDER_XCEPTION)))
    assert [figure.value for figure in found if figure.metric == YEARS] == [0, 0]
    assert [figure.value for figure in found if figure.metric == SAME] == [1, 1]
    widened = widened_errors(answers(drawn.material(), ColourSession(AGE_GENDER_XCEPTION)))
    assert widened == AGE_GENDER_XCEPTION.decoding["age_mae"]


def test_an_interval_never_promises_more_than_the_people_allow(drawn: ColouredPeople) -> None:
    """30 pictures of 6 people that all agree say what 6 cases say: at least 54 %."""
    found = figures(answers(drawn.material(), ColourSession(AGE_GENDER_XCEPTION)))
    grey = next(f for f in found if f.metric == SAME and f.dataset.startswith(GREY))
    assert "95 % interval 0.541 to 1.000" in grey.dataset
    assert any(figure.dataset.startswith(COLOUR) for figure in found)


def test_a_trained_network_becomes_a_graph_that_its_card_describes(
    drawn: ColouredPeople, tmp_path: Path
) -> None:
    made = made_of(Apprentice().student.eval(), drawn.material())
    path = made.write(tmp_path)
    session = OrtSession(made.card, path)
    assert measure(drawn.material(), session) == made.card.measured
    outputs = session.run(np.zeros((2, 112, 112, 3), np.uint8))
    assert (outputs["age"].shape, outputs["gender"].shape) == ((2, 1), (2, 2))


@pytest.mark.published
def test_the_teacher_s_inner_values_are_what_its_heads_read(mirror: Path, tmp_path: Path) -> None:
    path = WeightStore(tmp_path, mirror=str(mirror), offline=True).resolve(AGE_GENDER_XCEPTION)
    crops = np.random.default_rng(1).integers(0, 256, (24, 112, 112, 3), dtype=np.uint8)
    found, wanted = Teacher(path)(crops), OrtSession(AGE_GENDER_XCEPTION, path).run(crops)
    np.testing.assert_allclose(found["age"], wanted["age"], atol=1e-4)
    np.testing.assert_allclose(found["gender"], wanted["gender"], atol=1e-6)
    assert found["inner"].shape == (24, 512)
    assert (found["inner"] >= 0).all()


@pytest.mark.published
@pytest.mark.photos
def test_the_shipped_graph_measures_as_its_card_says(mirror: Path, photos: Path, tmp_path: Path) -> None:
    settings = TrainingSettings(photos=photos, model_mirror=str(mirror), state_dir=tmp_path)
    if settings.faces is None:
        pytest.skip("FACESOCIAL_TEST_FACES is not set: no faces with identities")
    card = next(card for card in CARDS if card.name == NAME)
    session = OrtSession(card, FOLDER / card.file_name)
    found = measure(Material.of(settings), session)
    assert [(figure.metric, figure.source) for figure in found] == [
        (figure.metric, figure.source) for figure in card.measured
    ]
    for figure, said in zip(found, card.measured, strict=True):
        assert figure.value == pytest.approx(said.value, abs=0.02), figure
