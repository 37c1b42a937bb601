"""What every way of asking the cloud does; the real one over HTTP to a server of the test's own."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.ports.cloud_link import (
    CloudDirectory,
    FetchedMember,
    FetchedReceipt,
    FetchedRefund,
)
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body, encode, encode_body
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund
from tests.factories.shop_floor import make_change, make_id, make_record
from tests.fakes.cloud_box import Person, SimBox
from tests.fakes.cloud_directory import FakeCloudDirectory

TOKEN = "device-token-of-the-contract"


class CloudDirectoryContract:
    """The suite; a subclass provides `directory` and the `cloud` behind it."""

    def test_fetches_a_member_by_each_key(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        for kind in ("phone_key", "card", "phone"):
            fetched = FetchedMember(make_id(), 4, make_record())
            cloud.members[(kind, b"\x00value\xff")] = fetched
            assert directory.fetch_member(kind, b"\x00value\xff") == fetched
            assert directory.fetch_member(kind, b"other") is None

    def test_fetches_the_feed_in_pages(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        cloud.feed = [make_change(pos, make_id(), 1, make_record()) for pos in (3, 5, 9)]
        cloud.page = 2
        first = directory.changes_since(0)
        assert [change.pos for change in first.changes] == [3, 5]
        second = directory.changes_since(first.pos)
        assert (second.prev_pos, second.pos) == (5, 9)
        assert second.changes[0].body == cloud.feed[2].body
        assert directory.changes_since(9).changes == ()

    def test_fetches_published_bytes(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        cloud.catalogues[2], cloud.bundles[5] = b"articles" * 10_000, b"signed rules"
        assert directory.catalogue(2) == b"articles" * 10_000
        assert directory.bundle(5) == b"signed rules"
        with pytest.raises(Fault) as caught:
            directory.bundle(6)
        assert caught.value.code == FaultCode.API_NOT_FOUND

    def test_fetches_tables_of_its_own(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        cloud.tables = {"stock": b"stock", "recommendations": b"recommendations"}
        assert directory.stock() == b"stock"
        assert directory.recommendations() == b"recommendations"
        cloud.tables = {}
        for ask in (directory.stock, directory.recommendations):
            with pytest.raises(Fault) as caught:
                ask()
            assert caught.value.code == FaultCode.API_NOT_FOUND

    def test_fetches_models_and_their_weights(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        with pytest.raises(Fault) as caught:
            directory.models(None)
        assert caught.value.code == FaultCode.API_NOT_FOUND
        cloud.model_bundles = {7: b"older", 9: b"newest"}
        cloud.weights = {"ab" * 32: b"net" * 100_000}
        assert directory.models(7) == b"older"
        assert directory.models(None) == b"newest"
        assert directory.model_file("ab" * 32) == b"net" * 100_000
        with pytest.raises(Fault) as caught:
            directory.model_file("cd" * 32)
        assert caught.value.code == FaultCode.API_NOT_FOUND

    def test_fetches_the_name_map(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        cloud.names = {"补水面膜5片": "MASK"}
        assert directory.name_map() == {"补水面膜5片": "MASK"}

    def test_finds_receipts_of_any_shop(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        box = SimBox(make_id())
        sold = box.sells(Person())
        sale = decode_body("sale", sold.body)
        refund = decode_body("refund", box.refunds(sold, (1, 1_000), fen=5_800).body)
        assert isinstance(sale, Sale)
        assert isinstance(refund, Refund)
        made = FetchedRefund(7, "静安店", make_id(), refund)
        found = FetchedReceipt(make_id(), "徐汇店", None, None, make_id(), 5, sale, (made,))
        cloud.receipts.append(found)
        assert directory.receipt(UUID(bytes=sale.receipt_id)) == found
        assert directory.receipt(make_id()) is None
        assert directory.receipts_by_number(sale.till_receipt_no, 20261118) == (found,)
        assert directory.receipts_by_number("9", 20261118) == ()

    def test_says_so_when_the_cloud_is_away(
        self, directory: CloudDirectory, cloud: FakeCloudDirectory
    ) -> None:
        cloud.down = True
        for ask in (
            lambda: directory.fetch_member("card", b"1"),
            lambda: directory.changes_since(0),
            lambda: directory.catalogue(1),
            lambda: directory.model_file("ab" * 32),
            directory.name_map,
            lambda: directory.receipt(make_id()),
        ):
            with pytest.raises(Fault) as caught:
                ask()
            assert caught.value.code == FaultCode.SYNC_LINK_DOWN
        cloud.down = False
        assert directory.name_map() == {}

    def test_closes_twice(self, directory: CloudDirectory) -> None:
        directory.close()
        directory.close()


class TestFakeCloudDirectory(CloudDirectoryContract):
    @pytest.fixture
    def cloud(self) -> FakeCloudDirectory:
        return FakeCloudDirectory()

    @pytest.fixture
    def directory(self, cloud: FakeCloudDirectory) -> FakeCloudDirectory:
        return cloud


class DeviceApi(BaseHTTPRequestHandler):
    """The cloud's device endpoints over a fake; `down` cuts the connection without an answer."""

    protocol_version = "HTTP/1.1"
    cloud: ClassVar[FakeCloudDirectory]

    def do_GET(self) -> None:
        try:
            status, body = self._answer()
        except Fault as fault:
            if fault.code == FaultCode.SYNC_LINK_DOWN:
                self.close_connection = True
                return
            status, body = fault.spec.http_status, b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, bytes]:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, b"{}"
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path.removeprefix("/base/v1/device/").split("/"):
            case ["members"]:
                return self._member(query["kind"], bytes.fromhex(query["value"]))
            case ["receipts", *receipt]:
                return self._receipts(receipt, query)
            case asked:
                return 200, self._file(asked, query)

    def _file(self, asked: list[str], query: dict[str, str]) -> bytes:
        match asked:
            case ["changes"]:
                body = encode(self.cloud.changes_since(int(query["since"])))
            case ["catalogue" | "bundle" as kind, version]:
                held = {"catalogue": self.cloud.catalogue, "bundle": self.cloud.bundle}
                body = held[kind](int(version))
            case ["models", *version]:
                body = self.cloud.models(int(version[0]) if version else None)
            case ["stock" | "recommendations" as kind]:
                tables = {"stock": self.cloud.stock, "recommendations": self.cloud.recommendations}
                body = tables[kind]()
            case ["model-files", sha256]:
                body = self.cloud.model_file(sha256)
            case _:
                body = json.dumps(self.cloud.name_map()).encode()
        return body

    def _receipts(self, receipt: list[str], query: dict[str, str]) -> tuple[int, bytes]:
        if not receipt:
            found = self.cloud.receipts_by_number(query["number"], int(query["day"]))
            return 200, json.dumps([_receipt(one) for one in found]).encode()
        one = self.cloud.receipt(UUID(receipt[0]))
        return (404, b"{}") if one is None else (200, json.dumps(_receipt(one)).encode())

    def _member(self, kind: str, value: bytes) -> tuple[int, bytes]:
        fetched = self.cloud.fetch_member(kind, value)
        if fetched is None:
            return 404, b'{"code":"A108"}'
        record = base64.b64encode(encode_body(fetched.record)).decode()
        answer = {"member_id": str(fetched.member_id), "ver": fetched.ver, "record": record}
        return 200, json.dumps(answer).encode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Stay quiet."""


def _receipt(found: FetchedReceipt) -> dict[str, object]:
    """A receipt as the cloud's device API writes it."""
    return {
        "store": str(found.store),
        "store_name": found.store_name,
        "till": None if found.till is None else str(found.till),
        "operator": None if found.operator is None else str(found.operator),
        "member": None if found.member is None else str(found.member),
        "wall_ms": found.wall_ms,
        "sale": base64.b64encode(encode_body(found.sale)).decode(),
        "refunds": [
            {
                "wall_ms": one.wall_ms,
                "store_name": one.store_name,
                "operator": None if one.operator is None else str(one.operator),
                "body": base64.b64encode(encode_body(one.body)).decode(),
            }
            for one in found.refunds
        ],
    }


