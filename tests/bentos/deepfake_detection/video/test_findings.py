from __future__ import annotations

import io
import pickle
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bentos.deepfake_detection.video.findings import FORMAT, Findings, UnreadableFindings
from models.processing.similarity import unit
from models.processing.tracking import Observation


def observation(frame: int, score: float = 0.25, described: bool = True) -> Observation:
    looks = unit(np.random.default_rng(frame).standard_normal(128).astype(np.float32)) if described else None
    return Observation(frame, frame / 2, (10.5, 20.25, 100.0, 120.0), score, looks)


def findings(*seen: Observation, pictures: dict[int, bytes] | None = None, frames: int = 20) -> Findings:
    return Findings("2/20/x", {frame: frame / 2 for frame in range(frames)}, list(seen), pictures or {})


def test_what_was_found_comes_back() -> None:
    found = findings(
        *(observation(frame, frame / 7, frame % 3 > 0) for frame in (0, 1, 1, 5)),
        pictures={0: b"one", 3: b"another"},
    )
    back = Findings.from_bytes(found.to_bytes())
    assert back == found
    for one, other in zip(found.observations, back.observations, strict=True):
        assert (one.descriptor is None) == (other.descriptor is None)
        if one.descriptor is not None and other.descriptor is not None:
            assert other.descriptor.dtype == np.float32
            assert float(one.descriptor @ other.descriptor) == pytest.approx(1, abs=1e-5)


def test_once_kept_it_never_changes() -> None:
    once = Findings.from_bytes(findings(*(observation(frame) for frame in range(9))).to_bytes())
    twice = Findings.from_bytes(once.to_bytes())
    assert twice == once
    for one, other in zip(once.observations, twice.observations, strict=True):
        assert one.descriptor is not None
        assert other.descriptor is not None
        assert np.allclose(one.descriptor, other.descriptor, atol=1e-6)


def test_a_chunk_without_faces_or_without_frames_is_one_too() -> None:
    for found in (findings(), findings(frames=0)):
        assert Findings.from_bytes(found.to_bytes()) == found


def test_it_is_small() -> None:
    many = findings(*(observation(frame // 2) for frame in range(40)))
    assert len(many.to_bytes()) < 40 * 350 + 2_000


def test_another_version_is_not_read() -> None:
    with np.load(io.BytesIO(findings(observation(0)).to_bytes())) as arrays:
        changed = {**arrays, "format": np.array(FORMAT + 1)}
    buffer = io.BytesIO()
    np.savez(buffer, **changed)
    with pytest.raises(UnreadableFindings, match="format"):
        Findings.from_bytes(buffer.getvalue())


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was read",)


def test_no_pickle_is_read() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, format=np.array(FORMAT), mark=np.array([_Trap()], object))
    for data in (buffer.getvalue(), pickle.dumps(_Trap())):
        with pytest.raises(UnreadableFindings):
            Findings.from_bytes(data)


@given(st.data())
def test_damaged_bytes_are_refused_or_change_nothing(data: st.DataObject) -> None:
    whole = findings(observation(0), observation(3), pictures={1: b"jpeg"}).to_bytes()
    kind = data.draw(st.sampled_from(["cut", "flip", "any"]))
    place = data.draw(st.integers(0, len(whole) - 1))
    if kind == "cut":
        damaged = whole[:place]
    elif kind == "flip":
        damaged = (
            whole[:place] + bytes([whole[place] ^ 1 << data.draw(st.integers(0, 7))]) + whole[place + 1 :]
        )
    else:
        damaged = data.draw(st.binary(max_size=200))
    with suppress(UnreadableFindings):
        Findings.from_bytes(damaged)
