"""One store's box: the production journal, uplink, replica, downlink and session, no threads.

The classes are the product's own; only their threads are not started, and the loop does what the
threads would have done.
"""

import asyncio
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import time as time_of_day
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.link_mqtt import LinkIdentity
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import Inbound
from edge_agent.ports.journal import Draft, Record
from edge_agent.services.journal.events import event_of
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import CHANGES_TAIL, Applied, Downlink
from edge_agent.services.line.presence import PresenceBeat, Running, Vitals
from edge_agent.services.line.up_run import run_of
from edge_agent.services.line.uplink import Uplink, mono_ms
from edge_agent.services.shop.shelf import Shelf
from retail_core import limits
from retail_core.catalog.encoding import Catalogue
from retail_core.errors import Fault
from retail_core.sync.outbox_plan import BACKLOG
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_up, encode
from retail_core.wire.messages import WIRE_VERSION, UpFrame
from tools.fleet_sim.loop_link import Lines, LoopLink
from tools.fleet_sim.releasing import Program
from tools.fleet_sim.spec import Fleet, StoreSpec

ZONE = "Asia/Shanghai"
DAY_STARTS_AT = time_of_day(4)
SOFTWARE = "fleet-sim"
RETRY_S = 1.0
ANSWER_S = 10.0
CATALOGUE_TAIL = "all/catalogue"
_MS_PER_S = 1_000
JOURNAL, REPLICA = "journal.db", "replica.db"


@dataclass(frozen=True, slots=True)
class World:
    """What the boxes of one process share."""

    fleet: Fleet
    folder: Path
    lines: Lines
    fetching: Executor
    clock: Clock
    run_id: UUID
    applied: Callable[["Box"], None]
    published: Callable[["Box", str, int], None]

    def folder_of(self, spec: StoreSpec) -> Path:
        """Return where a store's files lie."""
        return self.folder / f"store-{spec.number:05d}"


class _Uplink(Uplink):
    def start(self) -> None:
        """Leave the sending to the loop."""


class _Presence(PresenceBeat):
    def start(self) -> None:
        """Leave the beating to the loop."""


class _Downlink(Downlink):
    """Changes are applied at once on the loop; what needs HTTP waits for the pool."""

    away = False

    def start(self) -> None:
        """Leave the applying to the loop."""

    def put(self, message: Inbound) -> None:
        """Apply a change now when nothing is before it."""
        if self.away or message.topic_tail != CHANGES_TAIL or not self.idle():
            super().put(message)
        else:
            self.take(message)


