"""A candidate embedder on trial: it sees what the acting one decided on, and only counts.

It works on a thread of its own and takes a frame when it is free; all others are dropped. What it
learns of a member comes from visits that ended with her recognised, one view a visit, stays in
memory and goes when her templates go, or with the process.
"""

import queue
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from uuid import UUID

from edge_agent.ports.arrays import Float32s, UInt8s
from edge_agent.ports.face import Points, SecondLook
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.gallery import Gallery
from retail_core.identity.face_match import Decision, FacePolicy
from retail_core.identity.shadowing import ShadowCounts, compare
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

Embedding = Float32s
Picture = UInt8s

VIEWS_MAX = 5
# Of whom it has seen so many visits it can be asked whether it would have missed her.
VIEWS_ENOUGH = 2
MEMBERS_MAX = 2_000
DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame the acting embedder decided on."""

    visit: "ShadowVisit"
    image: Picture
    points: Points
    acting: Decision


@dataclass(frozen=True, slots=True)
class _End:
    """A visit is over; `member_id` was recognised."""

    visit: "ShadowVisit"
    member_id: UUID | None


@dataclass(slots=True)
class ShadowVisit:
    """One visit at one lane: what the candidate saw of it last, kept until it ends."""

    shadow: "Shadow"
    view: Embedding | None = None

    def offer(self, image: Picture, points: Points | None, acting: Decision) -> None:
        """Show a frame; never waits, and drops it when the candidate is busy with another."""
        self.shadow.offer(self, image, points, acting)

    def ended(self, member_id: UUID | None) -> None:
        """Say how the visit ended; never waits."""
        self.shadow.ended(self, member_id)


class Shadow:
    """Runs the candidate; `still_held` says whether the acting gallery knows a member."""

    def __init__(
        self,
        look: SecondLook,
        policy: FacePolicy,
        still_held: Callable[[UUID], bool],
        tally: FaultTally,
    ) -> None:
        self.model_id = look.model_id
        self._look = look
        self._policy = policy
        self._still_held = still_held
        self._tally = tally
        self._gallery = Gallery(look.model_id)
        self._views: Counter[UUID] = Counter()
        self._counts: Counter[str] = Counter()
        self._news: queue.SimpleQueue[_Frame | _End | None] = queue.SimpleQueue()
        self._busy = False
        self._thread = Thread(target=self._run, name="face-shadow", daemon=True)

    # ---- for the visits of every lane -----------------------------------------------------------

    def offer(
        self, visit: ShadowVisit, image: Picture, points: Points | None, acting: Decision
    ) -> None:
        """Take a frame of a visit, unless there is work already."""
        if self._busy or points is None:
            self._counts[DROPPED] += 1
            return
        self._busy = True
        self._news.put(_Frame(visit, image, points, acting))

    def ended(self, visit: ShadowVisit, member_id: UUID | None) -> None:
        """Take note of how a visit ended."""
        self._news.put(_End(visit, member_id))

    # ---- for who wants to know ------------------------------------------------------------------

    def counts(self) -> ShadowCounts:
        """Return the verdicts so far."""
        found = dict(self._counts)
        return ShadowCounts(**{slot: found.get(slot, 0) for slot in ShadowCounts.__slots__})

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the frame at hand; safe to call twice, and before the start."""
        if self._thread.is_alive():
            self._news.put(None)
            self._thread.join()

    # ---- the worker -----------------------------------------------------------------------------

    def _run(self) -> None:
        while (news := self._news.get()) is not None:
            try:
                self._forget_who_left()
                if isinstance(news, _End):
                    self._learn(news)
                    continue
                verdict = self._verdict(news)
                self._busy = False
                self._counts[verdict] += 1
            except Exception:  # noqa: BLE001 - a candidate on trial must not cost anything
                self._busy = False
                self._tally.count(FaultCode.API_INTERNAL)

    def _verdict(self, frame: _Frame) -> str:
        view = self._look.embed(frame.image, frame.points)
        if view is None:
            return DROPPED
        frame.visit.view = view
        theirs = self._gallery.judge(view, self._policy)
        known = {member for member, seen in self._views.items() if seen >= VIEWS_ENOUGH}
        return compare(frame.acting, theirs, known).value

    def _learn(self, end: _End) -> None:
        view, end.visit.view = end.visit.view, None
        member_id = end.member_id
        if view is None or member_id is None or self._views[member_id] >= VIEWS_MAX:
            return
        if self._views[member_id] == 0 and self._gallery.members >= MEMBERS_MAX:
            return
        self._gallery.add(Template(member_id, member_id, self.model_id, view))
        self._views[member_id] += 1

    def _forget_who_left(self) -> None:
        for member_id in [one for one in self._views if not self._still_held(one)]:
            del self._views[member_id]
            self._gallery.remove_member(member_id)
