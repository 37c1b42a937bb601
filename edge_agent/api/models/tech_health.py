"""What is wrong with the box and what may mend it."""

from edge_agent.api.models.base import Answered, Asked


class IssueView(Answered):
    """An issue that stands: what it is about, since when, who can mend it, and how."""

    code: str
    subject: str
    severity: str
    mender: str
    since_ms: int
    fields: dict[str, str]
    zh: str
    en: str


class FixupView(Answered):
    """Something that may be tried, against which issues, and by whom (roles).

    The box tries those that are `alone` by itself too.
    """

    name: str
    codes: frozenset[str]
    roles: frozenset[str]
    zh: str
    en: str
    alone: bool


class FixupDoneView(Answered):
    """A fixup that ran: when, by whom, what it touched, and what went wrong (empty: nothing)."""

    name: str
    at_ms: int
    by: str
    trouble: str
    touches: str


class MendAsked(Asked):
    """How a fixup is to run; `dry`: say what it would touch, and touch nothing."""

    dry: bool = False


class BodyAnswered(Answered):
    """The box's body: issues, the figures they come from, fixups and those that ran."""

    issues: tuple[IssueView, ...]
    vitals: dict[str, int | None]
    fixups: tuple[FixupView, ...]
    done: tuple[FixupDoneView, ...]


class MendAnswered(BodyAnswered):
    """What a fixup touched, or would touch, and the box's body after it."""

    touches: str
    dry: bool


class DiagAsked(Asked):
    """Nothing is to be said yet."""


class SummaryAnswered(Answered):
    """The essentials in one line, and the rows of its QR code (`1` is dark)."""

    text: str
    rows: tuple[str, ...]
