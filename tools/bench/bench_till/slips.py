"""How long after a till's last byte a slip reaches the printer, and how long its cut waits for it.

Without booking in between: a receipt is fetched and its slip asked for at once. `nobody prints` is
the cut's wait when the box has nothing to say: `hold_ms`, and no more.
"""

import time
from collections.abc import Iterator

from edge_agent.domain.slip import AppendStyle, Place, Slip, SlipLine
from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.qr.draw import drawn
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.sim import PtyEnd, sale_bytes
from tools.bench.report import Row, percentile

SALES = 200
SILENT_SALES = 30
HOLD_MS = 150
READ_MS = 5
WAIT_MS = 2_000
PERCENTS = (50, 99)
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
LINK = "https://hq.example/m/#r=1ABCDEFGHJKLMNPQRSTUVWXYZ234567ABCDEFGHJKLMN"
SLIP = Slip(((SlipLine("本单积分", "+19"),),), LINK, drawn(LINK))
CUT = b"\x1dVB\x00"


def rows(profile: TillProfile) -> Iterator[Row]:
    """Yield the times of both places, and of a cut for which nobody came."""
    for name, place, slip, sales in (
        ("behind the till's cut", Place.AFTER, SLIP, SALES),
        ("before the till's cut", Place.BEFORE_CUT, SLIP, SALES),
        ("nobody prints", Place.BEFORE_CUT, None, SILENT_SALES),
    ):
        times = _times(profile, AppendStyle(place, hold_ms=HOLD_MS), slip, sales)
        for percent in PERCENTS:
            yield Row(
                f"last cut on paper, slip {name} p{percent}", percentile(times, percent), "ms"
            )


def _times(profile: TillProfile, style: AppendStyle, slip: Slip | None, sales: int) -> list[float]:
    """Return the time from each sale's last byte sent to the last cut that reached the printer."""
    till, printer = PtyEnd(), PtyEnd()
    tap = EscposTap("bench", profile, (till.port, printer.port), append=style)
    tap.start()
    times: list[float] = []
    cuts = 2 if slip is not None and style.place is Place.AFTER else 1
    try:
        for number in range(sales):
            till.write(sale_bytes(f"{number:04}", ITEMS))
            sent = time.perf_counter()
            receipt = tap.next_receipt(timeout_ms=WAIT_MS)
            if receipt is not None and slip is not None:
                tap.append(receipt, slip, timeout_ms=WAIT_MS)
            got = b""
            while got.count(CUT) < cuts and time.perf_counter() - sent < WAIT_MS / 1000:
                got += printer.read(READ_MS)
            times.append((time.perf_counter() - sent) * 1_000)
    finally:
        tap.stop()
        till.close()
        printer.close()
    return times
