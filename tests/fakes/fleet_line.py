"""The fleet's desk without a network."""

from datetime import time
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.services.fleet.archives import Archives
from cloud_broker.services.fleet.box_word import BoxWord
from retail_core.errors import Fault
from retail_core.fleet.twin_settings import BROKER
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.fleet import FleetSheet, FleetWord, decode_sheet, decode_word
from tests.fakes.cloud_box import SimBox


class FakeFleetLine:
    """Fulfils `FleetLine` and `ArchiveLine`; `deaf` loses the answer."""

    def __init__(self, words: BoxWord, archives: Archives, tenant: UUID, box: SimBox) -> None:
        self._words = words
        self._archives = archives
        self._tenant = tenant
        self.place = Place(box.device, box.store, box.legal_entity, 0, "Asia/Shanghai", time(4))
        self.deaf = False

    def exchange(self, word: FleetWord) -> FleetSheet:
        answer = self._words.answer(self._tenant, self.place, decode_word(encode(word)))
        if self.deaf:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        return decode_sheet(encode(answer))

    def hand_in(self, content: bytes) -> None:
        try:
            self._archives.take(self._tenant, self.place, content)
        except Fault as fault:
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=fault.code) from fault
        if self.deaf:
            raise Fault(FaultCode.SYNC_LINK_DOWN)


class FakeLineProof:
    """Fulfils `LineProof`: the brokers in `good` prove."""

    def __init__(self) -> None:
        self.good: set[str] = set()

    def holds(self, values: dict[str, bool | int | str]) -> bool:
        return values.get(BROKER) in self.good


class FakeArchiveLine:
    """Fulfils `ArchiveLine` without a cloud."""

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.came: list[bytes] = []

    def hand_in(self, content: bytes) -> None:
        if self.down:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        self.came.append(content)
