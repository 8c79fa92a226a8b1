"""The trials of a deployment, against the five real services and the real gateway."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import pytest
from gateway_process import GatewayProcess, missing
from integration.pictures import sample
from odd_server import OddServer, answer
from service_process import ServiceProcess, free_port
from video_worker import VideoWorker
from videos import write_video

from bentos import __version__
from bentos.contracts import SERVICES
from deploy.scripts.smoke import main

Five = Mapping[str, ServiceProcess]
RECOGNITION, DEEPFAKE = "face-recognition-service", "deepfake-detection-service"
pytestmark = pytest.mark.timeout(400)


def services(five: Five, **others: str) -> list[str]:
    addresses = {name: service.url for name, service in five.items()} | {
        name.replace("_", "-"): url for name, url in others.items()
    }
    return [part for name, url in addresses.items() for part in ("--service", f"{name}={url}")]


@pytest.fixture
def secret(five: Five, tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(five[RECOGNITION].secret + "\n")
    return file


@pytest.fixture
def other_tenant(five: Five) -> Iterator[httpx.Client]:
    """An administrator of somebody else's tenant."""
    service = five[RECOGNITION]
    headers = {"Authorization": f"Bearer {service.token('admin', tenant='acme')}"}
    with httpx.Client(base_url=f"{service.url}/api/v1", headers=headers, trust_env=False) as client:
        yield client


def collections(five: Five, tenant: str) -> list[str]:
    service = five[RECOGNITION]
    headers = {"Authorization": f"Bearer {service.token('admin', tenant=tenant)}"}
    found = httpx.get(f"{service.url}/api/v1/collections", headers=headers, trust_env=False).json()
    return [one["name"] for one in found["data"]["collections"]]


