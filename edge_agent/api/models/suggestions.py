"""What to show for a member."""

from typing import Literal

from pydantic import Field

from edge_agent.api.models.base import Answered


class SuggestionView(Answered):
    """An article to show, with the reason to say."""

    sku: str
    name: str
    price_fen: int
    in_stock: bool | None = Field(description="None where nobody counted")
    stock_as_of_ms: int | None = Field(description="when what lies here was told last")
    why: Literal["often_together", "popular", "again"]
    why_zh: str
    why_en: str
