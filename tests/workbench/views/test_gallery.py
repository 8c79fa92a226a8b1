"""The gallery's page: its deeds against the real service, its refusals against a server that answers the contract."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from contract_stub import ContractStub, refusal, success
from service_process import ServiceProcess, free_port
from single_view import cells, html, said, single_view
from small_pictures import small_picture
from starlette.responses import Response
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from bentos.contracts import CollectionInfo, CollectionPage, ErrorCode, SubjectInfo, SubjectPage
from workbench.calls import RECOGNITION
from workbench.client import ApiError, Endpoints, FaceSocialClient
from workbench.components.picture import sample

SINCE = datetime(2026, 1, 2, tzinfo=UTC)
STAFF = CollectionInfo(
    name="staff", created_at=SINCE, subjects=1, faces=2, model="stub", model_version="1", model_digest="0" * 64,
    dimension=2, current=True,
)  # fmt: skip


@pytest.fixture
def tenant() -> str:
    """Nobody else's."""
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def client(recognition: ServiceProcess, tenant: str) -> Iterator[FaceSocialClient]:
    token = recognition.token("admin", tenant=tenant)
    with FaceSocialClient(Endpoints({RECOGNITION: recognition.url}), token=token) as client:
        yield client


@pytest.fixture
def staff(client: FaceSocialClient) -> FaceSocialClient:
    """A collection with Ann in it."""
    client.galleries.create("staff")
    client.galleries.enrol("staff", "ann", sample("Portrait").data, metadata={"team": "night"})
    return client


def gallery(service: ServiceProcess, tenant: str, part: str, role: str = "admin") -> AppTest:
    return single_view("gallery", service.url, service.token(role, tenant=tenant), part=part)


def button(page: AppTest, label: str) -> Button:
    """The one with these words."""
    (found,) = (one for one in page.button if one.label == label)
    return found


def listing(*infos: CollectionInfo, following: str | None = None) -> Response:
    return success(CollectionPage(collections=list(infos), next_cursor=following))


def at(stub: ContractStub, part: str, info: CollectionInfo = STAFF, runs: int = 8) -> AppTest:
    """A page on one collection, for so many drawings."""
    stub.will_answer("collections", *[listing(info) for _ in range(runs)])
    return single_view("gallery", stub.url, part=part)


def people(*names: str, following: str | None = None) -> Response:
    infos = [SubjectInfo(subject_id=name, metadata={}, faces=1, created_at=SINCE) for name in names]
    return success(SubjectPage(subjects=infos, next_cursor=following))


def test_the_first_collection_is_made_and_chosen(recognition: ServiceProcess, tenant: str) -> None:
    page = gallery(recognition, tenant, "People").run()
    assert "No collection yet" in said(page)
    page.text_input[0].set_value("guests")
    page.button[0].click().run()
    assert not page.exception
    assert "guests is made." in said(page)
    assert page.selectbox(key="collection").value == "guests"
    assert "Nobody is enrolled yet" in said(page)


@pytest.mark.parametrize("name", ["", "a b", "../x", "-", "ä"])
def test_what_is_no_name_is_said_so(recognition: ServiceProcess, tenant: str, name: str) -> None:
    page = gallery(recognition, tenant, "People").run()
    page.text_input[0].set_value(name)
    page.button[0].click().run()
    assert "That is no name for a collection" in page.error[0].value


def test_pictures_are_enrolled_each_with_its_own_result(
    recognition: ServiceProcess, tenant: str, client: FaceSocialClient
) -> None:
    client.galleries.create("staff")
    page = gallery(recognition, tenant, "Enrol").run()
    assert "Nothing to enrol yet" in said(page)
    portrait, group = sample("Portrait").data, sample("Group").data
    files = [
        ("ann-1.jpg", portrait),
        ("all.jpg", group),
        ("dots.png", small_picture(1)),
        ("letter.jpg", b"Dear"),
    ]
    page.file_uploader[0].set_value([(name, data, "image/jpeg") for name, data in files]).run()
    page.toggle(key="numbered").set_value(True).run()
    assert list(page.dataframe[0].value["Person"]) == ["ann", "all", "dots", "letter"]
    page.button(key="enrol").click().run()
    assert not page.exception
    results = page.dataframe[1].value
    assert list(results["Result"]) == ["✓ enrolled", "✗ refused", "✗ refused", "✗ refused"]
    assert "5 faces" in results["Why"][1]
    assert page.button(key="enrol").label == "Send 3 again"
    assert [one.subject_id for one in client.galleries.iter_subjects("staff")] == ["ann"]
    page.toggle(key="clearest_of_several").set_value(True).run()
    page.button(key="enrol").click().run()
    assert page.dataframe[1].value["Result"][1] == "✓ enrolled"
    faces = {one.subject_id: one.faces for one in client.galleries.iter_subjects("staff")}
    assert faces == {"ann": 1, "all": 1}, "who was enrolled already is not sent again"
    page.button(key="start over").click().run()
    assert "Nothing to enrol yet" in said(page)


