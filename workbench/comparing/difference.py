"""How two answers about one picture differ, and which difference is worth looking at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.comparing.asking import Reply
from workbench.comparing.faces import Match, matched
from workbench.comparing.opinions import Opinion, opinions
from workbench.comparing.shots import Shot

SAME_BOX = 0.9
"""Overlap below which boxes of one face count as different."""
SAME_SCORE = 1e-3
"""Share of the task's span below which scores count as the same."""


class Kind(StrEnum):
    """What differs most; in the order in which people look at it."""

    VERDICT = "verdict differs"
    FACES = "other faces"
    ONE_SIDE = "one side refused"
    BOX = "box differs"
    SCORE = "score differs"
    SAME = "same"
    NEITHER = "both refused"
    WAITING = "not answered yet"


@dataclass(frozen=True, slots=True)
class Pair:
    """One face in both answers, or in one alone."""

    first: Opinion | None
    second: Opinion | None
    overlap: float

    @property
    def agrees(self) -> bool:
        """Whether both found it and say the same of it."""
        return (
            self.first is not None and self.second is not None and self.first.verdict == self.second.verdict
        )

    @property
    def gap(self) -> float:
        """Distance of the scores, in the task's unit; 0 where there are not two."""
        if self.first is None or self.second is None:
            return 0.0
        one, other = self.first.score, self.second.score
        return 0.0 if one is None or other is None else abs(one - other)


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two answers about one picture.

    Attributes:
        number: The picture's place.
        shot: The picture.
        replies: Both; None where one is missing.
        pairs: Faces; of one side alone where the other has not answered.
        kind: What differs most.
    """

    number: int
    shot: Shot
    replies: tuple[Reply | None, Reply | None]
    pairs: tuple[Pair, ...]
    kind: Kind

    @property
    def both(self) -> bool:
        """Whether both sides answered."""
        return all(reply is not None and reply.data is not None for reply in self.replies)

    @property
    def agrees(self) -> bool:
        """Whether both answered, found the same faces, and say the same of each."""
        return self.both and all(pair.agrees for pair in self.pairs)

    @property
    def gap(self) -> float:
        """The largest distance of two scores of one face."""
        return max((pair.gap for pair in self.pairs), default=0.0)

    @property
    def overlap(self) -> float:
        """The smallest overlap of two boxes of one face; 1 where there are none."""
        return min((pair.overlap for pair in self.pairs if pair.overlap), default=1.0)

    @property
    def rank(self) -> tuple[int, float, float, int]:
        """What is to be looked at first is smallest: by kind, then by score, then by box."""
        return (list(Kind).index(self.kind), -self.gap, self.overlap, self.number)


def difference(
    task: str, number: int, shot: Shot, first: Reply | None, second: Reply | None, span: float = 1.0
) -> Difference:
    """Compare what two sides said of one picture; ``span`` is that of the task's scores."""
    one, other = _said(task, first), _said(task, second)
    matches = matched([face.box for face in one], [face.box for face in other])
    pairs = tuple(_pair(match, one, other) for match in matches)
    replies = (first, second)
    return Difference(number, shot, replies, pairs, _silence(replies) or _kind(pairs, span))


def _said(task: str, reply: Reply | None) -> tuple[Opinion, ...]:
    return () if reply is None or reply.data is None else opinions(task, reply.data)


def _silence(replies: Sequence[Reply | None]) -> Kind | None:
    """Why two answers cannot be compared; None where they can."""
    if any(reply is None for reply in replies):
        return Kind.WAITING
    refused = sum(reply is not None and reply.data is None for reply in replies)
    return (None, Kind.ONE_SIDE, Kind.NEITHER)[refused]


def _pair(match: Match, one: Sequence[Opinion], other: Sequence[Opinion]) -> Pair:
    first = None if match.first is None else one[match.first]
    second = None if match.second is None else other[match.second]
    return Pair(first, second, match.overlap)


def _kind(pairs: Sequence[Pair], span: float) -> Kind:
    found = [pair for pair in pairs if pair.first is not None and pair.second is not None]
    if any(not pair.agrees for pair in found):
        return Kind.VERDICT
    if len(found) < len(pairs):
        return Kind.FACES
    if any(pair.overlap < SAME_BOX for pair in pairs):
        return Kind.BOX
    return Kind.SCORE if any(pair.gap > SAME_SCORE * span for pair in pairs) else Kind.SAME
