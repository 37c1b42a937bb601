"""Evidence of who is one person: rows that stand until taken back, and who is who by them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from retail_core.insight.persons.graph import Link
from retail_core.insight.persons.kinds import Handle
from retail_core.insight.persons.plan import Membership
from retail_core.insight.persons.profile import Agreed, Said
from retail_core.insight.persons.records import Comparable

CandidateState = Literal["open", "later", "linked", "apart", "gone"]
RunState = Literal["asked", "running", "done", "failed"]
SHOWN_MAX = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    """A row: what it says, and whether somebody took it back; `note` is what was said with it.

    `merge` is the merge of wallets that says it, where one does.
    """

    link: Link
    heard_ms: int
    note: str = ""
    merge: UUID | None = None
    retracted_ms: int | None = None
    retracted_by: str = ""
    retracted_why: str = ""

    @property
    def stands(self) -> bool:
        """Tell whether it counts."""
        return self.retracted_ms is None


@dataclass(frozen=True, slots=True)
class Settled:
    """Whose a name is: `person` is the membership that stands for her, None for nobody known."""

    handle: Handle
    person: UUID | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A value that names nobody, who said so and why."""

    handle: Handle
    why: str
    who: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two names that may be one person; `signs` say by what, with their weights."""

    candidate_id: UUID
    first: Handle
    second: Handle
    likely: float
    signs: Mapping[str, float]
    rule: str
    state: CandidateState = "open"
    made_ms: int = 0
    decided_by: str = ""
    decided_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A search for pairs: asked, running, or how it ended."""

    run_id: UUID
    asked_by: str
    asked_ms: int
    state: RunState = "asked"
    step: str = ""
    began_ms: int | None = None
    ended_ms: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class KnownAs:
    """What is held of somebody under one name, to be compared; hashes in hex, "" for nothing."""

    handle: Handle
    name: str = ""
    phone: str = ""
    email: str = ""
    born: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """Two records that may be one, by their ids; `weights` in bits by what is compared."""

    first: str
    second: str
    likely: float
    weights: Mapping[str, float]
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What a person sees of somebody, masked: two of these stand side by side.

    `facts` are further ones by their names, as numbers or words.
    """

    handle: Handle
    name: str = ""
    phone: str = ""
    source: str = ""
    since_ms: int | None = None
    last_ms: int | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)


class Likening(Protocol):
    """Compares everybody with everybody."""

    def alike(self, records: Sequence[Comparable]) -> tuple[Alike, ...]:
        """Return pairs that may be one; Fault IDENTITY_SEARCH."""
        ...


class EvidenceRepo(Protocol):
    """Evidence of one chain."""

    def speaking(self, source: str) -> None:
        """Name who says what the rest of this transaction writes down of names and cards."""
        ...

    def hear(self, links: Sequence[Evidence]) -> int:
        """Enter evidence; what a source said before counts once, also when it was taken back.

        Return how many rows are new.
        """
        ...

    def say(self, evidence: Evidence) -> bool:
        """Enter a person's word anew, though the same was taken back; False: it stands already."""
        ...

    def retract(self, link_ids: Collection[UUID], by: str, why: str, now_ms: int) -> int:
        """Take evidence back; return how much of it stood."""
        ...

    def link(self, link_id: UUID) -> Evidence | None:
        """Return a row."""
        ...

    def standing(self, handles: Collection[Handle]) -> tuple[Evidence, ...]:
        """Return what stands and names one of these."""
        ...

    def history(self, handles: Collection[Handle]) -> tuple[Evidence, ...]:
        """Return all that ever named one of these, newest first, at most `SHOWN_MAX`."""
        ...

    def known(self, handles: Collection[Handle]) -> frozenset[Handle]:
        """Return which of these any evidence names."""
        ...

    def adopt(self, now_ms: int) -> int:
        """Make evidence of names, cards and merges from before it was kept; return how many."""
        ...

    # ---- values that name nobody ----------------------------------------------------------------

    def block(self, blocked: Blocked) -> bool:
        """Let a value name nobody; False when it does already."""
        ...

    def unblock(self, handle: Handle) -> bool:
        """Let a value name somebody again; False when it did."""
        ...

    def blocked(self) -> tuple[Blocked, ...]:
        """Return the values that name nobody, newest first."""
        ...

    # ---- who is who -----------------------------------------------------------------------------

    def one_at_a_time(self) -> None:
        """Let no other transaction settle who is who until this one ends."""
        ...

    def due(self, limit: int) -> tuple[Handle, ...]:
        """Take names off the list of those to be worked out anew."""
        ...

    def settle(self, settled: Sequence[Settled], now_ms: int) -> int:
        """Write down whose names are; return how many are another's than before."""
        ...

    def persons(self, handles: Collection[Handle]) -> Mapping[Handle, UUID]:
        """Return whose names are, of those that are a member's."""
        ...

    def handles(self, person: UUID) -> tuple[Handle, ...]:
        """Return all names of a person, sorted."""
        ...

    def many(self) -> tuple[tuple[UUID, ...], ...]:
        """Return the members of each person that has several."""
        ...

    def memberships(self, members: Collection[UUID]) -> tuple[Membership, ...]:
        """Return since when members are, and what they say of joining wallets."""
        ...


class LikenessRepo(Protocol):
    """Pairs of one chain that may be one person, and the searches that found them."""

    def records(self) -> Sequence[KnownAs]:
        """Return everybody who can be compared: members, and accounts of channels with traits."""
        ...

    def looks(self, handles: Collection[Handle]) -> Mapping[Handle, Look]:
        """Return what people may see of these, of those that are members or accounts."""
        ...

    def said(self, handles: Collection[Handle]) -> tuple[Said, ...]:
        """Return what was said under these names; what shops wrote down is believed first."""
        ...

    def agreed(self, handles: Collection[Handle]) -> tuple[Agreed, ...]:
        """Return every consent given or withdrawn under these names."""
        ...

    def save_pairs(self, run_id: UUID, pairs: Sequence[Pair], now_ms: int) -> None:
        """Enter pairs; one that people decided on stays as it is, one not found again goes."""
        ...

    def pairs(self, *states: CandidateState) -> tuple[Pair, ...]:
        """Return pairs in these states, the likeliest first, at most `SHOWN_MAX`."""
        ...

    def pair(self, candidate_id: UUID) -> Pair | None:
        """Return a pair, locked until the end of the transaction."""
        ...

    def decide(self, candidate_id: UUID, state: CandidateState, who: str, now_ms: int) -> None:
        """Enter what was decided."""
        ...

    def ask_run(self, run: Run) -> bool:
        """Ask for a search; False when one is asked or running."""
        ...

    def save_run(self, run: Run) -> None:
        """Enter how far a search is."""
        ...

    def runs(self, limit: int) -> tuple[Run, ...]:
        """Return the newest searches."""
        ...
