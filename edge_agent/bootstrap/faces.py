"""The rules of faces on this box: leave, consent, erasure, leases, and what works under them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.beside import BesideParts
from edge_agent.bootstrap.devices import Devices, LaneDevices
from edge_agent.bootstrap.face_models import FaceEngines
from edge_agent.bootstrap.lines import Lines
from edge_agent.domain.walk_up import WalkUpState
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.face import FaceEngine
from edge_agent.ports.gallery_store import MemberRows
from edge_agent.recognition.faces import FaceReader
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.guarded import GuardedEngine
from edge_agent.recognition.lookup import MemberLookup
from edge_agent.recognition.rotation import Rotation
from edge_agent.recognition.walk_up import WalkUpReader
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.downlink import Applied
from edge_agent.services.recognition.consents import Consents
from edge_agent.services.recognition.enrol_face import FaceDesk
from edge_agent.services.recognition.erasing import Eraser, FaceFiles
from edge_agent.services.recognition.face_keeper import FaceKeeper
from edge_agent.services.recognition.face_leave import FaceLeave
from edge_agent.services.recognition.rotate_faces import RotateFaces
from edge_agent.services.recognition.walk_up import WalkUp, WalkUpFaces, Zone
from retail_core.errors import Fault
from retail_core.identity.face_match import NOBODY


@dataclass(frozen=True, slots=True)
class Held:
    """Whom the lanes know: they share the gallery, the look-ups and the embedders beside."""

    gallery: Gallery
    lookup: MemberLookup
    beside: BesideParts


@dataclass(frozen=True, slots=True)
class Drawn:
    """A lane's zone as its counter knows it: drawn at all, and what goes on before it."""

    drawn: bool
    busy: Callable[[], bool]
    served: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Faces:
    """The rules of faces, and what works under them."""

    files: FaceFiles
    rotation: Rotation
    consents: Consents
    eraser: Eraser
    keeper: FaceKeeper
    leave: FaceLeave
    turning: RotateFaces
    caught_up: Callable[[], bool]
    walk_up: WalkUpFaces

    def guarded(self, engine: FaceEngine) -> FaceEngine:
        """Put the door before an engine.

        Shut without HQ's leave, while a withdrawal may be waiting to be told by the cloud, and
        while the templates are turned anew.
        """
        return GuardedEngine(engine, self.rotation, self.is_open)

    def is_open(self) -> bool:
        """Tell whether faces may be looked at now."""
        return self.leave.enabled() and self.caught_up() and self.turning.is_open()

    def guard(self, devices: Devices) -> Devices:
        """Return the devices with every face engine behind the door; nobody gets the bare ones."""
        face = devices.face
        return devices if face is None else replace(devices, face=face.each(self.guarded))

    def reader(self, lane: LaneDevices, face: FaceEngines | None, held: Held) -> FaceReader | None:
        """Return a lane's face reader, None without camera or models."""
        if lane.camera is None or face is None:
            return None
        return FaceReader(
            lane.camera,
            face.lanes[lane.id].recognise,
            held.gallery,
            held.lookup,
            face.policy,
            enabled=self.leave.enabled,
            off=lambda: None if face.fault is None else face.fault.code,
            recognised=self.keeper.saw,
            elder=held.beside.elder,
            shadow=held.beside.shadow,
        )

    def walking_up(self, devices: LaneDevices, face: FaceEngines | None, zone: Drawn) -> WalkUp:
        """Return how a lane looks at who walks up; HQ's leave and the lane's own zone allow it."""
        engine = None if face is None else face.lanes[devices.id].recognise

        def standing() -> WalkUpState:
            if not self.leave.walk_up():
                return "off"
            if devices.camera is None or engine is None:
                return "no_camera"
            if not zone.drawn:
                return "no_zone"
            if self.leave.unheard():
                return "unheard"
            return "on" if self.is_open() else "resting"

        looked = Zone(devices.camera, engine, standing, zone.busy, zone.served)
        return WalkUp(looked, self.walk_up, self.keeper.saw)

    def walk_up_reader(
        self, devices: LaneDevices, face: FaceEngines | None, held: Held, walk_up: WalkUp
    ) -> WalkUpReader | None:
        """Return the reader of a lane that looks by itself, None without camera or models."""
        if devices.camera is None or face is None:
            return None
        return WalkUpReader(
            devices.camera,
            face.lanes[devices.id].recognise,
            self.walk_up.gallery,
            held.gallery,
            held.lookup,
            face.policy,
            may=walk_up.may,
            computed=walk_up.computed,
        )

    @property
    def consent_for(self) -> Callable[[UUID, str], UUID | None]:
        """Return the consent that stands, by member and kind."""
        return self.consents.event_for

    @property
    def kept(self) -> Callable[[UUID], None]:
        """Tell the cloud that a member's templates rest here."""
        return self.eraser.held

    def desk(self, lane: LaneDevices, face: FaceEngines | None, gallery: Gallery) -> FaceDesk:
        """Return where a lane's faces are enrolled."""
        return FaceDesk(
            pictures=face.pictures if face else None,
            engine=face.lanes[lane.id].enrol if face else None,
            camera=lane.camera,
            gallery=gallery,
            store=self.files.store,
            policy=face.policy if face else NOBODY,
            enabled=self.leave.enabled,
            kept=self.eraser.held,
        )


