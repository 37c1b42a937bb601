"""What happens at a till: people are enrolled as the product does it, then all of them come.

Each visit is a few frames with the shipped policy and the shipped vote. Nobody is compared with a
photo that is also a template of theirs.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from edge_agent.evaluate.face_photos import Photo
from edge_agent.evaluate.intervals import Share, share
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.enrol import plan_enrolment
from edge_agent.recognition.gallery import Gallery
from retail_core.identity.face_match import FacePolicy, Vote, threshold_for

SIZES = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
DRAWS = 20
SEED = 1
# Of the people with two photos so many are members at most: some must come as strangers.
MEMBERS_OF_REGULARS = 0.8

RIGHT, WRONG, ASKED, UNKNOWN = "right", "wrong", "asked", "unknown"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came with which photo, and what the till made of it."""

    file: str
    person: str
    outcome: str
    taken_for: str | None


@dataclass(frozen=True, slots=True)
class Visits:
    """Every photo as a visit: of a member with the other photos enrolled, and of a stranger."""

    members: int
    threshold: float
    as_member: tuple[Visit, ...]
    as_stranger: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Random draws of so many members: strangers accepted (FPIR), members not known (FNIR)."""

    members: int
    draws: int
    threshold: float
    fpir: Share
    fnir: Share
    wrong: int
    stranger_visits: int
    member_visits: int


class Till:
    """A gallery with people enrolled by name."""

    def __init__(self, model_id: str, policy: FacePolicy) -> None:
        self._gallery = Gallery(model_id)
        self._policy = policy
        self._ids: dict[str, UUID] = {}

    @property
    def members(self) -> int:
        """How many members are enrolled."""
        return self._gallery.members

    @property
    def threshold(self) -> float:
        """The shipped threshold for so many members."""
        return threshold_for(self.members, self._policy.target_fpir_permille, self._policy)

    def enrol(self, person: str, shots: Iterable[Photo]) -> bool:
        """Enrol with every photo that the product would take; False when it takes none."""
        readings = [shot.at_enrolment for shot in shots]
        plan = plan_enrolment(readings, Gallery(self._gallery.model_id), self._policy)
        owner = self._ids.setdefault(person, UUID(int=len(self._ids) + 1))
        for vector in plan.templates:
            self._gallery.add(Template(owner, owner, self._gallery.model_id, vector))
        return bool(plan.templates)

    def forget(self, person: str) -> None:
        """Take all of a person's templates away."""
        self._gallery.remove_member(self._ids[person])

    def visit(self, photo: Photo) -> Visit:
        """Let somebody come with one photo: frames are voted on as in the lane."""
        vote = Vote()
        for embedding in photo.visit:
            vote = vote.add(self._gallery.judge(embedding, self._policy))
            if vote.winner is not None:
                break
        names = {owner: person for person, owner in self._ids.items()}
        if vote.winner is None:
            outcome = ASKED if vote.candidates else UNKNOWN
            return Visit(photo.file, photo.person, outcome, None)
        taken_for = names[vote.winner]
        outcome = RIGHT if taken_for == photo.person else WRONG
        return Visit(photo.file, photo.person, outcome, taken_for)


Progress = Callable[[int, int], None]


def shots_of(photos: Sequence[Photo]) -> dict[str, list[Photo]]:
    """Return each person's photos that passed the till's gates, in order."""
    shots: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        shots[photo.person].append(photo)
    return dict(shots)


def leave_one_out(
    photos: Sequence[Photo], model_id: str, policy: FacePolicy, progress: Progress
) -> Visits:
    """Enrol everybody, then let each photo come once as a member's and once as a stranger's."""
    shots = shots_of(photos)
    till = Till(model_id, policy)
    enrolled = {person for person, own in shots.items() if till.enrol(person, own)}
    members, threshold = till.members, till.threshold
    as_member, as_stranger = [], []
    for done, (person, own) in enumerate(shots.items(), 1):
        progress(done, len(shots))
        for photo in own:
            till.forget(person)
            as_stranger.append(till.visit(photo))
            others = [shot for shot in own if shot is not photo]
            if till.enrol(person, others):
                as_member.append(till.visit(photo))
        till.forget(person)
        if person in enrolled:
            till.enrol(person, own)
    return Visits(members, threshold, tuple(as_member), tuple(as_stranger))


def open_set(
    photos: Sequence[Photo], model_id: str, policy: FacePolicy, progress: Progress
) -> tuple[OpenSet, ...]:
    """Draw members at random, some sizes, some times each; everybody else is a stranger."""
    shots = shots_of(photos)
    most = int(MEMBERS_OF_REGULARS * sum(len(own) > 1 for own in shots.values()))
    sizes = sorted({size for size in SIZES if size < most} | ({most} if most else set()))
    found = []
    for done, size in enumerate(sizes):
        progress(done, len(sizes))
        found.append(_drawn(shots, size, model_id, policy))
    progress(len(sizes), len(sizes))
    return tuple(found)


def _drawn(shots: dict[str, list[Photo]], size: int, model_id: str, policy: FacePolicy) -> OpenSet:
    regulars = [person for person, own in shots.items() if len(own) > 1]
    random = np.random.default_rng((SEED, size))
    of_members, of_strangers = Counter[str](), Counter[str]()
    came, met = set[str](), set[str]()
    threshold = 0.0
    for _ in range(DRAWS):
        chosen = {regulars[number] for number in random.choice(len(regulars), size, replace=False)}
        probe = {person: own[random.integers(len(own))] for person, own in shots.items()}
        till = Till(model_id, policy)
        members = [
            person
            for person in regulars
            if person in chosen
            and till.enrol(person, [one for one in shots[person] if one is not probe[person]])
        ]
        threshold = max(threshold, till.threshold)
        of_members.update(till.visit(probe[person]).outcome for person in members)
        strangers = [person for person in shots if person not in chosen]
        of_strangers.update(till.visit(probe[person]).outcome for person in strangers)
        came.update(members)
        met.update(strangers)
    visits, others = of_members.total(), of_strangers.total()
    return OpenSet(
        members=size,
        draws=DRAWS,
        threshold=threshold,
        fpir=share(of_strangers[WRONG], others, independent=len(met)),
        fnir=share(visits - of_members[RIGHT], visits, independent=len(came)),
        wrong=of_members[WRONG],
        stranger_visits=others,
        member_visits=visits,
    )