def test_names_are_edited_and_pictures_left_out_before_sending(
    recognition: ServiceProcess, tenant: str, client: FaceSocialClient
) -> None:
    client.galleries.create("staff")
    page = gallery(recognition, tenant, "Enrol").run()
    portrait = sample("Portrait").data
    page.file_uploader[0].set_value([(name, portrait, "image/jpeg") for name in ("a.jpg", "b.jpg")]).run()
    editor = page.dataframe[0].key
    page.session_state[editor] = {
        "edited_rows": {0: {"Person": "Ann Lee"}, 1: {"Enrol": False}},
        "added_rows": [],
        "deleted_rows": [],
    }
    page.run()
    page.button(key="enrol").click().run()
    assert not page.exception
    assert [one.subject_id for one in client.galleries.iter_subjects("staff")] == ["Ann Lee"]


def test_a_person_is_looked_at_and_erased(
    recognition: ServiceProcess, tenant: str, staff: FaceSocialClient
) -> None:
    staff.galleries.enrol("staff", "ann", sample("Portrait").data)
    page = gallery(recognition, tenant, "People").run()
    assert {"ann", "2", '{"team": "night"}'} <= set(cells(page))
    page.selectbox(key="person").set_value("ann").run()
    assert "2 faces" in said(page)
    first = staff.galleries.subject("staff", "ann").data.faces[0].face_id
    page.button(key=f"erase face {first}").click().run()
    assert "Erased: 1 face." in said(page)
    assert len(staff.galleries.subject("staff", "ann").data.faces) == 1
    page.button(key="erase subject ann").click().run()
    assert not page.exception
    assert "Erased: 1 person and 1 face." in said(page)
    assert "Nobody is enrolled yet" in said(page)


def test_somebody_is_found_and_a_stranger_is_nobody(
    recognition: ServiceProcess, tenant: str, staff: FaceSocialClient
) -> None:
    page = gallery(recognition, tenant, "Identify", "viewer").run()
    assert not page.exception
    assert "ann" in cells(page)
    assert "ann 1.00" in html(page)
    staff.galleries.delete_subject("staff", "ann")
    page.run()
    assert "Nobody of this collection" in said(page)
    page.button_group(key="someone").set_value("Landscape").run()
    assert "No face was found" in said(page)


def test_a_collection_goes_out_and_comes_in(
    recognition: ServiceProcess, tenant: str, staff: FaceSocialClient
) -> None:
    page = gallery(recognition, tenant, "Transfer").run()
    button(page, "Prepare an export").click().run()
    assert not page.exception
    assert page.download_button[0].label.startswith("Download staff.ndjson")
    data = b"".join(staff.galleries.export("staff"))
    staff.galleries.delete_subject("staff", "ann")
    page.file_uploader(key="import").set_value(("staff.ndjson", data, "application/x-ndjson")).run()
    button(page, "Bring it in").click().run()
    assert "1 face came in." in said(page)
    assert staff.galleries.subject("staff", "ann").data.metadata == {"team": "night"}


def test_a_collection_is_erased_only_by_its_name(
    recognition: ServiceProcess, tenant: str, staff: FaceSocialClient
) -> None:
    page = gallery(recognition, tenant, "Erase").run()
    erase = button(page, "Erase the collection")
    assert erase.disabled
    page.text_input(key="erase staff").set_value("Staff").run()
    assert button(page, "Erase the collection").disabled
    page.text_input(key="erase staff").set_value("staff").run()
    button(page, "Erase the collection").click().run()
    assert "staff is erased: 1 person and 1 face." in said(page)
    assert "No collection yet" in said(page)
    with pytest.raises(ApiError, match="NOT_FOUND"):
        staff.galleries.collection("staff")


