"""Gallery and Compare in a real browser, against the real service on the project's own weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chromium import WAIT_MS, chromium
from playwright.sync_api import Browser, Page, expect
from service_process import ServiceProcess
from workbench_process import Workbench, workbench_process

from workbench.calls import RECOGNITION
from workbench.client import Endpoints, FaceSocialClient
from workbench.components.picture import sample

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / ".artefacts" / "screenshots"
OpenPage = Callable[..., Page]
SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def bench(recognition: ServiceProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with workbench_process(recognition, tmp_path_factory.mktemp("workbench")) as bench:
        bench.token_file.write_text(recognition.token("admin", tenant="browser"))
        yield bench


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, bench: Workbench) -> Iterator[OpenPage]:
    contexts = []

    def open_page(place: str, *, width: int = 1280, scheme: str = "light") -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 1100}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(f"{bench.url}/{place}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def keep(page: Page, name: str) -> None:
    """A screenshot to be looked at after the run, taken when nothing waits to be drawn."""
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def jpeg(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def test_from_nothing_to_somebody_found_and_nothing_again(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("gallery")
    expect(page.get_by_text("No collection yet")).to_be_visible()
    keep(page, "gallery-empty-1280")
    page.get_by_role("button", name="New collection").click()
    page.get_by_label("Name", exact=True).fill("guests")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("guests is made.")).to_be_visible()

    page.get_by_role("radio", name="Enrol").click()
    expect(page.get_by_text("Nothing to enrol yet")).to_be_visible()
    files = [jpeg("ann.jpg", sample("Portrait").data), jpeg("all.jpg", sample("Group").data)]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Enrol 2").click()
    expect(page.get_by_text("What came of them")).to_be_visible()
    expect(page.get_by_text("1 enrolled, 1 refused")).to_be_visible()
    keep(page, "gallery-enrol-1280")

    page.get_by_role("radio", name="Identify").click()
    expect(page.locator(".fs-box")).to_have_count(1)
    expect(page.locator(".fs-tag")).to_contain_text("ann")
    assert "part=Identify" in page.url

    page.get_by_role("radio", name="Transfer").click()
    page.get_by_role("button", name="Prepare an export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download guests.ndjson").click()
    download.value.save_as(tmp_path / "guests.ndjson")
    lines = (tmp_path / "guests.ndjson").read_text().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["collection", "subject", "face", "end"]

    page.get_by_role("radio", name="People").click()
    page.get_by_role("combobox", name="Look at one").click()
    page.get_by_role("option", name="ann").click()
    page.get_by_role("button", name="Erase ann").click()
    expect(page.get_by_text("It is removed from every store").last).to_be_visible()
    keep(page, "gallery-erase-person-1280")
    page.get_by_role("button", name="Erase for good").locator("visible=true").click()
    expect(page.get_by_text("Erased: 1 person and 1 face.")).to_be_visible()
    expect(page.get_by_text("Nobody is enrolled yet")).to_be_visible()

    page.get_by_role("radio", name="Erase").click()
    erase = page.get_by_role("button", name="Erase the collection")
    expect(erase).to_be_disabled()
    page.get_by_label("Type the collection's name").fill("guests")
    page.keyboard.press("Enter")
    expect(erase).to_be_enabled()
    erase.click()
    expect(page.get_by_text("No collection yet")).to_be_visible()


@pytest.fixture(scope="module")
def staff(recognition: ServiceProcess) -> Iterator[None]:
    """A collection with somebody in it, for the tests that only look."""
    token = recognition.token("admin", tenant="browser")
    with FaceSocialClient(Endpoints({RECOGNITION: recognition.url}), token=token) as client:
        client.galleries.create("staff")
        client.galleries.enrol("staff", "ann", sample("Portrait").data, metadata={"team": "night"})
        yield
        client.galleries.delete("staff")


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize(("width", "scheme"), SIZES)
@pytest.mark.parametrize(("part", "words"), [("People", "Look at one"), ("Identify", "Request id")])
def test_the_gallery_fits_every_screen(
    open_page: OpenPage, part: str, words: str, width: int, scheme: str
) -> None:
    page = open_page(f"gallery?collection=staff&part={part}", width=width, scheme=scheme)
    expect(page.get_by_text(words).first).to_be_visible()
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= width
    keep(page, f"gallery-{part.lower()}-{width}-{scheme}")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_two_faces_stand_side_by_side_on_every_screen(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page("compare?first=Portrait&second=Group", width=width, scheme=scheme)
    expect(page.locator(".fs-pair img")).to_have_count(2)
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    left, right = (image.bounding_box() for image in page.locator(".fs-pair img").all())
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    assert left["width"] == pytest.approx(left["height"], abs=1)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= width
    page.locator(".fs-pair").scroll_into_view_if_needed()
    page.get_by_test_id("stVegaLiteChart").scroll_into_view_if_needed()
    keep(page, f"compare-{width}-{scheme}")


def test_the_threshold_is_moved_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page("compare?first=Portrait&second=Group")
    threshold = page.get_by_test_id("stMetric").filter(has_text="Threshold").get_by_test_id("stMetricValue")
    expect(threshold).to_have_text("0.768")
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(threshold).not_to_have_text("0.768")
    assert "far=" in page.url


def test_nothing_is_fetched_from_elsewhere(browser: Browser, bench: Workbench) -> None:
    context = browser.new_context()
    page, hosts = context.new_page(), set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(f"{bench.url}/compare?first=Portrait")
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    context.close()
    assert hosts <= {"127.0.0.1", None}
