from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.processing.similarity import Vectors, unit
from models.processing.tracking import Box, Following, Observation, Track, follow

FPS = 2.0
WHO = {
    name: unit(np.random.default_rng(seed).standard_normal(64).astype(np.float32))
    for seed, name in enumerate("abcdef")
}


def face(frame: int, x: float, who: str | None = None, noise: float = 0.0, y: float = 100.0) -> Observation:
    """A face of 100 pixels; ``noise`` makes a descriptor that is less like the person's."""
    descriptor = None
    if who is not None:
        other = np.random.default_rng([frame, ord(who)]).standard_normal(64).astype(np.float32)
        descriptor = unit(WHO[who] + np.float32(noise) * unit(other))
    return Observation(frame, frame / FPS, (x, y, 100.0, 100.0), 0.1, descriptor)


def lines(tracks: list[Track]) -> list[list[tuple[int, float]]]:
    return [[(one.frame, one.box[0]) for one in track.observations] for track in tracks]


def test_two_faces_that_cross_keep_their_tracks() -> None:
    frames = [
        [face(frame, 60.0 * frame, "a", 0.5), face(frame, 600 - 60.0 * frame, "b", 0.5)]
        for frame in range(11)
    ]
    found = lines(follow(frames))
    assert sorted(found) == [
        [(frame, 60.0 * frame) for frame in range(11)],
        [(frame, 600 - 60.0 * frame) for frame in range(11)],
    ]


def test_faces_that_jump_further_than_their_size_are_joined_by_their_looks() -> None:
    frames = [[face(frame, 300.0 * frame, "a", 0.4)] for frame in range(6)]
    assert len(follow(frames)) == 1
    assert len(follow([[face(frame, 300.0 * frame)] for frame in range(6)])) == 6


def test_place_alone_joins_what_has_no_descriptor() -> None:
    frames = [[face(0, 0, "a")], [face(1, 20)], [face(2, 40, "a")], [face(3, 60)]]
    assert lines(follow(frames)) == [[(0, 0), (1, 20), (2, 40), (3, 60)]]


def test_somebody_else_in_the_same_place_is_another_track() -> None:
    assert float(WHO["a"] @ WHO["d"]) < Following().similarity
    frames = [[face(0, 50, "a")], [face(1, 50, "a")], [face(2, 50, "d")], [face(3, 50, "a")]]
    assert lines(follow(frames)) == [[(0, 50), (1, 50), (3, 50)], [(2, 50)]]


def test_a_face_that_comes_back_soon_goes_on_and_later_begins_anew() -> None:
    gap = Following().gap_s
    soon, late = int(gap * FPS), int(gap * FPS) + 1
    assert len(follow([[face(0, 0, "a")], [], [face(soon, 0, "a")]])) == 1
    assert len(follow([[face(0, 0, "a")], [face(late, 0, "a")]])) == 2


def test_a_face_that_leaves_ends_and_one_that_comes_begins() -> None:
    frames = [[face(0, 0, "a")], [face(1, 0, "a"), face(1, 400, "b")], [face(2, 400, "b")]]
    tracks = follow(frames)
    assert lines(tracks) == [[(0, 0), (1, 0)], [(1, 400), (2, 400)]]
    assert [(track.track_id, track.start_s, track.end_s) for track in tracks] == [
        (0, 0.0, 0.5),
        (1, 0.5, 1.0),
    ]


def test_the_pairing_is_the_best_of_all_and_not_the_best_pair_first() -> None:
    before = [face(0, 0), face(0, 40)]
    after = [face(1, 30), face(1, 75)]  # the pair (40, 30) overlaps most and would leave the others alone
    assert lines(follow([before, after])) == [[(0, 0), (1, 30)], [(0, 40), (1, 75)]]


def test_a_track_remembers_more_than_its_last_look() -> None:
    blurred = unit(WHO["a"] + 3 * WHO["c"])
    first = [[face(frame, 0, "a")] for frame in range(3)]
    odd = Observation(3, 1.5, (0.0, 100.0, 100.0, 100.0), 0.1, blurred)
    far = face(4, 900, "a")
    assert float(blurred @ WHO["a"]) < 0.5
    assert len(follow([*first, [odd], [far]])) == 1
    assert len(follow([*first, [odd], [far]], Following(memory=0.0))) == 2


