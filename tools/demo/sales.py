"""Steps 3 and 4: a till on the API sells, an old till only prints, and another shop sees it."""

import time
from typing import Any

from tools.demo.cast import Cast
from tools.demo.client import wait_until
from tools.demo.listener import Listener
from tools.demo.report import Report
from tools.demo.shops import Shop
from tools.demo.visits import identify

CROSS_STORE_MS = 500.0
OFFERS_AT_LEAST = 2


def ring_up(
    shop: Shop, receipt_no: str, skus: list[str], member_id: str | None, key: str | None = None
) -> tuple[Any, float]:
    """Quote a basket, take the money, close the sale; return the answer and the milliseconds."""
    body = take_money(shop, receipt_no, skus, member_id)
    started = time.perf_counter()
    sale = shop.till.post("/v1/sales", body, key=key)
    return sale, (time.perf_counter() - started) * 1000


def take_money(
    shop: Shop, receipt_no: str, skus: list[str], member_id: str | None
) -> dict[str, Any]:
    """Quote a basket and return the sale that is to be closed."""
    lines = [{"sku": sku, "qty": 1} for sku in skus]
    quote = shop.till.post("/v1/quotes", {"member_id": member_id, "lines": lines})
    return {
        "till_receipt_no": receipt_no,
        "member_id": member_id,
        "lines": lines,
        "tenders": [{"kind": "wechat", "amount_fen": quote["total_fen"]}],
        "quoted_total_fen": quote["total_fen"],
    }


def sell_http(cast: Cast, report: Report) -> None:
    """Six articles; tier price, time-slot price and mix-and-match compete for them."""
    shop = cast.shops["shanghai"]
    with report.step("sell_http", "③ 新收银机:六件商品,会员价 · six articles by the API") as step:
        stranger = shop.till.post(
            "/v1/quotes", {"lines": [{"sku": sku, "qty": 1} for sku in cast.basket]}
        )
        sale, step.ms = ring_up(shop, "A-0001", cast.basket, cast.member_id)
        offers = {offer["name"] for line in sale["lines"] for offer in line["offers"]}
        for line in sale["lines"]:
            off = "、".join(f"{part['name']} −{_yuan(part['fen_off'])}" for part in line["offers"])
            report.note(f"{line['name']:<14} {_yuan(line['net_fen']):>9}  {off}")
        report.note(
            f"原价 {_yuan(sale['shelf_fen'])},非会员 {_yuan(stranger['total_fen'])},"
            f"应付 {_yuan(sale['total_fen'])}({sale['status']}),得 {sale['points_earned']} 分"
        )
        lines_total = sum(line["net_fen"] for line in sale["lines"])
        step.detail |= {"total_fen": sale["total_fen"], "points": sale["points_earned"]}
        step.detail["offers"] = sorted(offers)
        step.ok = (
            sale["status"] == "optimal"
            and lines_total == sale["total_fen"] < stranger["total_fen"]
            and len(offers) >= OFFERS_AT_LEAST
            and sale["points_earned"] > 0
        )


def sell_escpos(cast: Cast, report: Report) -> None:
    """Let the old till print; the box reads along, attaches her and touches nothing."""
    shop = cast.shops["shanghai"]
    with report.step("sell_escpos", "③ 老收银机:只会打印小票 · the old till only prints") as step:
        watcher = cast.in_background(lambda: identify_at(shop, shop.escpos_till_id))
        cast.reader.insert(cast.card)
        watcher()
        cast.reader.remove()
        before = len(shop.screen.get("/v1/receipts/tapped")["receipts"])
        started = time.perf_counter()
        printed = cast.old_till.print_sale("0042", cast.receipt_items)
        tapped = wait_until(
            10,
            "the tapped receipt",
            lambda: shop.screen.get("/v1/receipts/tapped")["receipts"][: -before or None],
            pause_s=0.01,
        )[0]
        step.ms = (time.perf_counter() - started) * 1000
        untouched = cast.printer.received() == printed
        report.note(
            f"{len(tapped['lines'])} 行,合计 {_yuan(tapped['total_fen'])},"
            f"会员 {tapped['member_name']},得 {tapped['points_earned']} 分"
            f";小票字节原样送达 {untouched}"
        )
        step.detail |= {"total_fen": tapped["total_fen"], "points": tapped["points_earned"]}
        step.ok = (
            untouched
            and tapped["outcome"] == "booked"
            and tapped["member_id"] == cast.member_id
            and tapped["total_fen"] == cast.receipt_total_fen
            and _as_printed(tapped["lines"]) == cast.receipt_items
            and not tapped["unmapped"]
            and tapped["points_earned"] > 0
        )


def _as_printed(lines: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    """Return what the box read as the till had it: name, quantity, price of one in fen."""
    return [
        (line["name"], line["qty_milli"] // 1_000, line["shelf_fen"] * 1_000 // line["qty_milli"])
        for line in lines
    ]


def identify_at(shop: Shop, till: str) -> Any:
    """Recognise by card at a particular till."""
    return shop.till.post("/v1/identify", {"lane": till, "factors": ["nfc"], "deadline_ms": 5_000})


def cross_store(cast: Cast, report: Report) -> None:
    """Chengdu meets her, Shanghai sells, and Chengdu sees the balance of now."""
    chengdu, shanghai = cast.shops["chengdu"], cast.shops["shanghai"]
    with report.step(
        "cross_store", "④ 成都立刻看到上海的消费 · Chengdu sees Shanghai's sale"
    ) as step:
        with cast.showing_code(chengdu, cast.phone.code()):
            met = identify(chengdu, "qr")
        if met["outcome"] != "member":
            raise RuntimeError(f"Chengdu did not recognise her: {met['reasons']}")
        report.note(f"成都首次见面:{met['total_ms']:.0f} ms(本店没有,向云端取)")
        points_before = met["member"]["points_free"]
        with Listener(chengdu, "member") as listener:
            started = time.perf_counter()
            sale, _ = ring_up(shanghai, "A-0002", cast.basket[:2], cast.member_id)
            wanted = points_before + sale["points_earned"]
            arrived = listener.wait(lambda: _sees(cast, chengdu, sale["receipt_id"], wanted), 5)
        step.ms = (arrived - started) * 1000
        view = chengdu.till.get(f"/v1/members/{cast.member_id}")
        report.note(
            f"余额 {points_before} → {view['points_free']} 分,最近一次消费 "
            f"{_yuan(view['last_purchase']['total_fen'])}"
        )
        posted = cast.hq_ledger()
        once = [row for row in posted if row["receipt_id"] == sale["receipt_id"]]
        step.ok = len(once) == 1 and view["points_free"] == wanted and step.ms < CROSS_STORE_MS


def _sees(cast: Cast, shop: Shop, receipt_id: str, points: int) -> bool:
    view = shop.till.get(f"/v1/members/{cast.member_id}")
    last = view["last_purchase"] or {}
    return bool(view["points_free"] == points and last.get("receipt_id") == receipt_id)


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
