"""One graph in two sessions: which of them a run takes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.catalogue.card import ModelCard
from models.catalogue.detection import YUNET_N
from models.catalogue.recognition import MOBILEFACENET
from models.runtime.elastic import ElasticSession
from models.runtime.session import CPU, Floats, OrtSession, Pixels, Session, SessionOptions

WAIT_S = 10


class Told:
    """Answers with its own number, and keeps what it was asked."""

    def __init__(self, number: int, card: ModelCard = YUNET_N, provider: str = CPU) -> None:
        self.card = card
        self.provider = provider
        self.asked: list[Pixels] = []
        self._number = number

    def run(self, images: Pixels) -> Mapping[str, Floats]:
        self.asked.append(images)
        return {"number": np.full(len(images), self._number, np.float32)}


class Company:
    """Says what the test wants, and counts how often it is asked."""

    def __init__(self, alone: bool) -> None:
        self.alone = alone
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.alone


def number_of(session: Session, images: Pixels) -> float:
    (value,) = set(session.run(images)["number"].tolist())
    return float(value)


IMAGES = np.zeros((2, 4, 6, 3), np.uint8)
NARROW, WIDE = 1, 2


@pytest.mark.parametrize(("alone", "chosen"), [(True, WIDE), (False, NARROW)])
def test_a_run_alone_has_all_cores_and_a_run_in_company_one_thread(alone: bool, chosen: int) -> None:
    narrow, wide = Told(NARROW), Told(WIDE)
    assert number_of(ElasticSession(narrow, wide, Company(alone)), IMAGES) == chosen
    ran, idle = (wide, narrow) if alone else (narrow, wide)
    assert len(ran.asked) == 1
    assert ran.asked[0] is IMAGES
    assert idle.asked == []


def test_each_run_is_decided_anew_and_once() -> None:
    company = Company(alone=True)
    session = ElasticSession(Told(NARROW), Told(WIDE), company)
    chosen = []
    for company.alone in (True, False, False, True):
        chosen.append(number_of(session, IMAGES))
    assert chosen == [WIDE, NARROW, NARROW, WIDE]
    assert company.asked == 4


def test_nothing_is_asked_before_a_run() -> None:
    company = Company(alone=True)
    session = ElasticSession(Told(NARROW, MOBILEFACENET, "narrow's"), Told(WIDE, YUNET_N, "wide's"), company)
    assert session.card is MOBILEFACENET
    assert session.provider == "narrow's"
    assert company.asked == 0


def test_a_failure_of_the_chosen_session_is_handed_on() -> None:
    class Broken(Told):
        def run(self, images: Pixels) -> Mapping[str, Floats]:
            raise RuntimeError("broken")

    company = Company(alone=True)
    session = ElasticSession(Told(NARROW), Broken(WIDE), company)
    with pytest.raises(RuntimeError, match="broken"):
        session.run(IMAGES)
    company.alone = False
    assert number_of(session, IMAGES) == NARROW


def elastic(path: Path, alone: Company) -> ElasticSession:
    narrow, wide = (
        OrtSession(YUNET_N, path, SessionOptions(providers=(CPU,), threads=threads)) for threads in (1, 0)
    )
    return ElasticSession(narrow, wide, alone)


def pictures(count: int) -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (count, 64, 96, 3), dtype=np.uint8)


def test_both_sessions_give_the_same_answer(network: Path) -> None:
    company, images = Company(alone=True), pictures(3)
    session = elastic(network, company)
    wide = session.run(images)
    company.alone = False
    narrow = session.run(images)
    assert list(wide) == list(narrow) == ["maps", "mean"]
    for name, values in wide.items():
        np.testing.assert_allclose(values, narrow[name], rtol=1e-4, atol=1e-4)


def test_threads_that_come_and_go_get_their_own_answers(network: Path) -> None:
    company, images = Company(alone=False), pictures(4)
    session = elastic(network, company)
    expected = [session.run(images[i : i + 1])["mean"] for i in range(4)]
    together = threading.Barrier(4, timeout=WAIT_S)

    def ask(index: int) -> None:
        together.wait()
        for turn in range(20):
            company.alone = (turn + index) % 2 == 0
            answer = session.run(images[index : index + 1])["mean"]
            np.testing.assert_allclose(answer, expected[index], rtol=1e-4, atol=1e-4)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4), timeout=60)) == [None] * 4
