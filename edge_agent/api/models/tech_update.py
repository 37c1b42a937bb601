"""Which release runs on the box, and how far it is with the one that is wanted."""

from edge_agent.api.models.base import Answered


class UpdateAnswered(Answered):
    """What runs, what is wanted, and why it is not there yet.

    `managed` is false on a box that takes no releases; `waits` is `clock`, `window`, `basket` or
    empty, `holder` whose basket it is; `code` names the fault with both texts.
    """

    managed: bool
    version: str
    number: int
    slot: str
    proved_version: str
    wanted_version: str
    wanted_number: int
    stage: str
    waits: str
    holder: str
    window: str
    code: str
    zh: str
    en: str
    sales: int
    sales_needed: int
    breaks: int
    well_s: int
    well_needed_s: int
    fetched: int
    size: int