def test_a_role_that_is_not_enough_is_told_which_one_is(
    recognition: ServiceProcess, tenant: str, staff: FaceSocialClient
) -> None:
    page = gallery(recognition, tenant, "Enrol", "viewer").run()
    page.file_uploader[0].set_value([("bob.jpg", sample("Portrait").data, "image/jpeg")]).run()
    page.button(key="enrol").click().run()
    assert "This needs the role operator" in page.error[0].value
    assert "facesocial token --role operator" in page.error[0].value
    assert "… not sent" in cells(page)
    page = gallery(recognition, tenant, "Erase", "operator").run()
    page.text_input(key="erase staff").set_value("staff").run()
    button(page, "Erase the collection").click().run()
    assert "This needs the role admin" in page.error[0].value
    assert staff.galleries.collection("staff").data.subjects == 1


def test_pages_of_people_are_turned(stub: ContractStub) -> None:
    stub.will_answer("subjects", people("a", following="2"), people("b"), people("a", following="2"))
    page = at(stub, "People").run()
    assert "Page 1" in said(page)
    button(page, "After").click().run()
    assert not page.exception
    assert "Page 2" in said(page)
    assert "b" in cells(page)
    assert button(page, "After").disabled
    button(page, "Before").click().run()
    assert "a" in cells(page)
    asked = [seen.query.get("cursor") for seen in stub.seen if seen.path.endswith("subjects")]
    assert asked == [None, "2", None]


def test_a_name_is_searched_for_and_stays_out_of_the_link(stub: ContractStub) -> None:
    stub.will_answer("subjects", people("bob", "joann"), people("bob", "joann"))
    stub.will_answer("ann", refusal(404, ErrorCode.NOT_FOUND))
    page = at(stub, "People").run()
    page.text_input(key="who").set_value("ann").run()
    assert "joann" in cells(page)
    assert "bob" not in cells(page)
    assert "ann" not in str(dict(page.query_params))
    stub.will_answer("zoe", refusal(404, ErrorCode.NOT_FOUND))
    stub.will_answer("subjects", people("bob"))
    page.text_input(key="who").set_value("zoe").run()
    assert "Nobody's name holds “zoe”" in said(page)


def test_a_collection_of_another_model_says_what_to_do(stub: ContractStub) -> None:
    stub.will_answer("subjects", people("ann"))
    page = at(stub, "People", STAFF.model_copy(update={"current": False})).run()
    assert "another model's" in page.warning[0].value
    assert "reindex" in page.warning[0].value


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (401, ErrorCode.INVALID_TOKEN, "The token is not accepted"),
        (429, ErrorCode.RATE_LIMITED, "Too many requests"),
        (503, ErrorCode.DEPENDENCY_UNAVAILABLE, "The service is not ready"),
    ],
)
@pytest.mark.parametrize("where", ["collections", "subjects"])
def test_refusals_say_what_happened(
    stub: ContractStub, where: str, status: int, code: ErrorCode, title: str
) -> None:
    stub.will_answer(where, refusal(status, code))
    page = (single_view("gallery", stub.url) if where == "collections" else at(stub, "People")).run()
    assert not page.exception
    assert title in page.error[0].value
    assert "stub-error" in said(page)


def test_a_service_that_is_down_is_named() -> None:
    page = single_view("gallery", f"http://127.0.0.1:{free_port()}").run()
    assert not page.exception
    assert "does not answer" in page.error[0].value
    assert "make up" in page.error[0].value


def test_a_cut_off_export_is_no_file(stub: ContractStub) -> None:
    stub.will_answer("export", Response(b'{"type":"head"}\n'))
    page = at(stub, "Transfer").run()
    button(page, "Prepare an export").click().run()
    assert "not the last one" in page.error[0].value
    assert not page.download_button


def test_a_link_with_nonsense_shows_the_first_collection(stub: ContractStub) -> None:
    stub.will_answer("collections", listing(STAFF))
    stub.will_answer("subjects", people("ann"))
    page = single_view("gallery", stub.url, collection="../../etc", part="Nothing", person="x").run()
    assert not page.exception
    assert page.selectbox(key="collection").value == "staff"
    assert "ann" in cells(page)
