"""Releases over TUF: the index is checked by python-tuf, parts are fetched with resume.

What was seen of the index is kept on disk, so that an older one is refused after a restart too.
Time is the box's own clock, which may know better than the system's; a box without one fetches
nothing, because nothing could be told to have expired.
"""

import http.client
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    EqualVersionNumberError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
)
from tuf.api.metadata import TargetFile
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from edge_agent.adapters.outgoing import Outgoing
from edge_agent.adapters.release_root import PinnedRoot
from edge_agent.ports.clock import Clock
from edge_agent.ports.updates import Stopped
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet.release import LIST_BYTES_MAX, Part, Release, path_of, read
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 20.0
BLOCK = 64 * 1024
INDEX_BYTES_MAX = 512 * 1024
ROOT_ROTATIONS_MAX = 32
# A server that dribbles is left after a while; what came of a part is not lost by it.
SLOW_AFTER_S = 60.0
BYTES_A_SECOND_MIN = 512


class HttpFetcher(FetcherInterface):
    """Fetches as everything else of this box goes out: proxy, trust and certificate alike."""

    def __init__(self, url: str, token: str, outgoing: Outgoing) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="cloud.url", detail=url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._out = outgoing
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield from self.blocks(url)

    def blocks(self, url: str, start: int = 0) -> Iterator[bytes]:
        """Fetch a file from a byte on; DownloadError, DownloadHTTPError."""
        path = urlsplit(url).path
        headers = self._headers | ({"Range": f"bytes={start}-"} if start else {})
        connection = self._out.connection(self._host, self._port, TIMEOUT_S, secure=self._secure)
        try:
            connection.request("GET", quote(path), headers=headers)
            with connection.getresponse() as response:
                expected = HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK
                if response.status != expected:
                    raise DownloadHTTPError(f"{response.status} {path}", response.status)
                if start and not _begins_at(response.headers.get("Content-Range", ""), start):
                    raise DownloadHTTPError(f"another part of {path}", HTTPStatus.BAD_GATEWAY)
                yield from _brisk(response)
        except (OSError, http.client.HTTPException) as error:
            raise DownloadError(type(error).__name__) from error
        finally:
            connection.close()


class TufReleases:
    """Fulfils `ReleaseSource`."""

    def __init__(
        self, folder: Path, root: PinnedRoot, url: str, fetcher: HttpFetcher, clock: Clock
    ) -> None:
        self._folder = folder
        self._root = root
        self._base = f"{url.rstrip('/')}/v1/device/releases"
        self._fetcher = fetcher
        self._clock = clock
        self._updater: Updater | None = None
        self._lock = threading.Lock()

    def release(self, number: int) -> Release:
        """Look the index up anew and return a release's list."""
        with self._lock:
            self._updater = None
            updater = self._refreshed()
            target = updater.get_targetinfo(path_of(number))
            if target is None:
                self._updater = updater
                raise Fault(FaultCode.RELEASE_UNKNOWN, what=str(number))
            if target.length > LIST_BYTES_MAX:
                raise Fault(FaultCode.RELEASE_WRONG, what=f"{target.length} B")
            place = self._folder / "list.json"
            with _told("list"):
                updater.download_target(target, str(place))
            found = read(place.read_bytes())
            if found.number != number:
                raise Fault(FaultCode.RELEASE_WRONG, what=f"{found.number} for {number}")
            self._updater = updater
        return found

    def offered(self, number: int) -> bool:
        """Return whether the index that was looked up last still has a release."""
        updater = self._updater
        return updater is not None and updater.get_targetinfo(path_of(number)) is not None

    def size(self, part: Part) -> int:
        """Return how many bytes a part has."""
        return int(self._target(part).length)

    def fetch(self, part: Part, into: Path, stopped: Stopped) -> bool:
        """Fetch a part to a file, from where it broke off; False when it was told to stop."""
        target = self._target(part)
        folder, _, name = target.path.rpartition("/")
        url = f"{self._base}/targets/{folder}/{target.hashes['sha256']}.{name}"
        have = into.stat().st_size if into.exists() else 0
        with _told(part.path):
            if have < target.length:
                with into.open("ab") as file:
                    for block in self._fetcher.blocks(url, have):
                        have += len(block)
                        if have > target.length:
                            break  # endless: what came is wrong by its length below
                        file.write(block)
                        if stopped():
                            return False
                    file.flush()
                    os.fsync(file.fileno())
            try:
                with into.open("rb") as file:
                    target.verify_length_and_hashes(file)
            except LengthOrHashMismatchError:
                if have >= target.length:
                    into.unlink()
                    raise
                raise DownloadError("cut off") from None
        return True

    def _target(self, part: Part) -> TargetFile:
        target = None if self._updater is None else self._updater.get_targetinfo(part.path)
        if target is None:
            raise Fault(FaultCode.RELEASE_UNTRUSTED, what=part.path)
        return target

    def _refreshed(self) -> Updater:
        now = self._clock.now()
        if now.quality is TimeQuality.UNKNOWN:
            raise Fault(FaultCode.RELEASE_EXPIRED, what="no clock")
        root = self._root.content()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = UpdaterConfig(
            max_root_rotations=ROOT_ROTATIONS_MAX,
            root_max_length=INDEX_BYTES_MAX,
            snapshot_max_length=INDEX_BYTES_MAX,
            targets_max_length=INDEX_BYTES_MAX,
        )
        with _told("index"):
            updater = Updater(
                str(self._folder),
                f"{self._base}/metadata/",
                target_dir=str(self._folder),
                target_base_url=f"{self._base}/targets/",
                fetcher=self._fetcher,
                config=config,
                bootstrap=root,
            )
            # The library takes the system's clock, which a box that woke in 1970 has not set.
            known = datetime.fromtimestamp(now.wall_ms / 1_000, UTC)
            updater._trusted_set.reference_time = known  # noqa: SLF001 -- no door for it
            updater.refresh()
        return updater


class _told:  # noqa: N801 -- reads as a word where it stands
    """Turn what the library raises into coded faults."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ExpiredMetadataError):
            raise Fault(FaultCode.RELEASE_EXPIRED, what=str(error)[:120]) from error
        if isinstance(error, BadVersionNumberError | EqualVersionNumberError):
            raise Fault(FaultCode.RELEASE_REPLAYED, what=str(error)[:120]) from error
        if isinstance(error, RepositoryError | DownloadLengthMismatchError | ValueError):
            what = f"{self._what}: {type(error).__name__}"
            raise Fault(FaultCode.RELEASE_UNTRUSTED, what=what) from error
        if isinstance(error, DownloadError):
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=str(error)[:80]) from error


def _brisk(response: http.client.HTTPResponse) -> Iterator[bytes]:
    began, came = time.monotonic(), 0
    while block := response.read1(BLOCK):
        yield block
        came += len(block)
        took = time.monotonic() - began
        if took > SLOW_AFTER_S and came < took * BYTES_A_SECOND_MIN:
            raise DownloadError("too slow")


def _begins_at(content_range: str, start: int) -> bool:
    return content_range.startswith(f"bytes {start}-")
