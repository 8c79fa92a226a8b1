"""A label, and what is right where it says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Truth = Mapping[str, str]
"""Columns of a manifest with their values; empty where nobody said what would be right."""
WHOLE = 0
"""The face's number where a label speaks of the whole picture."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a label speaks of.

    Attributes:
        task: detect, liveness, deepfake, demographics, embed or verify.
        digest: SHA-256 of the picture.
        second: The same of the other picture of a comparison; empty elsewhere.
        face: Its number in the answer, from 1; ``WHOLE`` for all of the picture.
    """

    task: str
    digest: str
    second: str = ""
    face: int = WHOLE


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody said of an answer.

    Attributes:
        subject: Of which answer.
        right: Whether the answer is right.
        truth: What is right.
        note: In words.
        answer: The answer's data, without embeddings.
        model: Name of the model that answered.
        version: Its version.
        environment: Name of the deployment.
        who: The token's subject, as the token says; "-" where it cannot be read.
        at: When, in seconds since 1970.
    """

    subject: Subject
    right: bool
    truth: Truth
    note: str
    answer: Mapping[str, Any]
    model: str
    version: str
    environment: str
    who: str
    at: float
