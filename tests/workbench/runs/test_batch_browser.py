"""A batch run in a real browser, on real services with the project's own weights."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chromium import WAIT_MS, chromium
from PIL import Image, ImageEnhance, ImageOps
from playwright.sync_api import Browser, Page, expect
from service_process import ServiceProcess
from streamlit_process import ROOT, StreamlitProcess

from models.catalogue import OWN
from models.catalogue.card import Task

pytestmark = pytest.mark.browser

SHOTS = ROOT / ".artefacts" / "screenshots"
SERVICES = ("face-detection-service", "antispoofing-service")
SAMPLES = ROOT / "workbench" / "samples"
COUNT = 150


def draw(folder: Path) -> Path:
    """Sample pictures, each in another light, and one file that is none."""
    folder.mkdir()
    for number in range(COUNT):
        name = ("group", "portrait", "landscape")[number % 3]
        with Image.open(SAMPLES / f"{name}.jpg") as image:
            other = ImageOps.mirror(image) if number % 2 else image
            lit = ImageEnhance.Brightness(other).enhance(0.7 + 0.004 * number)
            lit.save(folder / f"{name} {number:03d}.jpg", quality=85)
    (folder / "notes.txt").write_text("Nobody here exists.")
    return folder


@pytest.fixture(scope="module")
def services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ServiceProcess]]:
    own = {Task.FACE_DETECTION, Task.ANTISPOOFING} <= set(OWN)
    mirror = tmp_path_factory.mktemp("nothing") if own else request.getfixturevalue("mirror")
    settings, secret = {"FACESOCIAL_MODEL_SOURCE": "own"} if own else {}, secrets.token_hex(32)
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                ServiceProcess(name, tmp_path_factory.mktemp(name), mirror, settings, secret=secret)
            )
            for name in SERVICES
        ]


@pytest.fixture(scope="module")
def bench(
    services: list[ServiceProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StreamlitProcess]:
    folder = tmp_path_factory.mktemp("workbench")
    addresses = {service.service: service.url for service in services}
    settings = {
        "FACESOCIAL_WORKBENCH_ENVIRONMENTS": json.dumps({"local": {"services": addresses}}),
        "FACESOCIAL_WORKBENCH_TOKEN": services[0].token(),
        "FACESOCIAL_WORKBENCH_DATA_DIR": str(folder / "data"),
    }
    with StreamlitProcess(folder, settings) as process:
        yield process


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def opened(browser: Browser, url: str, *, width: int = 1280, scheme: str = "light") -> Page:
    height = 1100 if width > 500 else 844
    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(url)
    return page


def keep(page: Page, name: str) -> None:
    """A screenshot to be looked at after the run."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(800)  # what is drawn moves into its place
    page.screenshot(path=SHOTS / f"{name}.png")


def test_a_run_from_its_start_to_its_labels(
    browser: Browser, bench: StreamlitProcess, services: list[ServiceProcess], tmp_path: Path
) -> None:
    folder = draw(tmp_path / "drawn")
    page = opened(
        browser, f"{bench.url}/batch?source=Folder&tasks=Detect&tasks=Liveness&together=1&at_once=1"
    )
    page.get_by_label("Folder", exact=True).fill(str(folder))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start on local")).to_be_enabled()
    keep(page, "batch-start-1280")
    page.get_by_role("button", name="Start on local").click()
    expect(page.get_by_text("pictures a second").first).to_be_visible()
    keep(page, "batch-running-1280")
    services[1].kill()
    expect(page.get_by_text("Waiting for antispoofing-service since")).to_be_visible()
    keep(page, "batch-waiting-1280")
    page.reload()
    expect(page.get_by_text("Waiting for antispoofing-service since")).to_be_visible()
    services[1].__enter__()
    expect(page.get_by_text("Over: every picture is accounted for")).to_be_visible(timeout=120_000)
    expect(page.get_by_text(f"{COUNT + 1} of {COUNT + 1} pictures")).to_be_visible()
    keep(page, "batch-results-1280")
    look_at_files_and_latency(page)
    look_at_one(page)
    link = page.url
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "dark")):
        other = opened(browser, link, width=width, scheme=scheme)
        expect(other.get_by_text("Over: every picture is accounted for")).to_be_visible()
        expect(other.locator(".fs-box").first).to_be_visible()
        assert other.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= width
        keep(other, f"batch-item-{width}-{scheme}")
        other.context.close()
    labels = opened(browser, f"{bench.url}/labels?labels=Liveness")
    expect(labels.get_by_text("Marked right")).to_be_visible()
    expect(labels.get_by_role("button", name="Evaluation set of 0 samples")).to_be_disabled()
    expect(labels.get_by_text("labels.csv")).to_be_visible()
    keep(labels, "labels-1280")


def look_at_files_and_latency(page: Page) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("number,picture,digest")
    assert sum("notes.txt" in line for line in lines) == 1
    page.get_by_text("How long requests took").click()
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()
    page.get_by_test_id("stVegaLiteChart").last.scroll_into_view_if_needed()
    keep(page, "batch-latency-1280")


def look_at_one(page: Page) -> None:
    page.goto(f"{page.url}&item=1&answer=Liveness")
    expect(page.get_by_text("1. group 000.jpg")).to_be_visible()
    expect(page.locator(".fs-box").first).to_be_visible()
    page.get_by_role("heading", name="1. group 000.jpg").click()
    page.keyboard.press("n")
    expect(page.get_by_text("Marked").first).to_be_visible()
    expect(page.get_by_text("wrong").first).to_be_visible()
    keep(page, "batch-item-1280")
    page.keyboard.press("j")
    expect(page.get_by_text("2. group 003.jpg")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_text("1. group 000.jpg")).to_be_visible()
