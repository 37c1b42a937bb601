"""The tapped tills, for the technician."""

from uuid import UUID

from edge_agent.api.models.base import Answered


class TechTill(Answered):
    """A till the box stands beside; `state` is `ok`, `starting` or `gone`.

    `appended` counts since the start: slips printed behind receipts, and by code why not.
    """

    till: UUID
    name: str
    kind: str
    profile: str
    state: str
    appended: dict[str, int]


class TechTills(Answered):
    """All of them."""

    tills: tuple[TechTill, ...]
