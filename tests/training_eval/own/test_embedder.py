from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from coloured_people import ColouredPeople, ColourSession  # noqa: E402
from drawn_canvases import drawn_bank  # noqa: E402

from models.catalogue.card import Task  # noqa: E402
from models.catalogue.own import CARDS, FOLDER  # noqa: E402
from models.catalogue.recognition import MOBILEFACENET  # noqa: E402
from models.catalogue.serial import card_from_json, card_to_json  # noqa: E402
from models.processing.calibration import platt, threshold_at_far  # noqa: E402
from models.runtime.session import OrtSession  # noqa: E402
from models.runtime.store import WeightStore  # noqa: E402
from training_eval.own.crops import Pixels  # noqa: E402
from training_eval.own.embedder import (  # noqa: E402
    Apprentice,
    EmbeddingProblem,
    Teacher,
    made_of,
    measure,
)
from training_eval.own.embedder_card import NAME, measured_card, plain_card  # noqa: E402
from training_eval.own.embedder_figures import figures  # noqa: E402
from training_eval.own.embedder_thresholds import thresholds_of  # noqa: E402
from training_eval.own.labelled import Answers  # noqa: E402
from training_eval.own.material import Material, Part  # noqa: E402
from training_eval.own.verification import grey_people, pairs_of, strangers, within  # noqa: E402
from training_eval.settings import TrainingSettings  # noqa: E402

DIGEST = "0" * 64
PARTS: tuple[Part, ...] = ("training", "held back")
RATES = (0.1, 0.01, 0.001, 0.0001)


def _teach(crops: Pixels) -> Answers:
    """Vectors by mean colours; maps that tell which way a crop is turned."""
    vectors = ColourSession(MOBILEFACENET).run(crops)["embedding"].astype(np.float16)
    maps = np.zeros((len(crops), 2, 128, 7, 7), np.float16)
    for turned, pixels in enumerate((crops, crops[:, :, ::-1])):
        maps[:, turned, :3] = pixels.reshape(-1, 7, 16, 7, 16, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
    return {"vectors": vectors, "maps": maps}


def _problem() -> EmbeddingProblem:
    return EmbeddingProblem(drawn_bank(), _teach, size=16)


def test_a_step_s_batch_follows_from_its_state_alone() -> None:
    first, again, other = (_problem().batch(np.random.default_rng(seed), 8) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["images"], other["images"])


def test_a_mirrored_crop_keeps_its_vector_and_has_the_mirrored_map() -> None:
    problem = _problem()
    batch = problem.batch(np.random.default_rng(3), 16)
    wanted = _teach(batch["images"].numpy())
    np.testing.assert_array_equal(batch["maps"].numpy(), wanted["maps"][:, 0])
    plain = {pixels.tobytes(): row for row, pixels in enumerate(batch["images"].numpy())}
    assert len(plain) == 16
    turned = sum(not np.allclose(wanted["vectors"][n], batch["vectors"][n], atol=1e-3) for n in range(16))
    assert 2 <= turned <= 14, "about half of the crops are mirrored"


def test_the_student_learns_what_the_teacher_says() -> None:
    problem = _problem()
    torch.manual_seed(0)
    network = problem.network().train()
    assert isinstance(network, Apprentice)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3)
    cosines = []
    for step in range(25):
        losses = problem.loss(network, problem.batch(np.random.default_rng(step), 16))
        optimiser.zero_grad()
        torch.autograd.backward(losses["loss"])
        optimiser.step()
        cosines.append(float(losses["cosine"].detach()))
    assert np.mean(cosines[-3:]) < 0.6 * cosines[0]
    assert set(losses) == {"loss", "cosine", "relations", "maps"}


def test_the_evaluation_is_of_crops_that_are_not_trained_on() -> None:
    problem = _problem()
    with torch.no_grad():
        found = problem.evaluate(problem.network().eval())
    assert -1 <= found["cosine to the teacher"] <= 1
    trained = {crop.tobytes() for crop in problem.batch(np.random.default_rng(0), 16)["images"].numpy()}
    checked, _ = problem._check.get(np.arange(16))
    assert not trained & {crop.tobytes() for crop in checked}


