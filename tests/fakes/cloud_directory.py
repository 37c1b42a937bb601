"""The cloud's HTTP side, as far as a box sees it."""

from uuid import UUID

from edge_agent.ports.cloud_link import FetchedMember, FetchedReceipt
from retail_core.errors import Fault
from retail_core.sync.buckets import apart, bucket_of, sums_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION, Change, ChangeFrame
from retail_core.wire.snapshot import Bucket, BucketsApart, BucketSums, HeldRow, pack_rows


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
        self.pruned = 0
        self.manifest: bytes | None = None
        self.segments: dict[bytes, bytes] = {}
        self.kept: list[Change] = []
        self.rows: dict[bytes, HeldRow] = {}
        self.rows_pos = 0

    def fetch_member(self, kind: str, value: bytes) -> FetchedMember | None:
        self._ask(f"member {kind}")
        return self.members.get((kind, value))

    def changes_since(self, pos: int) -> ChangeFrame:
        self._ask(f"changes {pos}")
        if pos < self.pruned:
            raise Fault(FaultCode.SYNC_REFETCH)
        newer = tuple(change for change in self.feed if change.pos > pos)[: self.page]
        last = newer[-1].pos if newer else pos
        return ChangeFrame(WIRE_VERSION, self.feed_epoch, pos, last, newer)

    def kept_since(self, pos: int) -> ChangeFrame:
        self._ask(f"kept {pos}")
        newer = tuple(change for change in self.kept if change.pos > pos)
        return ChangeFrame(
            WIRE_VERSION, self.feed_epoch, pos, newer[-1].pos if newer else pos, newer
        )

    def snapshot(self) -> bytes:
        self._ask("snapshot")
        if self.manifest is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="snapshot")
        return self.manifest

    def snapshot_part(self, sha256: bytes, start: int, size: int) -> bytes:
        self._ask("snapshot part")
        if sha256 not in self.segments:
            raise Fault(FaultCode.API_NOT_FOUND, what="segment")
        return self.segments[sha256][start : start + size]

    def compare_buckets(self, sums: BucketSums) -> BucketsApart:
        self._ask("compare buckets")
        theirs = sums_of((key, row.ver) for key, row in self.rows.items())
        if (sums.feed_epoch, sums.pos) != (self.feed_epoch, self.rows_pos):
            return BucketsApart(compared=False)
        return BucketsApart(compared=True, buckets=apart(sums.sums, theirs))

    def bucket(self, bucket: int) -> Bucket:
        self._ask(f"bucket {bucket}")
        rows = [row for key, row in self.rows.items() if bucket_of(key) == bucket]
        return Bucket(self.feed_epoch, self.rows_pos, pack_rows(rows))

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