def test_frames_may_be_given_by_their_numbers() -> None:
    frames = [[face(frame, 10.0 * frame, "a")] for frame in range(12)]
    by_number = {frame: frames[frame] for frame in (11, 3, 7, *range(3), *range(4, 7), *range(8, 11))}
    assert follow(by_number) == follow(frames)


def test_nothing_gives_nothing() -> None:
    assert follow([]) == follow({}) == follow([[], []]) == []


def _iou(a: Box, b: Box) -> float:
    wide = max(0.0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return wide * high / (a[2] * a[3] + b[2] * b[3] - wide * high)


def _affinity(last: Observation, looks: Vectors | None, one: Observation, rule: Following) -> float:
    overlap = _iou(last.box, one.box)
    if looks is None or one.descriptor is None:
        return overlap
    cosine = float(looks @ one.descriptor)
    return 0.0 if cosine < rule.similarity else (overlap + cosine) / 2


@dataclass
class _Slow:
    last: Observation
    looks: Vectors | None

    def add(self, one: Observation, memory: float) -> None:
        self.last = one
        if self.looks is None or one.descriptor is None:
            self.looks = one.descriptor if self.looks is None else self.looks
        else:
            self.looks = unit(memory * self.looks + (1 - memory) * one.descriptor)


def _best(living: list[_Slow], seen: list[Observation], rule: Following) -> float:
    """The largest sum of affinities, by trying all pairings."""
    table = [[_affinity(track.last, track.looks, one, rule) for one in seen] for track in living]
    best = 0.0
    rows: list[int | None] = [*range(len(living)), *([None] * len(seen))]
    for chosen in set(permutations(rows, len(seen))):
        values = [table[row][column] for column, row in enumerate(chosen) if row is not None]
        if all(value >= rule.affinity for value in values):
            best = max(best, sum(values))
    return best


_faces = st.tuples(
    st.integers(0, 300), st.integers(40, 160), st.sampled_from([None, *"abc"]), st.integers(0, 10)
)
_clips = st.lists(st.lists(_faces, max_size=3), max_size=6)


def _clip(faces: list[list[tuple[int, int, str | None, int]]]) -> list[list[Observation]]:
    return [
        [
            Observation(
                frame,
                frame / FPS,
                (float(x), 0.0, float(side), float(side)),
                0.1,
                None if who is None else unit(WHO[who] + 0.1 * noise * WHO["f"]),
            )
            for x, side, who, noise in found
        ]
        for frame, found in enumerate(faces)
    ]


@given(_clips)
@settings(max_examples=60, deadline=None)
def test_every_frame_is_joined_with_the_largest_sum_of_affinities(
    faces: list[list[tuple[int, int, str | None, int]]],
) -> None:
    rule, clip = Following(), _clip(faces)
    tracks = follow(clip, rule)
    held = {id(one): track.track_id for track in tracks for one in track.observations}
    assert len(held) == sum(map(len, clip))  # every observation once
    living: dict[int, _Slow] = {}
    for seen in clip:
        now = seen[0].time_s if seen else 0.0
        alive = [track for track in living.values() if now - track.last.time_s <= rule.gap_s]
        wanted, got = _best(alive, seen, rule), 0.0
        for one in seen:
            track = living.setdefault(held[id(one)], _Slow(one, one.descriptor))
            if track.last is one:
                continue
            assert any(track is other for other in alive)
            got += _affinity(track.last, track.looks, one, rule)
            track.add(one, rule.memory)
        assert got == pytest.approx(wanted, abs=1e-4)


@given(_clips, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_within_a_frame_does_not_matter(
    faces: list[list[tuple[int, int, str | None, int]]], chance: random.Random
) -> None:
    distinct = [list({(x, side): one for one in found for x, side, *_ in [one]}.values()) for found in faces]
    clip = _clip(distinct)
    shuffled = [chance.sample(seen, len(seen)) for seen in clip]
    assert follow(shuffled) == follow(clip)