class _Holders:
    """Those whose templates rest here, looked at when more than one record has changed."""

    def __init__(
        self, files: FaceFiles, consents: Consents, storage: Storage, directory: CloudDirectory
    ) -> None:
        self._files = files
        self._consents = consents
        self._replica = storage.replica
        self._directory = directory
        self._epoch: int | None = None
        with suppress(Fault):  # a file that cannot be read must not keep the shop from opening
            self._epoch = storage.replica.feed_position()[0]

    def look(self, *, unknown_too: bool = False) -> None:
        """Take up what the cloud says of each; of whom it says nothing only when told to."""
        for held in self._files.store.holders():
            # A replica that was lost knows nobody: that is no reason to forget anybody.
            known = self._replica.member(held.member_id) is not None
            gone = self._replica.is_gone(held.member_id)
            if unknown_too and not known and not gone:
                self._ask_for(held.member_id)
            if known or unknown_too or gone:
                self._consents.heard(held.member_id, self._replica)

    def _ask_for(self, member_id: UUID) -> None:
        """Hold her after all when the cloud has her here: a snapshot may be older than she is."""
        found = self._directory.fetch_member("member", member_id.bytes)
        if found is not None:
            self._replica.put_member(found.member_id, found.ver, found.record)

    def swapped(self) -> None:
        """Take up a snapshot: who is not in it has left, unless the cloud itself was restored.

        What could not be done is done again as it was: only then is the epoch another's no more.
        """
        epoch = self._replica.feed_position()[0]
        self.look(unknown_too=self._epoch == epoch)
        self._epoch = epoch


def build_faces(
    basis: Basis, storage: Storage, lines: Lines, recorder: Recorder, galleries: Sequence[Gallery]
) -> Faces:
    """Wire the rules, and make up for what a power cut interrupted."""
    files = FaceFiles(storage.gallery, storage.gallery.ledger, storage.gallery.vault)

    def forget(member_id: UUID) -> None:
        for gallery in galleries:
            gallery.remove_member(member_id)
        walk_up.forget(member_id)

    eraser = Eraser(files, recorder, basis.clock, basis.ids, basis.shop, forget)
    consents = Consents(recorder, files.ledger, eraser, basis.clock, basis.ids, basis.tally)
    walk_up = WalkUpFaces(galleries[0], consents.may_walk_up, lines.leave.walk_up)
    consents.listen(walk_up.heard)
    recorder.listen(walk_up.recorded)
    consents.catch_up(storage.journal)

    def heard(applied: Applied) -> None:
        consents.heard(applied.member_id, storage.replica)

    holders = _Holders(files, consents, storage, lines.directory)
    holders.look()
    lines.downlink.listen(heard)
    lines.downlink.after_swap(holders.swapped)

    def known(member_id: UUID) -> bool:
        return storage.replica.member(member_id) is not None

    def moved(elapsed_ms: int, in_touch: bool) -> None:  # noqa: FBT001 - as the keeper tells it
        lines.leave.elapsed(elapsed_ms, in_touch=in_touch)

    keeper = FaceKeeper(
        files, eraser, basis.clock, lines.link.connected, known, moved, lines.leave.enabled
    )
    with suppress(Fault):  # a full disk must not keep the shop from opening; its loop tries again
        keeper.forget()

    def caught_up() -> bool:
        return not (lines.link.connected() and lines.downlink.behind())

    turning = _turning(basis, storage, galleries, walk_up)
    return Faces(
        files,
        storage.gallery.rotation,
        consents,
        eraser,
        keeper,
        lines.leave,
        turning,
        caught_up,
        walk_up,
    )


def _turning(
    basis: Basis, storage: Storage, galleries: Sequence[Gallery], walk_up: WalkUpFaces
) -> RotateFaces:
    store, refilled = storage.gallery, refilling(storage, galleries)

    def refill() -> None:
        try:
            refilled()
        finally:
            walk_up.renew()

    return RotateFaces(store.rotation.epoch, lambda: store.rotate().epoch, refill, basis.tally)


def refilling(storage: Storage, galleries: Sequence[Gallery]) -> Callable[[], None]:
    """Return what reads the stored templates into memory anew, and nobody erased meanwhile."""
    read: set[UUID] = set()

    def noted(pages: Iterable[MemberRows]) -> Iterator[MemberRows]:
        for page in pages:
            read.update(page.members)
            yield page

    def refill() -> None:
        for gallery in galleries:
            read.clear()
            gallery.empty()
            gallery.fill_rows(noted(storage.gallery.rows(gallery.model_id)))
            # Rows read before an erasure were taken in after it.
            for member_id in read - {lease.member_id for lease in storage.gallery.leases()}:
                gallery.remove_member(member_id)

    return refill
