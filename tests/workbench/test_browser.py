"""The workbench in a real browser, against the real service."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chromium import WAIT_MS, chromium
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from service_process import ServiceProcess
from workbench_process import Workbench, workbench_process

pytestmark = [pytest.mark.browser, pytest.mark.published]

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / ".artefacts" / "workbench"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def bench(running_service: ServiceProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with workbench_process(running_service, tmp_path_factory.mktemp("workbench")) as bench:
        yield bench


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, bench: Workbench) -> Iterator[OpenPage]:
    contexts = []

    def open_page(query: str = "", *, width: int = 1280, height: int = 1100, scheme: str = "light") -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{bench.url}/{query}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def keep(page: Page, name: str) -> None:
    """A screenshot to be looked at after the run."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png")


def test_faces_of_the_group_are_found_and_drawn_on_them(open_page):
    page = open_page()
    expect(page.locator(".fs-box")).to_have_count(5)
    expect(page.get_by_text("Face detection is ready")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue")).to_have_text("5")
    picture = page.locator(".fs-picture").bounding_box()
    for box in page.locator(".fs-box").all():
        inner = box.bounding_box()
        assert picture["x"] < inner["x"] < picture["x"] + picture["width"] - inner["width"]
        assert picture["y"] < inner["y"] < picture["y"] + picture["height"] - inner["height"]
        assert 0.05 < inner["width"] / picture["width"] < 0.2
    keep(page, "detect-1280")


def test_the_picture_itself_is_shown(open_page):
    page = open_page("?picture=Portrait")
    expect(page.locator(".fs-box")).to_have_count(1)
    size = page.locator(".fs-picture img").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [640, 800]


def test_a_choice_goes_into_the_link_and_the_link_brings_it_back(open_page):
    page = open_page()
    expect(page.locator(".fs-box")).to_have_count(5)
    page.get_by_role("radio", name="Landscape").or_(page.get_by_role("button", name="Landscape")).click()
    expect(page.get_by_text("No face was found")).to_be_visible()
    assert "picture=Landscape" in page.url
    page.reload()
    expect(page.get_by_text("No face was found")).to_be_visible()


def test_options_of_the_link_reach_the_service(open_page):
    page = open_page("?max_faces=2")
    expect(page.locator(".fs-box")).to_have_count(2)
    page.goto(page.url.replace("max_faces=2", "min_score=0.95"))
    expect(page.get_by_text("No face was found")).to_be_visible()
    expect(page.get_by_text("A lower score or a smaller size")).to_be_visible()


def upload(page: Page, name: str, data: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


def test_an_upload_goes_before_the_sample(open_page):
    page = open_page()
    expect(page.locator(".fs-box")).to_have_count(5)
    upload(page, "own.jpg", (ROOT / "workbench" / "samples" / "portrait.jpg").read_bytes())
    expect(page.locator(".fs-box")).to_have_count(1)
    expect(page.get_by_text("own.jpg, 640 x 800 pixels")).to_be_visible()


def test_what_is_no_picture_is_said_so(open_page):
    page = open_page()
    upload(page, "letter.jpg", b"Dear Sir or Madam")
    expect(page.get_by_text("The picture cannot be read")).to_be_visible()
    expect(page.get_by_text("Request id")).to_be_visible()
    keep(page, "detect-not-a-picture")


def test_a_picture_that_is_too_large_is_said_so(open_page):
    stream = io.BytesIO()
    Image.new("L", (8000, 8000)).save(stream, "PNG")
    page = open_page()
    upload(page, "large.png", stream.getvalue())
    expect(page.get_by_text("The picture is too large")).to_be_visible()


def test_an_expired_token_is_said_so_and_a_renewed_one_is_taken(open_page, bench, running_service):
    bench.token_file.write_text(running_service.token(ttl=-3600))
    try:
        page = open_page()
        expect(page.get_by_text("The token is not accepted")).to_be_visible()
        expect(page.get_by_text("expired")).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        keep(page, "detect-expired-token")
    finally:
        bench.token_file.write_text(running_service.token())
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".fs-box")).to_have_count(5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(open_page, scheme):
    page = open_page(width=390, height=844, scheme=scheme)
    expect(page.locator(".fs-box")).to_have_count(5)
    expect(page.locator(".fs-score").first).to_be_hidden()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth") <= 390
    page.locator(".fs-picture").scroll_into_view_if_needed()
    keep(page, f"detect-390-{scheme}")


def test_dark_follows_the_browser(open_page):
    page = open_page(scheme="dark")
    expect(page.locator(".fs-box")).to_have_count(5)
    colour = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert colour == "rgb(16, 22, 28)"
    keep(page, "detect-1280-dark")


def test_nothing_is_fetched_from_elsewhere(browser, bench):
    context = browser.new_context()
    page, hosts = context.new_page(), set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(bench.url)
    expect(page.locator(".fs-box")).to_have_count(5)
    context.close()
    assert hosts <= {"127.0.0.1", None}
