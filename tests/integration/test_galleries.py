"""Galleries through the running service: people, tenants, crashes, replicas."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Mapping

import httpx
import pytest
from integration.galleries import Caller, Recognition
from integration.people import att_people, faces_folder
from integration.pictures import encoded, sample
from service_process import ServiceProcess

from bentos.contracts import SERVICES

ENROLMENTS = 200
KILLS = 20


def portrait(shift: int = 0) -> bytes:
    """A drawn person; another number gives another picture of the same."""
    image = sample("portrait")
    return encoded(image.crop((shift, shift, image.width, image.height)))


def test_twenty_people_are_identified_from_other_photographs_and_strangers_are_not(
    recognition: Recognition,
) -> None:
    people = att_people(faces_folder(), 1, 20)
    strangers = att_people(faces_folder(), 21, 10)
    with recognition() as service:
        caller = Caller(service)
        caller.data("POST", "/collections", 201, json={"name": "staff"})
        for person in people:
            done = caller.enrol(person.name, person.enrolled, metadata=json.dumps({"of": person.name}))
            assert done["subject_id"] == person.name
        right = wrong = 0
        for person in people:
            for picture in person.others:
                for matches in caller.identify(picture):
                    best = [match["subject_id"] for match in matches[:1]]
                    right += best == [person.name]
                    wrong += best not in ([], [person.name])
        print(f"{right} of {sum(len(person.others) for person in people)} right, {wrong} wrong")
        assert right >= 36, "at least nine of ten"
        assert wrong == 0
        for person in strangers:
            assert [one for matches in caller.identify(person.enrolled) for one in matches] == []


def test_an_enrolment_can_be_erased_and_its_answers_follow_the_contract(recognition: Recognition) -> None:
    with recognition() as service:
        caller = Caller(service)
        made = caller.data("POST", "/collections", 201, json={"name": "staff"})
        assert (made["name"], made["subjects"], made["faces"]) == ("staff", 0, 0)
        assert caller.error("POST", "/collections", 409, json={"name": "staff"}) == "CONFLICT"
        assert caller.error("POST", "/collections", 400, json={"name": "no/slash"}) == "INVALID_REQUEST"
        done = caller.enrol("ada", portrait(), metadata='{"role": "drawn"}')
        assert 0 < done["quality"]["score"] <= 1
        (listed,) = caller.data("GET", "/collections/staff/subjects")["subjects"]
        assert (listed["subject_id"], listed["faces"], listed["metadata"]) == ("ada", 1, {"role": "drawn"})
        ((match, *_),) = caller.identify(portrait(9))
        assert (match["subject_id"], match["face_id"]) == ("ada", done["face_id"])
        assert match["metadata"] == {"role": "drawn"}
        erased = caller.data("DELETE", f"/collections/staff/subjects/ada/faces/{done['face_id']}")
        assert erased["faces"] == 1
        assert caller.identify(portrait()) == [[]]
        assert caller.data("GET", "/collections/staff/subjects/ada")["faces"] == []
        caller.data("DELETE", "/collections/staff/subjects/ada")
        assert caller.error("GET", "/collections/staff/subjects/ada", 404) == "NOT_FOUND"
        assert caller.error("DELETE", "/collections/staff", 403) == "FORBIDDEN"
        caller.as_role("admin").data("DELETE", "/collections/staff")
        assert caller.data("GET", "/collections")["collections"] == []


def test_a_batch_answers_for_each_image_and_retries_are_harmless(recognition: Recognition) -> None:
    with recognition() as service:
        caller = Caller(service)
        caller.data("POST", "/collections", 201, json={"name": "staff"})
        files = [("images", portrait(1)), ("images", b"no picture"), ("images", portrait(2))]
        form = {"subject_ids": ["ada", "bob", "eve"]}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        first = caller.call("POST", "/collections/staff/batch", files=files, data=form, headers=key)
        results = first.json()["data"]["results"]
        assert [result["success"] for result in results] == [True, False, True]
        assert results[1]["error"]["code"] == "INVALID_IMAGE"
        again = caller.call("POST", "/collections/staff/batch", files=files, data=form, headers=key)
        assert again.json()["data"] == first.json()["data"]
        assert again.headers["Idempotency-Replayed"] == "true"
        changed = {"subject_ids": ["ada", "bob", "mallory"]}
        answer = caller.call("POST", "/collections/staff/batch", files=files, data=changed, headers=key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
        assert caller.data("GET", "/collections/staff")["faces"] == 2
        short = caller.error("POST", "/collections/staff/batch", 400, files=files, data={"subject_ids": "a"})
        assert short == "INVALID_REQUEST"
        assert caller.error("POST", "/collections/none/batch", 404, files=files, data=form) == "NOT_FOUND"


def test_a_viewer_reads_and_changes_nothing(recognition: Recognition) -> None:
    with recognition() as service:
        caller = Caller(service)
        caller.data("POST", "/collections", 201, json={"name": "staff"})
        caller.enrol("ada", portrait())
        viewer = caller.as_role("viewer")
        assert viewer.identify(portrait())[0][0]["subject_id"] == "ada"
        assert viewer.data("GET", "/collections/staff/subjects")["subjects"]
        enrolment: dict[str, object] = {"files": {"image": portrait()}, "data": {"subject_id": "bob"}}
        forbidden: list[tuple[str, str, dict[str, object]]] = [
            ("POST", "/collections", {"json": {"name": "mine"}}),
            ("POST", "/collections/staff/subjects", enrolment),
            ("DELETE", "/collections/staff/subjects/ada", {}),
            ("DELETE", "/collections/staff", {}),
            ("GET", "/collections/staff/export", {}),
            ("POST", "/collections/staff/import", {"content": b""}),
            ("POST", "/gallery/rebuild", {}),
            ("GET", "/audit", {}),
        ]
        for method, path, kwargs in forbidden:
            assert viewer.error(method, path, 403, **kwargs) == "FORBIDDEN", path
        assert caller.data("GET", "/collections/staff")["faces"] == 1


def test_a_tenant_never_sees_another_ones_anything(recognition: Recognition) -> None:
    with recognition() as service:
        mine = Caller(service, role="admin")
        mine.data("POST", "/collections", 201, json={"name": "staff"})
        face = mine.enrol("ada", portrait())["face_id"]
        theirs = Caller(service, "umbrella", "admin")
        image: dict[str, object] = {"files": {"image": portrait()}}
        routes: list[tuple[str, str, dict[str, object]]] = [
            ("GET", "/collections/staff", {}),
            ("DELETE", "/collections/staff", {}),
            ("GET", "/collections/staff/subjects", {}),
            ("POST", "/collections/staff/subjects", image | {"data": {"subject_id": "ada"}}),
            ("GET", "/collections/staff/subjects/ada", {}),
            ("DELETE", "/collections/staff/subjects/ada", {}),
            ("DELETE", f"/collections/staff/subjects/ada/faces/{face}", {}),
            ("POST", "/collections/staff/identify", image),
            (
                "POST",
                "/collections/staff/batch",
                {"files": {"images": portrait()}, "data": {"subject_ids": "ada"}},
            ),
            ("GET", "/collections/staff/export", {}),
        ]
        for method, path, kwargs in routes:
            assert theirs.error(method, path, 404, **kwargs) == "NOT_FOUND", (method, path)
        _every_route_with_an_id_was_tried(service, routes)
        assert theirs.data("GET", "/collections")["collections"] == []
        events = theirs.data("GET", "/audit?limit=1000")["events"]
        assert all(event["actor"] == "tests" for event in events)
        assert not any("face_id" in event["target"] and event["outcome"] == "ok" for event in events)
        nobody = Caller(service, "nobody yet", "admin").data("POST", "/gallery/verify")
        assert (nobody["clean"], nobody["faces"]) == (True, 0)
        cursor = _a_cursor(mine)
        assert theirs.error("GET", f"/collections?cursor={cursor}", 400) == "INVALID_REQUEST"
        # The same names are free for the other tenant, and lead to its own.
        theirs.data("POST", "/collections", 201, json={"name": "staff"})
        assert theirs.identify(portrait()) == [[]]
        lines = mine.call("GET", "/collections/staff/export").content
        assert theirs.data("POST", "/collections/staff/import", content=lines)["faces"] == 1
        theirs.data("DELETE", "/collections/staff/subjects/ada")
        assert mine.identify(portrait())[0][0]["subject_id"] == "ada"
        assert mine.data("POST", "/gallery/verify")["clean"]


def _a_cursor(caller: Caller) -> str:
    caller.data("POST", "/collections", 201, json={"name": "guests"})
    cursor: str = caller.data("GET", "/collections?limit=1")["next_cursor"]
    return cursor


def _every_route_with_an_id_was_tried(
    service: ServiceProcess, tried: list[tuple[str, str, dict[str, object]]]
) -> None:
    """No route of a collection is left out of the test above when one is added."""
    document = httpx.get(f"{service.url}/docs.json", trust_env=False).json()
    known = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if "{name}" in path
    }
    assert len(known) == len(tried) + 1, "an import makes the collection where there is none"


def test_an_unready_store_is_said_in_health(recognition: Recognition, backend: str) -> None:
    with recognition() as service:
        found = httpx.get(f"{service.url}/health", trust_env=False).json()
        wanted = {"database": "ok", "milvus": "ok"} | ({"redis": "ok"} if backend == "servers" else {})
        assert found["dependencies"] == wanted
        assert found["status"] == "ok"


@pytest.mark.timeout(900)
def test_twenty_kills_lose_nothing_that_was_acknowledged_and_add_nothing_twice(
    recognition: Recognition,
) -> None:
    """``kill -9`` at 20 random moments during 200 enrolments; a client that retries with its key."""
    service = recognition()
    acknowledged: dict[str, str] = {}
    killed: list[int] = []
    with service:
        caller = Caller(service)
        caller.data("POST", "/collections", 201, json={"name": "staff"})
        killer = threading.Thread(target=_kill_again_and_again, args=(service, acknowledged, killed))
        killer.start()
        for number in range(ENROLMENTS):
            subject = f"person-{number % 50}"
            acknowledged[_enrol_until_acknowledged(caller, subject, portrait(number % 40), number)] = subject
        killer.join(120)
        assert len(killed) == KILLS
        admin = caller.as_role("admin")
        assert admin.data("POST", "/gallery/verify")["clean"]
        found = {
            face["face_id"]: subject
            for subject in {*acknowledged.values()}
            for face in caller.data("GET", f"/collections/staff/subjects/{subject}")["faces"]
        }
        assert len(acknowledged) == ENROLMENTS
        assert found == acknowledged
        lines = caller.call("GET", "/collections/staff/export").text.splitlines()
        assert sum('"type":"face"' in line for line in lines) == ENROLMENTS
        everybody = caller.identify(portrait(), top_k="100", far="1")[0]
        assert {match["subject_id"] for match in everybody} == {*acknowledged.values()}


def _kill_again_and_again(
    service: ServiceProcess, acknowledged: Mapping[str, str], killed: list[int]
) -> None:
    """Each time after another number of enrolments, a little into the next one."""
    chance = random.Random(7)
    for number in sorted(chance.sample(range(ENROLMENTS), KILLS)):
        while len(acknowledged) < number:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.15))
        service.kill()
        killed.append(number)
        service.__enter__()


def _enrol_until_acknowledged(caller: Caller, subject: str, image: bytes, number: int) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            answer = caller.call(
                "POST",
                "/collections/staff/subjects",
                files={"image": image},
                data={"subject_id": subject},
                headers={"Idempotency-Key": f"enrolment-{number}"},
            )
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == 201:
            face: str = answer.json()["data"]["face_id"]
            return face
        assert answer.status_code in (409, 503), answer.text
        time.sleep(0.2)
    raise AssertionError("never acknowledged")


@pytest.mark.parametrize("backend", ["servers"], indirect=True)
@pytest.mark.parametrize("index", ["shared", "own"])
def test_two_replicas_on_one_postgresql_agree(recognition: Recognition, index: str) -> None:
    """Around one Milvus, and each with an embedded index of its own."""
    own = {"FACESOCIAL_MILVUS_URI": "", "FACESOCIAL_REDIS_URL": ""} if index == "own" else {}
    with recognition(**own) as first, recognition(**own) as second:
        one, other = Caller(first), Caller(second)
        one.data("POST", "/collections", 201, json={"name": "staff"})
        assert other.error("POST", "/collections", 409, json={"name": "staff"}) == "CONFLICT"
        for number in range(10):
            near, far = (one, other) if number % 2 else (other, one)
            near.enrol(f"p{number}", portrait(number))
            assert any(
                match["subject_id"] == f"p{number}" for match in far.identify(portrait(number), top_k="50")[0]
            )
            if number % 3 == 0:
                far.data("DELETE", f"/collections/staff/subjects/p{number}")
                assert all(
                    match["subject_id"] != f"p{number}"
                    for match in near.identify(portrait(number), top_k="50")[0]
                )
        answers = _at_once(
            [lambda: one.enrol("twin", portrait(), key="k"), lambda: other.enrol("twin", portrait(), key="k")]
            * 4
        )
        assert len({answer["face_id"] for answer in answers}) == 1
        page = one.data("GET", "/collections/staff/subjects?limit=2")
        more = other.data("GET", f"/collections/staff/subjects?limit=2&cursor={page['next_cursor']}")
        assert more["subjects"][0]["subject_id"] > page["subjects"][-1]["subject_id"]
        assert one.as_role("admin").data("POST", "/gallery/verify")["clean"]
        audit = other.as_role("admin").data("GET", "/audit?limit=1000")["events"]
        assert [event["seq"] for event in audit] == list(range(1, len(audit) + 1))


def _at_once(calls: list) -> list[Mapping[str, str]]:  # type: ignore[type-arg]
    answers: list[Mapping[str, str]] = []
    threads = [threading.Thread(target=lambda call=call: answers.append(call())) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(calls)
    return answers


def test_the_contract_names_every_gallery_route(recognition: Recognition) -> None:
    with recognition() as service:
        paths = httpx.get(f"{service.url}/docs.json", trust_env=False).json()["paths"]
    wanted = {
        "/collections": {"get", "post"},
        "/collections/{name}": {"get", "delete"},
        "/collections/{name}/subjects": {"get", "post"},
        "/collections/{name}/subjects/{subject_id}": {"get", "delete"},
        "/collections/{name}/subjects/{subject_id}/faces/{face_id}": {"delete"},
        "/collections/{name}/identify": {"post"},
        "/collections/{name}/batch": {"post"},
        "/collections/{name}/export": {"get"},
        "/collections/{name}/import": {"post"},
    }
    for path, methods in wanted.items():
        assert methods <= set(paths[f"/api/v1{path}"]), path
    assert any(address.name == service.service for address in SERVICES)


def test_a_viewer_is_not_told_what_an_operators_request_answered(recognition: Recognition) -> None:
    with recognition() as service:
        caller = Caller(service)
        caller.data("POST", "/collections", 201, json={"name": "staff"})
        caller.enrol("ada", portrait(), key="once")
        repeated = {"files": {"image": portrait()}, "data": {"subject_id": "ada"}}
        headers = {"Idempotency-Key": "once"}
        answer = caller.call("POST", "/collections/staff/subjects", headers=headers, **repeated)
        assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (201, "true")
        viewer = caller.as_role("viewer")
        code = viewer.error("POST", "/collections/staff/subjects", 403, headers=headers, **repeated)
        assert code == "FORBIDDEN"


def test_who_verifies_or_identifies_too_often_is_told_when_to_come_back(recognition: Recognition) -> None:
    with recognition(FACESOCIAL_VERIFY_PER_MINUTE="3") as service:
        caller = Caller(service)
        caller.data("POST", "/collections", 201, json={"name": "staff"})
        pair = {"image_a": portrait(), "image_b": portrait(1)}
        for _ in range(2):
            caller.data("POST", "/verify", files=pair)
        caller.identify(portrait())
        for path, files in (("/verify", pair), ("/collections/staff/identify", {"image": portrait()})):
            answer = caller.call("POST", path, files=files)
            assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert Caller(service, "umbrella").call("POST", "/verify", files=pair).status_code == 200
        caller.enrol("ada", portrait())