@pytest.fixture(scope="module")
def drawn() -> ColouredPeople:
    return ColouredPeople()


def test_the_card_has_all_that_the_services_ask_for(drawn: ColouredPeople) -> None:
    session = ColourSession(plain_card(DIGEST), blur=0.5)
    card = measured_card(DIGEST, session, drawn.material())
    assert card == card_from_json(card_to_json(card))
    assert (card.task, card.weights, card.recipe) == (Task.FACE_RECOGNITION, (), "own")
    assert card.decoding["dimension"] == 128
    assert (card.crop, card.input.colour, card.input.width) == (MOBILEFACENET.crop, "BGR", 112)
    rates = ("0.1", "0.01", "0.001", "0.0001")
    assert tuple(card.thresholds) == rates
    found = [threshold_at_far(card.thresholds, float(rate)) for rate in rates]
    assert found == sorted(found)
    assert card.calibration is not None
    likelier, unlikelier = platt([0.99, -0.5], card.calibration.slope, card.calibration.intercept)
    assert likelier > 0.5 > unlikelier
    assert card.finds
    assert any("make models" in line for line in card.misses)


def test_figures_of_the_teacher_itself_are_those_of_the_teacher(drawn: ColouredPeople) -> None:
    teacher = ColourSession(MOBILEFACENET)
    found = {figure.metric: figure for figure in figures(drawn.material(), teacher, MOBILEFACENET.thresholds)}
    auc = found["verification AUC"]
    assert f"on the same pairs {auc.value:.4f}" in auc.dataset
    assert found["cosine to the vector of mobilefacenet, mean"].value == pytest.approx(1, abs=1e-4)


def test_a_worse_student_has_worse_figures(drawn: ColouredPeople) -> None:
    near, far = (
        {
            figure.metric: figure.value
            for figure in figures(
                drawn.material(), ColourSession(MOBILEFACENET, blur), MOBILEFACENET.thresholds
            )
        }
        for blur in (0.2, 2.0)
    )
    close = "cosine to the vector of mobilefacenet, mean"
    assert near[close] > far[close]


def test_the_threshold_is_the_highest_that_any_set_of_impostors_asks_for(drawn: ColouredPeople) -> None:
    session = ColourSession(MOBILEFACENET)
    material = drawn.material()
    found = thresholds_of(material, session)
    sets = [
        *(pairs_of(session, *grey_people(material, part)).impostors for part in PARTS),
        within(session, strangers(material, "held back")),
    ]
    for rate in RATES:
        asked = [float(scores.mean() + scores.std(ddof=1) * norm.ppf(1 - rate)) for scores in sets]
        assert found[f"{rate:g}"] == pytest.approx(min(1.0, max(asked)), abs=6e-4)


def test_a_trained_network_becomes_a_graph_that_its_card_describes(
    drawn: ColouredPeople, tmp_path: Path
) -> None:
    made = made_of(Apprentice().student.eval(), drawn.material())
    path = made.write(tmp_path)
    assert path.name == made.card.file_name
    session = OrtSession(made.card, path)
    assert measure(drawn.material(), session) == made.card.measured
    assert session.run(np.zeros((2, 112, 112, 3), np.uint8))["embedding"].shape == (2, 128)


@pytest.mark.published
def test_the_teacher_gives_the_published_vectors_and_the_maps_of_both_sides(
    mirror: Path, tmp_path: Path
) -> None:
    path = WeightStore(tmp_path, mirror=str(mirror), offline=True).resolve(MOBILEFACENET)
    crops = np.random.default_rng(1).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)
    teacher = Teacher(path)
    found, turned = teacher(crops), teacher(np.ascontiguousarray(crops[:, :, ::-1]))
    wanted = OrtSession(MOBILEFACENET, path).run(crops)["embedding"]
    np.testing.assert_allclose(found["vectors"], wanted, atol=1e-3)
    assert found["maps"].shape == (3, 2, 128, 7, 7)
    np.testing.assert_allclose(found["maps"][:, 1], turned["maps"][:, 0], atol=0.05)
    np.testing.assert_allclose(found["vectors"], turned["vectors"], atol=2e-3)


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
