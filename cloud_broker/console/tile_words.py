"""A dense tile in one line of words: for the pointer, the keyboard's place, and who listens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from cloud_broker.console import formats
from cloud_broker.console.texts import Texts
from cloud_broker.console.views import Figures, TileView
from retail_core.errors import Fault
from retail_core.money import format_yuan
from retail_core.texts.faults import FaultCode

SEPARATOR = " · "
# Of `2026-11-03 09:12:04` as much as tells when a shop fell ill.
_DAY_AND_MINUTE = slice(5, 16)
# What a repair says of itself beside its code: `epoch=3, seq=7`.
_FIELD = re.compile(r"(\w+)=([^\s,;]+)")
# What the check of prices says: amounts in fen, and the till's own number of the receipt.
_PRICES = re.compile(r"(?:receipt=(.+), )?charged=(-?\d+), due=(-?\d+)")


@dataclass(frozen=True, slots=True)
class TileWords:
    """Writes tiles in one language and zone."""

    t: Texts
    zone: str

    def __call__(self, tile: TileView) -> str:
        """Return name, state and why or what it sold; the name comes first."""
        return SEPARATOR.join((tile.name, self.t(f"state.{tile.state}"), *self._why(tile)))

    def _why(self, tile: TileView) -> list[str]:
        if tile.state in {"gone", "cannot", "degraded"}:
            since = tile.since_ms
            moment = "" if since is None else formats.stamp(since, self.zone)[_DAY_AND_MINUTE]
            reasons = [reason_text(self.t, code) for code in tile.reasons[:1]]
            return [*reasons, *([moment] if moment else [])]
        if not tile.sales_today:
            return []
        sold = self.t("wall.sales_today", n=tile.sales_today)
        return [format_yuan(tile.revenue_today_fen), sold]

    def batch(self, figures: Figures, tiles: Sequence[TileView]) -> str:
        """Return what a dense wall is sent: counts by state, and (id, state, words) of tiles."""
        counts = {name: getattr(figures, name) for name in ("ok", "degraded", "cannot", "gone")}
        changed = [(tile.store_id, tile.state, self(tile)) for tile in tiles]
        return msgspec.json.encode({"figures": counts, "tiles": changed}).decode()


def reason_text(t: Texts, code: str, detail: str = "") -> str:
    """Word a reason: ours, else the catalogue's, else as it came; `detail` may fill its gaps."""
    fields = {name: value for name, value in _FIELD.findall(detail) if name != "code"}
    try:
        catalogue = Fault(FaultCode(code), **fields).text(t.language)
    except ValueError:
        catalogue = code
    worded = t.or_else(f"reason.{code}", catalogue)
    return worded[:1].upper() + worded[1:]


def detail_text(t: Texts, detail: str) -> str:
    """Word what a difference of prices says beside its code; anything else is as it came."""
    prices = _PRICES.fullmatch(detail)
    if prices is None:
        return detail
    charged, due = (format_yuan(int(fen)) for fen in prices.group(2, 3))
    said = t("repair.prices", charged=charged, due=due)
    number = prices[1]
    return said if number is None else t("repair.receipt", number=number) + SEPARATOR + said
