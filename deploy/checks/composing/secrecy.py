"""Rules of where secrets may stand: in files that are mounted, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.checks.composing.reading import FOLDER, Composition, words
from deploy.checks.finding import Finding

SECRET_NAME = re.compile(
    r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|ACCESS_KEY|PRIVATE_KEY|IDENTITY|_DSN$|(DATABASE|REDIS|BROKER|BACKEND\w*)_UR[IL]$"
)
WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
ARGUMENT = re.compile(r"^--?[\w-]*(?:pass|secret|token)[\w-]*(?:=.|$)", re.IGNORECASE)
SECRET_VARIABLE = re.compile(r"(?<!\$)\$\{\w*(?:SECRET|PASSWORD|TOKEN|PRIVATE_KEY)\w*[^}]*\}")
MOUNTED = "/run/secrets/"
HOME = "./secrets/"


def unseen(composition: Composition) -> Iterator[Finding]:
    """No secret is in an environment or an argument: ``docker inspect`` and ``ps`` show both."""
    for name, service in composition.services.items():
        environment = service.get("environment") or {}
        if not isinstance(environment, Mapping):
            yield composition.at(name, "environment is a list: write it as a mapping")
            continue
        for key, value in environment.items():
            if _reveals(str(key), value):
                yield composition.at(name, f"{key} puts a secret into the environment: mount a file")
        for word in [*words(service.get("command")), *words(service.get("entrypoint"))]:
            if ARGUMENT.match(word) or WITH_PASSWORD.search(word):
                yield composition.at(name, "an argument holds a secret: mount a file")


def mounted(composition: Composition) -> Iterator[Finding]:
    """Secrets are files of one folder; no variable brings one, and none is in the checkout."""
    for name, secret in composition.part("secrets").items():
        if secret != {"file": f"{HOME}{name}"}:
            yield composition.whole(f"the secret {name} is not just the file {HOME}{name}")
    for file in composition.names:
        text = (composition.folder / file).read_text(encoding="utf-8")
        for found in SECRET_VARIABLE.finditer(text):
            yield Finding(f"{FOLDER}/{file}", f"{found[0]} takes a secret from the environment")


def _reveals(key: str, value: Any) -> bool:
    text = "" if value is None else str(value)
    if WITH_PASSWORD.search(text):
        return True
    return bool(SECRET_NAME.search(key)) and not text.startswith(MOUNTED)
