"""The cloud's side of recruiting, as far as a box sees it, and the summary it holds."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from edge_agent.ports.person_line import CodeChecked, CodeWanted
from retail_core.errors import Fault
from retail_core.identity.person_filter import PersonFilter, decode_additions
from retail_core.texts.faults import FaultCode
from retail_core.wire.persons import PersonsPlan

CODE = "482913"
TRIES = 5


class FakePersonLine:
    """Fulfils `PersonLine`; `down` makes every call fail, `says` every message."""

    def __init__(self) -> None:
        self.down = False
        self.says: Fault | None = None
        self.sent: list[CodeWanted] = []
        self.open: dict[tuple[UUID, str], int] = {}
        self.plan: PersonsPlan | None = None
        self.wholes: dict[int, bytes] = {}
        self.asked: list[str] = []

    def send_code(self, wanted: CodeWanted) -> int:
        self._ask("send")
        if self.says is not None:
            raise self.says
        self.sent.append(wanted)
        self.open[wanted.member, wanted.lane] = TRIES
        return 300

    def check_code(self, member: UUID, lane: str, code: str) -> CodeChecked:
        self._ask("check")
        left = self.open.get((member, lane), 0)
        if not left:
            return CodeChecked("over")
        if code == CODE:
            del self.open[member, lane]
            return CodeChecked("right")
        self.open[member, lane] = left - 1
        return CodeChecked("wrong", left - 1)

    def persons(self, held: int) -> PersonsPlan | None:
        self._ask(f"persons {held}")
        return self.plan

    def persons_whole(self, version: int) -> bytes:
        self._ask(f"whole {version}")
        if version not in self.wholes:
            raise Fault(FaultCode.API_NOT_FOUND, what="persons")
        return self.wholes[version]

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise Fault(FaultCode.SYNC_LINK_DOWN)


class FakeKnownPersons:
    """Fulfils `KnownPersons` in memory."""

    def __init__(self) -> None:
        self._version = 0
        self._filter: PersonFilter | None = None

    def version(self) -> int:
        return self._version

    def knows(self, identity: bytes) -> bool | None:
        return None if self._filter is None else identity in self._filter

    def replace(self, version: int, sha256: bytes, content: bytes) -> None:
        self._take(version, sha256, content)

    def grow(self, version: int, sha256: bytes, additions: Sequence[bytes]) -> None:
        if self._filter is None:
            raise Fault(FaultCode.PERSONS_FILTER_WRONG)
        known = PersonFilter.decoded(self._filter.encoded())
        for step in additions:
            bits, known.count, places = decode_additions(step)
            if bits != known.bits:
                raise Fault(FaultCode.PERSONS_FILTER_WRONG)
            known.set(places)
        self._take(version, sha256, known.encoded())

    def close(self) -> None:
        self._filter, self._version = None, 0

    def _take(self, version: int, wanted: bytes, content: bytes) -> None:
        if hash_of(content) != wanted:
            raise Fault(FaultCode.PERSONS_FILTER_WRONG)
        self._version, self._filter = version, PersonFilter.decoded(content)


def hash_of(content: bytes) -> bytes:
    """The hash by which a summary is named."""
    return hashlib.sha256(content).digest()
