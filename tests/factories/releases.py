"""A shelf of signed releases, a server of it that can be bent, and what a release is made of."""

import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from cloud_broker.adapters.release_build import Ingredients, build
from cloud_broker.adapters.release_shelf import ReleaseShelf, Trust, sign
from edge_agent.adapters.outgoing import Outgoing
from edge_agent.adapters.release_root import PinnedRoot
from edge_agent.adapters.releases_tuf import HttpFetcher, TufReleases
from retail_core.fleet.release import Release
from tests.fakes.clock import FakeClock

PLATFORM = "linux-x86_64-cp311"
PREFIX = "/v1/device/releases/"
Bend = Callable[[bytes], bytes]


def wheel(folder: Path, files: Mapping[str, str], name: str = "shop", version: str = "1.0") -> Path:
    """Write a wheel with these modules."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for place, text in files.items():
            packed.writestr(place, text)
        packed.writestr(
            f"{name}-{version}.dist-info/METADATA", f"Name: {name}\nVersion: {version}\n"
        )
        packed.writestr(f"{name}-{version}.data/scripts/run", "#!python")
    return path


@dataclass
class SignedReleases:
    """A shelf with its keys: two of three roots, two targets keys of which both are needed."""

    folder: Path
    now_ms: int
    roots: list[CryptoSigner] = field(default_factory=list)
    targets: list[CryptoSigner] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shelf = ReleaseShelf(self.folder / "shelf")
        self.roots = [CryptoSigner.generate_ed25519() for _ in range(3)]
        self.targets = [CryptoSigner.generate_ed25519() for _ in range(2)]
        self.root_file = self.folder / "root.json"
        trusts = Trust(self.roots, 2), Trust(self.targets, 2)
        self.root_file.write_bytes(self.shelf.begin(self.now_ms, *trusts))

    def built(self, number: int, text: str = "sold = 1\n", **more: Path) -> tuple[Path, Release]:
        """Build a release of one module."""
        place = self.folder / f"build-{number}"
        house = self.folder / f"wheels-{number}"
        wheel(house, {"shop.py": text}, version=f"1.{number}")
        made = build(Ingredients(number, f"1.{number}", PLATFORM, house, **more), place)
        return place, made

    def offer(self, number: int, text: str = "sold = 1\n", **more: Path) -> Release:
        """Build, sign and publish a release."""
        place, made = self.built(number, text, **more)
        self.publish(place)
        return made

    def publish(self, place: Path) -> None:
        """Sign a build with both keys and publish it."""
        sign(place, self.shelf.draft(place, self.now_ms), self.targets)
        self.shelf.publish(place, self.now_ms)

    def withdraw(self, number: int) -> None:
        """Take a release off the index."""
        place = self.folder / f"without-{number}"
        place.mkdir()
        sign(place, self.shelf.draft_without(number, self.now_ms), self.targets)
        self.shelf.publish(place, self.now_ms)

    def copy(self) -> dict[str, bytes]:
        """Return the index as it is now, for whoever replays it later."""
        return {one.name: one.read_bytes() for one in self.shelf.metadata.glob("*.json")}


@dataclass
class BentServer:
    """Serves a shelf over HTTP with ranges; `bend` changes what is sent, by the end of a path."""

    folder: Path
    bend: dict[str, Bend] = field(default_factory=dict)
    instead: dict[str, bytes] = field(default_factory=dict)
    cut_after: int | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator["BentServer"]:
        """Serve until the context is left."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        path = request.path.removeprefix(PREFIX)
        named = request.headers.get("Range", "")
        self.asked.append((path, named))
        place, name = self.folder / path, path.rpartition("/")[2]
        content = self.instead.get(name)
        if content is None:
            if not place.is_file():
                request.send_error(404)
                return
            content = place.read_bytes()
        for end, bend in self.bend.items():
            if name.endswith(end):
                content = bend(content)
        start = int(named.removeprefix("bytes=").rstrip("-")) if named else 0
        request.send_response(206 if named else 200)
        if named:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        rest = content[start:]
        if self.cut_after is not None and name.endswith(".zst"):
            rest, self.cut_after = rest[: self.cut_after], None
        with suppress(ConnectionError):  # who had enough hangs up
            request.wfile.write(rest)


def source_of(server: BentServer, folder: Path, root_file: Path, clock: FakeClock) -> TufReleases:
    """Return a box's own source over a server."""
    fetcher = HttpFetcher(server.url, "device-token-0123456789", Outgoing())
    return TufReleases(folder / "index", PinnedRoot(root_file), server.url, fetcher, clock)
