"""What a service asks an MLflow server for: which version an alias names, and that version's bundle.

Both are answered by the server itself, whichever artifact store it has: ``/api/2.0/mlflow/registered-models/get`` names
the aliases, ``/model-versions/get-artifact`` finds the version's place (a run's folder, a logged model's, proxied
or not) and sends a file of it. Nothing has to be listed: ``cards.json`` names the other files of a bundle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bentos.common.registry.fetching import Fetching
from models.catalogue.card import ModelCard
from models.catalogue.serial import card_from_json
from models.errors import ModelUnavailable
from models.runtime.bundle import CARDS

CHAMPION = "champion"
CHALLENGER = "challenger"
MODELS = "api/2.0/mlflow/registered-models/get"
ARTIFACT = "model-versions/get-artifact"
UNKNOWN = "RESOURCE_DOES_NOT_EXIST"
ANSWER_BYTES = 2**20
CARDS_BYTES = 2**20
MODELS_OF_A_BUNDLE = 16


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a registered model.

    Attributes:
        name: Of the registered model.
        number: Counted by the registry; digits.
    """

    name: str
    number: str

    def __str__(self) -> str:
        return f"{self.name} version {self.number}"


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """What a registry may put on this machine's disk, in bytes."""

    file: int = 2 * 2**30
    bundle: int = 4 * 2**30


class RegistryClient:
    """Asks an MLflow server; every call has a limit of time and of bytes, and ``close`` ends the one under way.

    Args:
        address: Of the server, http or https, with its path where it has a prefix.
        token: Sent as bearer token, to this address alone.
        timeout_s: Seconds for one answer of the registry, and for each wait within a download.
        limits: Of what is written to disk.

    Raises:
        ConfigurationError: The address is none.
    """

    def __init__(
        self,
        address: str,
        token: SecretStr | None = None,
        timeout_s: float = 10.0,
        limits: SizeLimits | None = None,
    ) -> None:
        self._fetching = Fetching(address, token, timeout_s)
        self._limits = limits or SizeLimits()

    @property
    def address(self) -> str:
        """Without a user's name and password."""
        return self._fetching.shown

    def aliases(self, name: str) -> Mapping[str, Version]:
        """Versions by alias; none where the registry has no model of that name.

        Raises:
            DependencyUnavailable: The registry does not answer, or not like an MLflow server.
        """
        answer = self._fetching.text(MODELS, {"name": name}, ANSWER_BYTES)
        data = _object(answer.body)
        if answer.status == 404 and data.get("error_code") == UNKNOWN:
            return {}
        if answer.status != 200:
            raise self._fetching.down(f"it answers {answer.status}")
        try:
            named = data["registered_model"].get("aliases", [])
            return {one["alias"]: Version(name, _number(one["version"])) for one in named}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._fetching.down("its answer is not MLflow's") from error

    def cards(self, version: Version) -> bytes:
        """``cards.json`` of a version's bundle.

        Raises:
            DependencyUnavailable: The registry does not answer, or breaks off.
            ModelUnavailable: The version holds no such file, or a too large one.
        """
        answer = self._fetching.text(ARTIFACT, _artifact(version, CARDS), CARDS_BYTES)
        self._refuse(answer.status, version, CARDS)
        return answer.body

    def download(self, version: Version, cards: bytes, folder: Path) -> None:
        """Put a bundle's files into a folder; ``read_bundle`` says whether they are what the cards name.

        Args:
            version: Whose.
            cards: What ``cards`` returned.
            folder: Empty.

        Raises:
            DependencyUnavailable: The registry does not answer, or breaks off.
            ModelUnavailable: Files are missing, too large, too many or named to leave the folder.
        """
        left = self._limits.bundle
        for name in file_names(cards):
            most = min(left, self._limits.file)
            answer = self._fetching.file(ARTIFACT, _artifact(version, name), folder / name, most)
            self._refuse(answer.status, version, name)
            left -= answer.size
        (folder / CARDS).write_bytes(cards)

    def close(self) -> None:
        """End what is under way, from whichever thread; from now on nothing is asked."""
        self._fetching.close()

    def _refuse(self, status: int, version: Version, name: str) -> None:
        if status in (400, 404):
            raise ModelUnavailable(f"{version} holds no {name}: it was not registered as a bundle of models.")
        if status != 200:
            raise self._fetching.down(f"it answers {status} for {name} of {version}")


def file_names(cards: bytes) -> list[str]:
    """Names of the graphs of a bundle, each a plain one.

    Raises:
        ModelUnavailable: No list of cards, too many of them, or a name that is a path.
    """
    try:
        data = json.loads(cards)
    except (ValueError, RecursionError) as error:
        raise ModelUnavailable(f"{CARDS} is not JSON.") from error
    if not isinstance(data, list) or not 1 <= len(data) <= MODELS_OF_A_BUNDLE:
        raise ModelUnavailable(f"{CARDS} is no list of one to {MODELS_OF_A_BUNDLE} cards.")
    names = [_plain_name(card_from_json(one)) for one in data]
    if len(set(names)) != len(names):
        raise ModelUnavailable(f"{CARDS} names a graph twice.")
    return names


def _plain_name(card: ModelCard) -> str:
    name = card.file_name
    allowed = all(letter.isalnum() or letter in "-_.+" for letter in name)
    if not allowed or name.startswith(".") or len(name.encode()) > 200:
        raise ModelUnavailable(f"A graph may not be named {name[:80]!r}: it would not stay in its folder.")
    return name


def _artifact(version: Version, path: str) -> Mapping[str, str]:
    return {"name": version.name, "version": version.number, "path": path}


def _number(value: object) -> str:
    number = str(value)
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise ValueError("a version is no number")
    return number


def _object(body: bytes) -> dict[str, Any]:
    """The object in an answer, an empty one where it holds none."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
