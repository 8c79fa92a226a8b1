"""The console script, with the real stack."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import psutil
import pytest
from chromium import chromium
from playwright.sync_api import expect
from service_process import free_port
from stack_ports import free_base
from videos import write_video

from bentos.common.trial import FACE

ROOT = Path(__file__).parents[2]
SERVICES = {
    "face-recognition-service": 1,
    "antispoofing-service": 2,
    "deepfake-detection-service": 3,
    "face-detection-service": 4,
    "age-gender-service": 5,
}
OPERATIONS = {
    "face-recognition-service": "embed",
    "antispoofing-service": "check",
    "deepfake-detection-service": "analyze",
    "face-detection-service": "detect",
    "age-gender-service": "estimate",
}
SAMPLE = ROOT / "workbench" / "samples" / "group.jpg"
MAX_RESIDENT = 2.5e9
"""Each page counted once, however many processes share it: what the machine has to have."""
VIDEO_WORKER = "bentos.deepfake_detection.video.worker"
ARTEFACTS = ROOT / ".artefacts" / "workbench"
VIEWS = {
    "detect": "Faces found",
    "compare": "Similarity",
    "liveness": "Liveness",
    "deepfake": "Most suspicious face",
    "demographics": "Demographics",
    "all-five": "All five on one picture",
}


def facesocial(
    settings: Mapping[str, str], *arguments: str, timeout: float = 120, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.cli", *arguments],
        cwd=cwd,
        env=clean | dict(settings),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "FACESOCIAL_STATE_DIR": str(tmp_path / "state"),
        "FACESOCIAL_MODEL_OFFLINE": "true",
        "COLUMNS": "400",
    }


def of_stack(state: str) -> list[psutil.Process]:
    """Processes that a stack with this state folder started."""
    found = []
    for process in psutil.process_iter():
        try:
            if is_nginx_of(process, state):
                found += [process, *process.children()]
            elif process.environ().get("FACESOCIAL_STATE_DIR") == state and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


def is_nginx_of(process: psutil.Process, state: str) -> bool:
    """Whether it is the master of a gateway; NGINX writes its title over its environment."""
    return process.name() == "nginx" and f"{state}/gateway/nginx.conf" in " ".join(process.cmdline())


def see_through_the_gateway(gateway: dict[str, object], token: str) -> None:
    """A request reaches a service with its token and its id, and not without the token."""
    trusted = ssl.create_default_context(cafile=str(gateway["certificate"]))
    address = f"{gateway['url']}/api/v1/face-detection/detect"
    with httpx.Client(verify=trusted, trust_env=False, timeout=60) as client:
        headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "through-the-gateway"}
        answer = client.post(address, files={"image": SAMPLE.read_bytes()}, headers=headers)
        assert len(answer.json()["data"]["faces"]) == 5
        assert answer.headers["X-Request-ID"] == answer.json()["meta"]["request_id"] == "through-the-gateway"
        assert client.post(address, files={"image": b""}).status_code == 401


def see_every_view(workbench: str) -> None:
    """Each view, in a browser, shows an answer of the real services for the sample picture."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for path, shown in VIEWS.items():
            page = browser.new_page(viewport={"width": 1280, "height": 1100})
            page.goto(f"{workbench}/{path}")
            expect(page.get_by_text(shown, exact=True).first).to_be_visible()
            expect(page.locator(".fs-box").first).to_be_visible()
            expect(page.get_by_test_id("stException")).to_have_count(0)
            page.screenshot(path=ARTEFACTS / f"stack-{path}.png", full_page=True)
            page.close()


def moving_portrait(path: Path) -> Path:
    """Four seconds of the drawn portrait, moving to the right."""
    picture = cv2.resize(cv2.imread(str(ROOT / "workbench" / "samples" / "portrait.jpg")), (640, 640))
    frames = (np.roll(picture, 4 * at, axis=1) for at in range(40))
    return write_video(path, frames, fps=10)


