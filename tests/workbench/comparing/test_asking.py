"""Asking a server that answers the contract, one that does not answer, and one that stops in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract_stub import ContractStub, refusal
from service_process import free_port
from small_pictures import picture_folder, small_picture

from bentos.contracts import ErrorCode
from workbench.client import ApiError, ConnectionFailed, NotConfigured
from workbench.comparing.asking import GONE, Asking, ask_all
from workbench.comparing.shots import MOST_SHOTS, Shot, gather
from workbench.endpoints import Endpoints
from workbench.runs.access import Access
from workbench.runs.entry import Entry, SourceUnreadable
from workbench.runs.model import RunSettings
from workbench.runs.source_folder import folder_entries


def asking(count: int = 6, task: str = "liveness") -> Asking:
    entries = [Entry(f"{number}.png", small_picture(number)) for number in range(count)]
    return Asking(gather(entries).shots, task, RunSettings(tasks=(task,)))


def access(address: str, token: str = "a.b.c") -> Access:
    return Access(Endpoints(gateway=address), token, timeout_s=10)


def nothing() -> None:
    pass


@pytest.mark.parametrize("at_once", [1, 3])
def test_every_picture_is_asked_about_once(stub: ContractStub, at_once: int) -> None:
    one = asking()
    ask_all([(one, access(stub.url))], nothing, at_once=at_once)
    assert one.left == 0
    assert len({data for seen in stub.seen for _, data in seen.files}) == len(stub.seen) == 6
    reply = one.replies[0]
    assert (reply.models[0].version, reply.service_ms, reply.request_id) == ("1.2.3", 4.25, "stub-request")
    assert len(one.models) == 1


def test_a_side_that_is_away_does_not_lose_the_others_answers(stub: ContractStub) -> None:
    here, away = asking(), asking()
    ask_all([(here, access(stub.url)), (away, access(f"http://127.0.0.1:{free_port()}"))], nothing)
    assert here.left == 0
    assert isinstance(away.stopped, ConnectionFailed)
    ask_all([(away, access(stub.url))], nothing)
    assert away.left == 0
    assert away.stopped is None


def test_a_token_that_expires_stops_the_side_and_keeps_what_there_is(stub: ContractStub) -> None:
    stub.will_answer("check", None, None, refusal(401, ErrorCode.INVALID_TOKEN, "The token has expired."))
    one = asking()
    ask_all([(one, access(stub.url))], nothing)
    assert isinstance(one.stopped, ApiError)
    assert len(one.replies) == 2
    ask_all([(one, access(stub.url, "new.token.now"))], nothing)
    assert one.left == 0
    assert stub.seen[-1].headers["authorization"] == "Bearer new.token.now"


def test_a_refused_picture_is_its_own_matter(stub: ContractStub) -> None:
    stub.will_answer("check", None, refusal(422, ErrorCode.NO_FACE, "There is no face."))
    one = asking()
    ask_all([(one, access(stub.url))], nothing)
    assert one.left == 0
    assert (one.replies[1].code, one.replies[1].message) == ("NO_FACE", "There is no face.")


def test_a_token_that_no_header_carries_is_said(stub: ContractStub) -> None:
    one = asking()
    ask_all([(one, access(stub.url, "a\nb"))], nothing)
    assert isinstance(one.stopped, NotConfigured)
    assert stub.seen == []


def test_a_page_that_is_drawn_anew_keeps_what_was_answered(stub: ContractStub) -> None:
    one = asking()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_all([(one, access(stub.url))], interrupt, look_s=0.001)
    before = len(one.replies)
    ask_all([(one, access(stub.url))], nothing)
    assert one.left == 0
    assert len(stub.seen) == 6
    assert before <= 6


def test_a_picture_that_was_changed_is_not_sent(tmp_path: Path, stub: ContractStub) -> None:
    folder = picture_folder(tmp_path / "drawn", 2)
    shots = gather(folder_entries(folder)).shots
    assert all(shot.data is None for shot in shots)
    (folder / "00000.png").write_bytes(small_picture(9))
    (folder / "00001.png").unlink()
    one = Asking(shots, "detect", RunSettings())
    ask_all([(one, access(stub.url))], nothing)
    assert [one.replies[number].code for number in range(2)] == [GONE, GONE]
    assert stub.seen == []


def test_what_is_no_picture_or_comes_twice_is_left_out() -> None:
    data = small_picture(1)
    found = gather(
        [Entry("a", data), Entry("b", data), Entry("c", b"letter"), Entry("d", reason="Encrypted")]
    )
    assert [shot.name for shot in found.shots] == ["a"]
    assert found.skipped == {
        "b": "The same picture as a", "c": "No JPEG, PNG, WebP or BMP", "d": "Encrypted",
    }  # fmt: skip
    assert len(gather([Entry("a", data), Entry("b", data)], once=False).shots) == 2


def test_a_session_takes_only_so_much() -> None:
    data = small_picture(1)
    entries = (Entry(str(number), data) for number in range(MOST_SHOTS + 1))
    with pytest.raises(SourceUnreadable, match="5,000"):
        gather(entries, once=False)


def test_bytes_stay_out_of_what_is_printed() -> None:
    assert "secret" not in repr(Shot("a", "b", b"secret"))
