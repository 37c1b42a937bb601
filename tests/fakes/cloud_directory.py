"""The cloud's HTTP side, as far as a box sees it."""

from uuid import UUID

from edge_agent.ports.cloud_link import FetchedMember, FetchedReceipt
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION, Change, ChangeFrame


class FakeCloudDirectory:
    """Fulfils `CloudDirectory`; `down` makes every call fail, `asked` lists the calls."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[str] = []
        self.members: dict[tuple[str, bytes], FetchedMember] = {}
        self.feed_epoch = 1
        self.feed: list[Change] = []
        self.page = 256
        self.catalogues: dict[int, bytes] = {}
        self.bundles: dict[int, bytes] = {}
        self.model_bundles: dict[int, bytes] = {}
        self.weights: dict[str, bytes] = {}
        self.tables: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.face: bytes | None = None
        self.receipts: list[FetchedReceipt] = []

    def fetch_member(self, kind: str, value: bytes) -> FetchedMember | None:
        self._ask(f"member {kind}")
        return self.members.get((kind, value))

    def changes_since(self, pos: int) -> ChangeFrame:
        self._ask(f"changes {pos}")
        newer = tuple(change for change in self.feed if change.pos > pos)[: self.page]
        last = newer[-1].pos if newer else pos
        return ChangeFrame(WIRE_VERSION, self.feed_epoch, pos, last, newer)

    def catalogue(self, version: int) -> bytes:
        self._ask(f"catalogue {version}")
        return self._found(self.catalogues, version)

    def bundle(self, version: int) -> bytes:
        self._ask(f"bundle {version}")
        return self._found(self.bundles, version)

    def stock(self) -> bytes:
        self._ask("stock")
        return self._table("stock")

    def recommendations(self) -> bytes:
        self._ask("recommendations")
        return self._table("recommendations")

    def models(self, version: int | None) -> bytes:
        self._ask(f"models {version or 'newest'}")
        return self._found(self.model_bundles, version or max(self.model_bundles, default=0))

    def model_file(self, sha256: str) -> bytes:
        self._ask(f"model file {sha256[:4]}")
        if sha256 not in self.weights:
            raise Fault(FaultCode.API_NOT_FOUND, what="model file")
        return self.weights[sha256]

    def face_enablement(self) -> bytes:
        self._ask("face")
        if self.face is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="face")
        return self.face

    def name_map(self) -> dict[str, str]:
        self._ask("name-map")
        return dict(self.names)

    def receipt(self, receipt_id: UUID) -> FetchedReceipt | None:
        self._ask("receipt")
        return next((one for one in self.receipts if one.sale.receipt_id == receipt_id.bytes), None)

    def receipts_by_number(self, number: str, day: int) -> tuple[FetchedReceipt, ...]:
        self._ask(f"receipts {number}")
        return tuple(
            one
            for one in self.receipts
            if (one.sale.till_receipt_no, one.sale.business_date) == (number, day)
        )

    def close(self) -> None:
        """Nothing is open."""

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise Fault(FaultCode.SYNC_LINK_DOWN)

    def _table(self, name: str) -> bytes:
        if name not in self.tables:
            raise Fault(FaultCode.API_NOT_FOUND, what=name)
        return self.tables[name]

    def _found(self, held: dict[int, bytes], version: int) -> bytes:
        if version not in held:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"version {version}")
        return held[version]