def see_a_video(workbench: str, video: Path) -> None:
    """A video goes through service and worker while the browser shows its progress, and then its verdict."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 2300})
        page.goto(f"{workbench}/video")
        page.locator("input[type=file]").set_input_files(video)
        page.get_by_role("button", name="Analyse").click()
        expect(page.get_by_text("Faces followed", exact=True)).to_be_visible(timeout=60_000)
        expect(page.locator("video")).to_be_visible()
        expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.get_by_role("button", name=re.compile("face ")).first.click()
        expect(page.get_by_text("Worst moments", exact=True)).to_be_visible()
        page.screenshot(path=ARTEFACTS / "stack-video.png")


@pytest.mark.timeout(300)
def test_the_stack_comes_up_answers_and_goes_down(
    settings: dict[str, str], mirror: Path, tmp_path: Path
) -> None:
    base = free_base()
    settings |= {
        "FACESOCIAL_MODEL_MIRROR": str(mirror),
        "FACESOCIAL_PORT_BASE": str(base),
        "FACESOCIAL_WORKBENCH_PORT": str(free_port()),
    }
    state = settings["FACESOCIAL_STATE_DIR"]
    try:
        started = facesocial(settings, "up", "--detach", timeout=200)
        assert started.returncode == 0, started.stdout + started.stderr
        found = json.loads(facesocial(settings, "status", "--json").stdout)
        assert found["services"] == {
            name: {"url": f"http://127.0.0.1:{base + offset}", "ready": True}
            for name, offset in SERVICES.items()
        }
        assert found["workbench"].endswith(settings["FACESOCIAL_WORKBENCH_PORT"])
        assert found["gateway"] == {
            "url": f"https://127.0.0.1:{base + 443}",
            "ready": True,
            "certificate": f"{state}/gateway/certificate.pem",
        }
        assert found.keys() == {"services", "workbench", "gateway", "models"}
        assert found["models"] == {"set": "published"}
        assert "Models: the published weights." in started.stdout
        assert found["gateway"]["url"] in facesocial(settings, "status").stdout
        see_through_the_gateway(found["gateway"], facesocial(settings, "token").stdout.strip())

        (line,) = re.findall(r"^curl .*$", started.stdout, re.MULTILINE)
        assert found["gateway"]["url"] in line
        answer = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=60)
        assert len(json.loads(answer.stdout)["data"]["faces"]) == 5

        see_every_view(found["workbench"])
        see_a_video(found["workbench"], moving_portrait(tmp_path / "portrait.mp4"))
        assert list((Path(state) / "uploads").iterdir()) == []
        running = of_stack(state)
        named = [process.name() for process in running]
        assert named.count("nginx") == 2, "master and worker"
        assert [process.cmdline()[-1:] for process in running].count([VIDEO_WORKER]) == 1
        resident = sum(process.memory_full_info().pss for process in running)
        print(f"resident: {resident / 1e6:.0f} MB in {len(running)} processes")
        assert resident < MAX_RESIDENT
        secret = (Path(state) / "jwt-secret").read_text()
        log = (Path(state) / "logs" / "stack.log").read_text()
        assert "ready" in log
        assert secret not in log + started.stdout + started.stderr
        assert "eyJ" not in log
        assert not any(secret in " ".join(process.cmdline()) for process in running)

        again = facesocial(settings, "up", "--detach")
        assert again.returncode == 1
        assert "runs already" in again.stderr
    finally:
        stopped = facesocial(settings, "down")
    assert stopped.stdout.strip() == "Stopped."
    assert of_stack(state) == []
    assert psutil.wait_procs(running, timeout=10)[1] == [], "workers whose master is gone"
    assert facesocial(settings, "down").stdout.strip() == "Nothing runs."
    assert json.loads(facesocial(settings, "status", "--json").stdout) == {"services": {}}


@pytest.mark.timeout(300)
def test_a_fresh_clone_without_network_or_mirror_runs_on_its_own_weights(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """Supervisor, services and the worker of videos choose the same, and each of them answers."""
    settings |= {"FACESOCIAL_PORT_BASE": str(free_base()), "FACESOCIAL_GATEWAY_NGINX": "off"}
    try:
        started = facesocial(settings, "up", "--detach", "--no-workbench", timeout=200)
        assert started.returncode == 0, started.stdout + started.stderr
        assert "Models: the project's own weights" in started.stdout
        assert "make models" in started.stdout
        found = json.loads(facesocial(settings, "status", "--json").stdout)
        assert found["models"] == {"set": "own"}
        assert "own" in facesocial(settings, "status").stdout
        token = facesocial(settings, "token").stdout.strip()
        with httpx.Client(
            headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        ) as client:
            for name, path in OPERATIONS.items():
                require_own_answer(client, f"{found['services'][name]['url']}/api/v1", path)
            videos = f"{found['services']['deepfake-detection-service']['url']}/api/v1"
            job = analysed(client, videos, moving_portrait(tmp_path / "portrait.mp4"))
        error = job["error"] or {"code": None}
        assert error["code"] in (None, "NO_FACE")  # the person is drawn
        assert not list((tmp_path / "state" / "models").glob("*.onnx"))
    finally:
        facesocial(settings, "down")


def require_own_answer(client: httpx.Client, url: str, path: str) -> None:
    card = client.get(f"{url}/model").json()["data"]
    assert all(model["name"].startswith("facesocial-") for model in card["models"])
    faces = {} if path == "detect" else {"faces": json.dumps([FACE])}
    answer = client.post(f"{url}/{path}", files={"image": SAMPLE.read_bytes()}, data=faces)
    assert answer.status_code == 200, answer.text


def analysed(client: httpx.Client, url: str, video: Path) -> dict[str, Any]:
    """A job, once it is over."""
    job = client.post(f"{url}/videos", files={"video": video.read_bytes()}).json()["data"]
    deadline = time.monotonic() + 90
    while job["status"] in ("queued", "running"):
        assert time.monotonic() < deadline, job
        time.sleep(0.5)
        job = client.get(f"{url}/jobs/{job['job_id']}").json()["data"]
    found: dict[str, Any] = job
    return found


def test_a_missing_model_is_one_sentence_with_the_remedy(settings: dict[str, str], tmp_path: Path) -> None:
    settings |= {"FACESOCIAL_MODEL_MIRROR": str(tmp_path), "FACESOCIAL_PORT_BASE": str(free_base())}
    done = facesocial(settings, "up", "--no-workbench")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "weights of" in done.stderr
    assert "make models" in done.stderr
    assert "FACESOCIAL_MODEL_MIRROR" in done.stderr


def test_a_port_in_use_is_said_before_anything_starts(settings: dict[str, str]) -> None:
    base = free_base()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", base + 4))
        holder.listen()
        done = facesocial(settings | {"FACESOCIAL_PORT_BASE": str(base)}, "up")
    assert done.returncode == 1
    assert f"Port {base + 4}" in done.stderr
    assert "FACESOCIAL_PORT_BASE" in done.stderr


def test_a_port_that_two_programs_want_is_said_before_anything_starts(settings: dict[str, str]) -> None:
    base = free_base()
    settings |= {"FACESOCIAL_PORT_BASE": str(base), "FACESOCIAL_WORKBENCH_PORT": str(base + 4)}
    for arguments in (["up"], ["up", "--detach"]):
        done = facesocial(settings, *arguments)
        assert done.returncode == 1
        for part in (f"Port {base + 4}", "face-detection-service", "workbench", "FACESOCIAL_WORKBENCH_PORT"):
            assert part in done.stderr
        assert "Traceback" not in done.stderr


def test_a_relative_state_folder_lies_where_the_command_was_called(
    settings: dict[str, str], tmp_path: Path
) -> None:
    name = tmp_path.name
    settings |= {
        "FACESOCIAL_STATE_DIR": f"state-{name}",
        "FACESOCIAL_MODEL_MIRROR": str(tmp_path),
        "FACESOCIAL_PORT_BASE": str(free_base()),
        "PYTHONPATH": str(ROOT),
    }
    assert facesocial(settings, "up", "--no-workbench", cwd=tmp_path).returncode == 1
    assert (tmp_path / f"state-{name}").is_dir()
    assert not (ROOT / f"state-{name}").exists()


def test_pulling_models_makes_a_state_folder_for_its_owner_alone(
    settings: dict[str, str], tmp_path: Path
) -> None:
    settings |= {"FACESOCIAL_MODEL_MIRROR": str(tmp_path)}
    assert facesocial(settings, "models", "pull", "--served").returncode == 1
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_pulling_models_to_another_folder_makes_no_state_folder(
    settings: dict[str, str], tmp_path: Path
) -> None:
    settings |= {"FACESOCIAL_MODEL_MIRROR": str(tmp_path), "FACESOCIAL_MODEL_DIR": str(tmp_path / "models")}
    assert facesocial(settings, "models", "pull", "--served").returncode == 1
    assert not (tmp_path / "state").exists()


def test_a_token_is_printed_alone(settings: dict[str, str]) -> None:
    done = facesocial(settings, "token", "--role", "admin", "--tenant", "acme", "--ttl", "60")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout)
    assert facesocial(settings, "token", "--role", "king").returncode == 2


def test_a_wrong_setting_is_named(settings: dict[str, str]) -> None:
    done = facesocial(settings | {"FACESOCIAL_PORT_BASE": "eighty"}, "status")
    assert done.returncode == 1
    assert "port_base" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_catalogue_is_listed(settings: dict[str, str]) -> None:
    done = facesocial(settings, "models", "list")
    assert done.returncode == 0
    assert "yunet-n" in done.stdout
