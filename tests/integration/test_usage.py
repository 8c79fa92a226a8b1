"""A running service counts for each tenant, and a database that is away costs the counts alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest
from integration.pictures import encoded, sample
from pydantic import SecretStr
from service_process import ServiceProcess, free_port

from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
from bentos.common.usage import days
from bentos.face_detection.tables import DetectionUsage
from deploy.local.services import TARGETS

ROOT = Path(__file__).parents[2]
PASSWORD = "swordfish"
MODULES = (*(target.partition(":")[0] for target in TARGETS.values()), "bentos.common.composition")


def ask(service: ServiceProcess, tenant: str, path: str, image: bytes) -> int:
    headers = {"Authorization": f"Bearer {service.token(tenant=tenant)}"}
    url = f"{service.url}/api/v1/{path}"
    return httpx.post(url, headers=headers, files={"image": image}, timeout=60, trust_env=False).status_code


def counts_of(service: ServiceProcess) -> dict[tuple[str, str], tuple[int, int]]:
    """Requests and failures by tenant and operation, as the embedded database holds them."""
    database = Database(
        DatabaseSettings(url=SecretStr(service.settings["FACESOCIAL_DATABASE_URL"]), pool_size=1, timeout_s=5)
    )
    with database.read() as session:
        found = {
            (row.tenant, row.operation): (row.requests, row.failed) for row in days(session, DetectionUsage)
        }
    database.close()
    return found


@pytest.mark.parametrize("mode", ["process", "service"])
def test_a_stopped_service_has_written_what_it_answered(
    detection: Callable[[Mapping[str, str]], ServiceProcess], mode: str, tmp_path: Path
) -> None:
    image = encoded(sample("group").resize((320, 180)))
    file = tmp_path / "usage.sqlite"
    settings = {"FACESOCIAL_BATCH_MODE": mode, "FACESOCIAL_DATABASE_URL": f"sqlite:///{file}"}
    with detection(settings) as service:
        answers = [ask(service, tenant, "detect", image) for tenant in ("acme", "acme", "other")]
        answers.append(ask(service, "acme", "detect", b"no picture"))
        answers.append(ask(service, "acme", "nothing", image))
        assert httpx.get(f"{service.url}/api/v1/model", trust_env=False, timeout=30).status_code == 401
    assert answers == [200, 200, 200, 400, 404]
    assert file.is_file()
    assert counts_of(service) == {("acme", "/detect"): (3, 1), ("other", "/detect"): (1, 0)}
    assert "usage" not in service.output.read_text()


def test_a_service_without_its_database_starts_answers_and_ends(
    detection: Callable[[Mapping[str, str]], ServiceProcess],
) -> None:
    image = encoded(sample("group").resize((320, 180)))
    address = f"postgresql://facesocial:{PASSWORD}@127.0.0.1:{free_port()}/facesocial"
    with detection({"FACESOCIAL_DATABASE_URL": address}) as service:
        assert ask(service, "acme", "detect", image) == 200
        health = httpx.get(f"{service.url}/health", trust_env=False, timeout=30).json()
        assert httpx.get(f"{service.url}/readyz", trust_env=False, timeout=30).status_code == 200
    assert (health["status"], health["dependencies"]) == ("ok", {})
    said = service.output.read_text()
    assert "usage cannot be written" in said
    assert PASSWORD not in said


def test_a_service_with_an_address_of_no_database_starts_and_says_so(
    detection: Callable[[Mapping[str, str]], ServiceProcess],
) -> None:
    with detection({"FACESOCIAL_DATABASE_URL": "mysql://me@nowhere/db"}) as service:
        assert ask(service, "acme", "detect", encoded(sample("group").resize((320, 180)))) == 200
    assert "requests are not counted: FACESOCIAL_DATABASE_URL" in service.output.read_text()


@pytest.mark.parametrize("module", MODULES)
def test_supervisors_and_processes_of_models_load_no_database(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'alembic')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