class Box:
    """One store; every method runs on the loop's thread."""

    def __init__(self, spec: StoreSpec, world: World) -> None:
        self.spec = spec
        self.world = world
        self.folder = world.folder_of(spec)
        self.shop = shop_of(world.fleet, spec)
        self.tally = FaultTally()
        self.fresh: deque[tuple[UUID, int]] = deque()
        self.heard_ns = 0
        self._acked: asyncio.Event | None = None
        self.program: Program | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._lowest: int | None = None
        self._open_files()

    def _open_files(self) -> None:
        world, key = self.world, self.world.fleet.storage_key
        self.ids = SystemIds(world.clock)
        self.journal = SqliteJournal(self.folder / JOURNAL, key, self.ids)
        self.replica = SqliteReplica.opened_or_new(self.folder / REPLICA, key, self.tally)
        self.directory = HttpDirectory(world.fleet.url, self.spec.token)
        identity = LinkIdentity(
            self.shop.tenant, self.shop.store, self.shop.device, self.spec.broker_password
        )
        self.link = LoopLink(world.lines, identity, world.run_id, self.tally)
        self.uplink = _Uplink(self.journal, self.link, self.shop, self.tally)
        self.shelf = Shelf(self.replica, self.directory, self.shop, world.clock)
        self.downlink = _Downlink(
            self.replica,
            self.directory,
            world.clock,
            self.tally,
            bundle_public_key=world.fleet.bundle_public_key,
            listeners=[self._applied],
            on_published=lambda kind, version: world.published(self, kind, version),
            shelf=self.shelf,
        )
        self.recorder = Recorder(self.journal, [self.uplink.recorded, self._booked])
        self.presence = _Presence(
            self.link,
            self.journal,
            self.replica,
            world.clock,
            self.tally,
            Running(world.run_id, SOFTWARE),
            lambda: Vitals("ok", can_sell=True, devices={}),
        )
        self.session = CloudSession(
            self.link,
            self.journal,
            self.replica,
            self.uplink,
            self.downlink,
            self.presence,
            self.tally,
            software=SOFTWARE,
            on_call=lambda _payload: None,
        )
        self.link.heard, self.link.changed = self._heard, self._changed
        if world.fleet.control == "puback":
            self.link.on_puback = self._delete_too_soon

    # ---- life -----------------------------------------------------------------------------------

    def stock(self, catalogue: Catalogue, bundle: tuple[int, bytes]) -> None:
        """Hold goods and rules from the beginning, as a box has them after its first day."""
        if self.replica.catalogue_version() != catalogue.version:
            # Held as if it had been fetched: a small change leads on from what has this hash.
            content = Path(self.world.fleet.catalogue).read_bytes()
            self.shelf.take(catalogue, sha256(content).digest())
        if bundle[0]:
            self.replica.replace_bundle(*bundle)

    def begin(self) -> None:
        """Connect; the session greets by itself."""
        self.session.start()

    def end(self) -> None:
        """Hang up and close the files."""
        self._forget_timer()
        if self.program is not None:
            self.program.close()
        self.session.stop()
        self.directory.close()
        self.journal.close()
        self.replica.close()

    def restart(self, between: Callable[[Path], None] = lambda _folder: None) -> None:
        """Close everything, let `between` touch the files, and come up again."""
        self.end()
        between(self.folder)
        self._open_files()
        self.begin()

    def sell(self, drafts: list[Draft]) -> int:
        """Put events on disk and send what may be sent; return the first sequence."""
        first = self.recorder.record(drafts, lambda seq: seq)
        self.pump()
        return first

    def beat(self) -> None:
        """Say that the box lives, when it has a line."""
        if self.link.connected():
            self.presence.beat()
            self._work_off()

    def pump(self) -> None:
        """Send what may be sent, and look again when the plan says so."""
        try:
            due_ms = self.uplink.pump()
        except Fault as fault:
            self.tally.count(fault.code)
            due_ms = mono_ms() + _MS_PER_S
        self._forget_timer()
        if due_ms is not None:
            wait_s = max(0, due_ms - mono_ms()) / _MS_PER_S
            self._timer = self.world.lines.loop.call_later(wait_s, self.pump)

    def quiet(self) -> bool:
        """Return whether nothing waits in either direction."""
        return self.journal.depth() == 0 and self.downlink.idle()

    def waits_since(self, seq: int) -> bool:
        """Return whether an event below this sequence is still to be acknowledged.

        Looked up after each answer, not each time a thousand boxes are asked.
        """
        if self._lowest is None:
            self._lowest = self.journal.lowest_unacked()
        return self._lowest < seq

    async def send_again(self) -> int:
        """Send the whole journal once more, frame by frame, each after the answer to the last."""
        records = self.journal.records()
        sent = 0
        while sent < len(records):
            rest = records[sent : sent + limits.FRAME_EVENTS_MAX]
            part = run_of(rest, BACKLOG, limits.FRAME_BYTES_MAX)
            self._acked = asyncio.Event()
            self.link.publish_up(self._frame(part))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._acked.wait(), ANSWER_S)
            sent += len(part)
        return sent

    def _frame(self, records: Sequence[Record]) -> bytes:
        return encode(
            UpFrame(
                v=WIRE_VERSION,
                tenant=self.shop.tenant.bytes,
                store=self.shop.store.bytes,
                device=self.shop.device.bytes,
                epoch=self.journal.epoch,
                first_seq=records[0].seq,
                prev_hash=records[0].prev_hash,
                events=tuple(event_of(record.draft) for record in records),
            )
        )

    def take_releases(self, root_file: Path) -> None:
        """Begin to take releases from the cloud."""
        url, token = self.world.fleet.url, self.spec.token
        self.program = Program(self.folder, url, token, root_file, self.world.clock)

    def _booked(self, records: tuple[Record, ...]) -> None:
        if self.program is not None:
            self.program.booked(records)

    # ---- what comes -----------------------------------------------------------------------------

    def _heard(self, tail: str) -> None:
        if tail in {"ack", "cloud/st"}:
            self.pump()
        if tail == "ack":
            self._lowest = None
            if self._acked is not None:
                self._acked.set()
        if tail == CATALOGUE_TAIL:
            self.heard_ns = time.monotonic_ns()
        self._work_off()
        if self.fresh:
            self.world.applied(self)

    def _applied(self, applied: Applied) -> None:
        """Note whom a change named; whoever drains the list looks her up."""
        self.fresh.append((applied.member_id, time.monotonic_ns()))

    def _delete_too_soon(self, payload: bytes) -> None:
        """Let go of a frame at PUBACK: the tempting shortcut, which a run has to find out."""
        frame = decode_up(payload)
        last = frame.first_seq + len(frame.events) - 1
        self.journal.mark_acked([(frame.first_seq, last)])
        self.uplink.reload()

    def _changed(self) -> None:
        self.pump()
        self._work_off()

    def _work_off(self) -> None:
        """Do what needs HTTP in the pool, one fetch a box at a time."""
        if self.downlink.away or not self.downlink.busy():
            return
        self.downlink.away = True
        lines = self.world.lines
        done = lines.loop.run_in_executor(self.world.fetching, self.downlink.work_off)
        done.add_done_callback(self._fetched)

    def _fetched(self, done: asyncio.Future[bool]) -> None:
        self.downlink.away = False
        if self.fresh:
            self.world.applied(self)
        if not done.result():
            self.world.lines.loop.call_later(RETRY_S, self._work_off)
        else:
            self._work_off()

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def copy_files(model: Path, folder: Path) -> bool:
    """Begin a new store with copies of another's closed, unused files; False when it has its own.

    A thousand times the schema would be minutes. The journal needs a new epoch then.
    """
    if (folder / JOURNAL).exists():
        return False
    folder.mkdir(parents=True)
    for name in (JOURNAL, REPLICA):
        shutil.copyfile(model / name, folder / name)
    return True


def shop_of(fleet: Fleet, spec: StoreSpec) -> Shop:
    """Return the shop as its device file would name it."""
    return Shop(
        tenant=fleet.tenant,
        store=spec.store,
        device=spec.device,
        legal_entity=fleet.legal_entity,
        store_name=spec.name,
        city="上海",
        zone=ZONE,
        day_starts_at=DAY_STARTS_AT,
        region=spec.region,
    )
