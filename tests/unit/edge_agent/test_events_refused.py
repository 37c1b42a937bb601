"""Sockets that are refused before they open: coded as every other answer, in both languages."""

from collections.abc import Iterator

import pytest
from starlette.testclient import WebSocketDenialResponse

from tests.factories.agent_api import Box
from tests.factories.agent_files import SCREEN_TOKEN


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/events?after=abc", 422, "A107"),
        ("/v1/events?after=-1", 422, "A107"),
        ("/v1/events?after=1.5", 422, "A107"),
        ("/v1/events?after=", 422, "A107"),
        (f"/v1/events?after={'9' * 5_000}", 422, "A107"),
        ("/v1/tech/tills/nonsense/watch", 422, "A107"),
        ("/v1/events?lane=nowhere", 404, "A108"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(box: Box, path: str, status: int, code: str) -> None:
    before = box.agent.basis.tally.snapshot().get(code, 0)
    with box.screen() as screen, pytest.raises(WebSocketDenialResponse) as denied:
        screen.websocket_connect(path).__enter__()
    told = denied.value.json()
    assert (denied.value.status_code, told["code"]) == (status, code)
    assert told["zh"]
    assert told["en"]
    assert "abc" not in denied.value.text
    assert box.agent.basis.tally.snapshot()[code] == before + 1


@pytest.mark.parametrize(("token", "code"), [("", "A101"), ("wrong", "A102")])
def test_a_socket_without_a_token_of_ours_is_refused(box: Box, token: str, code: str) -> None:
    with box.client(token) as client, pytest.raises(WebSocketDenialResponse) as denied:
        client.websocket_connect("/v1/events").__enter__()
    assert (denied.value.status_code, denied.value.json()["code"]) == (401, code)


def test_a_number_from_before_a_restart_begins_anew(box: Box) -> None:
    path = f"/v1/events?token={SCREEN_TOKEN}&after={10**30}"
    with box.screen() as screen, screen.websocket_connect(path) as socket:
        assert socket.receive_json()["type"] == "reset"
