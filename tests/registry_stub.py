"""What a service asks of a registry of models, answered from folders: no MLflow is needed for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from odd_server import Handler, OddServer, answer

from bentos.common.model_set import SETS
from models.catalogue.card import Task
from models.runtime.bundle import write_bundle

WEIGHTS = Path(__file__).parents[1] / "models" / "weights"
UNKNOWN = json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST"}).encode()


@dataclass
class RegistryStub:
    """Versions of the project's own models, registered again under other numbers.

    Args:
        folder: Holds the bundles.
        aliases: Numbers of versions by alias, by task.
    """

    folder: Path
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)

    def put(self, task: Task, number: str, alias: str, *, broken: bool = False) -> None:
        """Register a version and name it; a broken one has no files."""
        if not broken:
            cards = SETS.cards("own", task)
            graphs = [(WEIGHTS / card.file_name).read_bytes() for card in cards]
            renamed = [replace(card, version=f"{number}.0.0") for card in cards]
            write_bundle(self._at(task.value, number), list(zip(renamed, graphs, strict=True)))
        self.aliases.setdefault(task.value, {})[alias] = number

    def server(self) -> OddServer:
        """Answers like MLflow's server, as far as services ask it."""
        return OddServer(self._answer)

    def _answer(self, handler: Handler) -> None:
        address = urlsplit(handler.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        found = self._models(asked) if "registered-models" in address.path else self._file(asked)
        (answer(UNKNOWN, 404) if found is None else answer(found))(handler)

    def _models(self, asked: dict[str, str]) -> bytes | None:
        named = self.aliases.get(asked["name"])
        if named is None:
            return None
        aliases = [{"alias": alias, "version": number} for alias, number in named.items()]
        return json.dumps({"registered_model": {"name": asked["name"], "aliases": aliases}}).encode()

    def _file(self, asked: dict[str, str]) -> bytes | None:
        path = self._at(asked["name"], asked["version"]) / asked["path"]
        return path.read_bytes() if path.is_file() else None

    def _at(self, name: str, number: str) -> Path:
        return self.folder / name / number