def test_all_is_well_twice_and_nothing_is_left(
    five: Five, secret: Path, other_tenant: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"smoke-of-acme-{free_port()}"
    assert other_tenant.post("/collections", json={"name": name}).status_code == 201
    arguments = [*services(five), "--secret-file", str(secret), "--expect-version", __version__]
    assert main(arguments) == 0, capsys.readouterr().err
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "BAD" not in said.out
    assert "27 of 27 trials are good." in said.out
    assert collections(five, "smoke") == []
    assert name in collections(five, "acme")


def test_through_the_gateway(five: Five, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if reason := missing():
        pytest.skip(reason)
    upstreams = {one.prefix: [five[one.name].url.removeprefix("http://")] for one in SERVICES}
    with GatewayProcess(tmp_path / "gateway", upstreams, secret=five[RECOGNITION].secret) as gateway:
        token = tmp_path / "token"
        token.write_text(gateway.token(role="admin", tenant="smoke-release"))
        where = ["--gateway", gateway.url, "--ca", str(gateway.certificate)]
        assert main([*where, "--token-file", str(token)]) == 0, capsys.readouterr().err


def test_what_a_killed_run_left_is_swept_and_what_runs_beside_it_is_not(
    five: Five, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = five[RECOGNITION]
    headers = {"Authorization": f"Bearer {service.token('admin', tenant='smoke')}"}
    with httpx.Client(base_url=f"{service.url}/api/v1", headers=headers, trust_env=False) as client:
        for name in ("smoke-old", "smoke-young", "kept"):
            assert client.post("/collections", json={"name": name}).status_code == 201
        with closing(sqlite3.connect(service.folder / "state" / "facesocial.sqlite")) as rows:
            rows.execute(
                "UPDATE collections SET created_at = datetime('now', '-2 hours') WHERE name IN ('smoke-old', 'kept')"
            )
            rows.commit()
        only = ["--service", f"{RECOGNITION}={service.url}"]
        assert main([*only, "--secret-file", str(secret)]) == 0, capsys.readouterr().err
        assert collections(five, "smoke") == ["kept", "smoke-young"]
        for name in ("smoke-young", "kept"):
            client.delete(f"/collections/{name}")


def test_a_service_that_is_down_is_named_and_the_others_are_tried(
    five: Five, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = f"http://127.0.0.1:{free_port()}"
    assert main([*services(five, antispoofing_service=closed), "--secret-file", str(secret)]) == 1
    said = capsys.readouterr()
    assert [line.split(":")[1].strip() for line in said.err.splitlines()] == ["antispoofing-service"]
    assert "no answer (ConnectError" in said.err
    assert "22 of 27" in said.out  # four more of that service were not tried


def test_a_wrong_version_is_named_by_every_service(
    five: Five, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*services(five), "--secret-file", str(secret), "--expect-version", "9.9.9"]) == 1
    said = capsys.readouterr().err
    for name in five:
        assert f"smoke: {name}: health: it is version {__version__}, and 9.9.9 was expected" in said


@pytest.mark.parametrize(("ttl", "role"), [(-60, "admin"), (60, "admin")], ids=["expired", "forged"])
def test_a_token_that_does_not_hold(
    five: Five, tmp_path: Path, ttl: float, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service = five[RECOGNITION]
    token = service.token(role, ttl=ttl, tenant="smoke")
    file = tmp_path / "token"
    file.write_text(token if ttl < 0 else f"{token[:-6]}AAAAAA")
    assert main(["--service", f"{RECOGNITION}={service.url}", "--token-file", str(file)]) == 1
    said = capsys.readouterr().err
    assert "gallery" in said
    assert "embed" in said
    assert "INVALID_TOKEN" in said
    assert token not in said


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"tenant": "acme"}, "of the tenant acme"),
        ({}, "of the tenant default"),
        ({"tenant": "smoke", "role": "viewer"}, "viewer's"),
    ],
)
def test_a_token_of_a_tenant_with_people_is_refused_before_anything_is_asked(
    five: Five, tmp_path: Path, claims: Mapping[str, str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text(five[RECOGNITION].token(**{"role": "admin", **claims}))
    with pytest.raises(SystemExit) as stopped:
        main(["--gateway", f"http://127.0.0.1:{free_port()}", "--token-file", str(file)])
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_stranger_at_the_port_is_no_service(secret: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with OddServer(answer(b"<html>welcome</html>")) as other:
        assert main(["--service", f"{RECOGNITION}={other.url}", "--secret-file", str(secret)]) == 1
    assert "health: the answer is not as the contract says" in capsys.readouterr().err


def test_another_service_at_the_port(five: Five, secret: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = five["face-detection-service"].url
    assert main(["--service", f"{RECOGNITION}={url}", "--secret-file", str(secret)]) == 1
    assert "another service answers there: face-detection-service" in capsys.readouterr().err


def test_a_video(
    five: Five, secret: Path, mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service, clip = five[DEEPFAKE], tmp_path / "clip.mp4"
    picture = np.asarray(sample("portrait"))[:, :, ::-1]
    write_video(clip, [np.ascontiguousarray(picture)] * 30)
    own = {"FACESOCIAL_STATE_DIR": str(service.folder / "state")}
    common = ["--service", f"{DEEPFAKE}={service.url}", "--secret-file", str(secret), "--video", str(clip)]
    assert main([*common, "--video-limit", "2"]) == 1
    assert "the job is still queued: does a video worker run?" in capsys.readouterr().err
    models = Path(service.settings["FACESOCIAL_MODEL_DIR"])
    with VideoWorker(tmp_path / "worker", mirror, models, own):
        assert main(common) == 0, capsys.readouterr().err
    headers = {"Authorization": f"Bearer {service.token('admin', tenant='smoke')}"}
    left = httpx.get(f"{service.url}/api/v1/jobs", headers=headers, trust_env=False).json()["data"]
    assert left["jobs"] == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["--gateway", "http://127.0.0.1:1"], ["--service", "nobody=http://x", "--secret-file", "/dev/null"]],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: smoke" in capsys.readouterr().err
