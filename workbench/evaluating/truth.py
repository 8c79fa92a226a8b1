"""What is known of a case before anybody is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Ages = tuple[float, float]
"""Years from and to, both the same where the age is known."""


class SetUnreadable(Exception):
    """A source holds no labelled set; the message says what is wrong, and what is wanted."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Of one case.

    Attributes:
        names: Of its picture, or of both pictures of a pair, in the source.
        positive: Live, forged, one person, or female; None where it does not say.
        person: Who is in the picture.
        detail: Kind of an attack, or method of a forgery.
        ages: In years.
        groups: Values by name of group.
    """

    names: tuple[str, ...]
    positive: bool | None = None
    person: str = ""
    detail: str = ""
    ages: Ages | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
