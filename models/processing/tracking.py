"""Faces of sampled frames, joined to tracks: one track is one face as long as it can be followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.processing.assignment import Matrix, assign
from models.processing.nms import corners, overlaps
from models.processing.similarity import Vectors, cosine_matrix, unit

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Observation:
    """One face in one frame.

    Attributes:
        frame: Number of the frame.
        time_s: When it is shown, in seconds.
        box: Left, top, width, height in pixels.
        score: What the networks say of this face in this frame, in [0, 1].
        descriptor: float32 [D] of length 1; None where the face could not be described.
    """

    frame: int
    time_s: float
    box: Box
    score: float
    descriptor: Vectors | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Track:
    """The observations of one face, in order of time; at least one."""

    track_id: int
    observations: tuple[Observation, ...]

    @property
    def start_s(self) -> float:
        """When it is seen first."""
        return self.observations[0].time_s

    @property
    def end_s(self) -> float:
        """When it is seen last."""
        return self.observations[-1].time_s


@dataclass(frozen=True, slots=True)
class Following:
    """When two observations are the same face.

    The affinity of an observation to a track is the mean of the overlap (IoU) with the track's last box and of the
    cosine between the observation's descriptor and the track's, not below 0: place and appearance together, as in
    N. Wojke et al., "Simple online and realtime tracking with a deep association metric", ICIP 2017, there as a
    weighted sum of gated distances. Where one of the two has no descriptor the overlap stands alone.

    Attributes:
        affinity: The least that joins; 0.25 is a cosine of 0.5 without any overlap (walking people, two frames a
            second), or an overlap of 0.4 with a cosine of 0.1.
        similarity: A cosine below it contradicts: at a cut another person sits where the last one sat.
        gap_s: A face that is not seen for longer begins a new track when it comes back.
        memory: Weight of what a track's descriptor was against the latest observation (exponential mean, as in
            Y. Zhang et al., "FairMOT", IJCV 129, 2021).
    """

    affinity: float = 0.25
    similarity: float = 0.1
    gap_s: float = 2.0
    memory: float = 0.7


def follow(
    frames: Mapping[int, Sequence[Observation]] | Iterable[Sequence[Observation]],
    rule: Following | None = None,
) -> list[Track]:
    """Join observations to tracks, frame after frame, by the pairing with the largest sum of affinities.

    Pairs below the rule's limits are never joined. The same observations give the same tracks, in whatever order
    they stand within a frame.

    Args:
        frames: The observations of each frame, in order of time or by the frame's number.
        rule: When two observations are the same face.

    Returns:
        Tracks in the order in which they begin, numbered from 0; within a frame the largest face first.
    """
    rule = rule or Following()
    ordered = [frames[number] for number in sorted(frames)] if isinstance(frames, Mapping) else frames
    tracks: list[_Growing] = []
    living: list[_Growing] = []
    for faces in ordered:
        if not faces:
            continue
        seen = sorted(faces, key=_place)
        living = [track for track in living if seen[0].time_s - track.last.time_s <= rule.gap_s]
        new = list(_extend(living, seen, rule))
        living += new
        tracks += new
    return [Track(number, tuple(track.observations)) for number, track in enumerate(tracks)]


class _Growing:
    """A track that may go on."""

    def __init__(self, first: Observation) -> None:
        self.observations = [first]
        self.descriptor = first.descriptor

    @property
    def last(self) -> Observation:
        return self.observations[-1]

    def add(self, one: Observation, memory: float) -> None:
        self.observations.append(one)
        if one.descriptor is None:
            return
        if self.descriptor is None:
            self.descriptor = one.descriptor
        else:
            self.descriptor = unit(memory * self.descriptor + (1 - memory) * one.descriptor)


def _place(one: Observation) -> tuple[float, Box, float]:
    return -one.box[2] * one.box[3], one.box, one.score


def _extend(living: Sequence[_Growing], seen: Sequence[Observation], rule: Following) -> Iterator[_Growing]:
    """Add each observation to its track; those without one begin new tracks, which are given back."""
    chosen = _pairs(_affinities(living, seen, rule), rule.affinity)
    for column, one in enumerate(seen):
        if column in chosen:
            living[chosen[column]].add(one, rule.memory)
        else:
            yield _Growing(one)


def _pairs(affinities: Matrix, least: float) -> dict[int, int]:
    """For each column that is joined its row."""
    allowed = np.where(affinities >= least, affinities, 0.0)
    if not allowed.any():
        return {}
    turned = allowed.shape[0] > allowed.shape[1]
    found = assign(-(allowed.T if turned else allowed))
    pairs = enumerate(found.tolist())
    by_column = dict(pairs) if turned else {s: f for f, s in pairs}
    return {column: row for column, row in by_column.items() if allowed[row, column] > 0}


def _affinities(living: Sequence[_Growing], seen: Sequence[Observation], rule: Following) -> Matrix:
    """[tracks, observations]; 0 where a pair is contradicted."""
    if not living:
        return np.zeros((0, len(seen)))
    old = corners(np.array([track.last.box for track in living], np.float32), "xywh")
    new = corners(np.array([one.box for one in seen], np.float32), "xywh")
    overlap = np.stack([overlaps(box, new) for box in old])
    cosines = _cosines([track.descriptor for track in living], [one.descriptor for one in seen])
    together = (overlap + np.maximum(cosines, 0)) / 2
    together[cosines < rule.similarity] = 0
    return np.where(np.isnan(cosines), overlap, together)


def _cosines(rows: Sequence[Vectors | None], columns: Sequence[Vectors | None]) -> Matrix:
    """[rows, columns]; not a number where one of a pair has no descriptor."""
    found = np.full((len(rows), len(columns)), np.nan)
    some_rows, some_columns = _given(rows), _given(columns)
    if some_rows.size and some_columns.size:
        first = np.stack([vector for vector in rows if vector is not None])
        second = np.stack([vector for vector in columns if vector is not None])
        found[np.ix_(some_rows, some_columns)] = cosine_matrix(first, second)
    return found


def _given(vectors: Sequence[Vectors | None]) -> NDArray[np.intp]:
    return np.array([index for index, vector in enumerate(vectors) if vector is not None], np.intp)