@pytest.fixture
def cloud() -> FakeCloudDirectory:
    return FakeCloudDirectory()


@pytest.fixture
def address(cloud: FakeCloudDirectory) -> Iterator[str]:
    handler = type("Handler", (DeviceApi,), {"cloud": cloud})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/base/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.enable_socket
class TestHttpDirectory(CloudDirectoryContract):
    @pytest.fixture
    def directory(self, address: str) -> Iterator[HttpDirectory]:
        directory = HttpDirectory(address, TOKEN)
        yield directory
        directory.close()


@pytest.mark.enable_socket
class TestHttpDirectoryAlone:
    def test_names_a_token_that_is_not_accepted(self, address: str) -> None:
        directory = HttpDirectory(address, "another-token")
        with pytest.raises(Fault) as caught:
            directory.name_map()
        directory.close()
        assert caught.value.code == FaultCode.API_TOKEN_WRONG

    def test_reuses_its_connection(self, address: str, cloud: FakeCloudDirectory) -> None:
        directory = HttpDirectory(address, TOKEN)
        directory.name_map()
        kept = directory._idle[0].sock
        directory.changes_since(0)
        assert directory._idle[0].sock is kept
        directory.close()

    def test_a_server_that_closed_a_kept_connection_is_asked_again(
        self, address: str, cloud: FakeCloudDirectory
    ) -> None:
        directory = HttpDirectory(address, TOKEN)
        directory.name_map()
        kept = directory._idle[0].sock
        assert isinstance(kept, socket.socket)
        kept.shutdown(socket.SHUT_RDWR)
        assert directory.name_map() == {}
        directory.close()

    def test_a_server_that_does_not_answer_is_not_waited_for_twice(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            directory = HttpDirectory(f"http://127.0.0.1:{port}", TOKEN, read_timeout_s=0.05)
            with pytest.raises(Fault) as caught:
                directory.name_map()
            assert caught.value.code == FaultCode.SYNC_LINK_DOWN
            assert caught.value.fields == {"reason": "TimeoutError"}
            directory.close()

    def test_nobody_there(self) -> None:
        directory = HttpDirectory("http://127.0.0.1:9", TOKEN)
        with pytest.raises(Fault) as caught:
            directory.name_map()
        assert caught.value.code == FaultCode.SYNC_LINK_DOWN
        directory.close()

    def test_refuses_an_address_that_is_none(self) -> None:
        with pytest.raises(Fault) as caught:
            HttpDirectory("ftp://cloud", TOKEN)
        assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID
