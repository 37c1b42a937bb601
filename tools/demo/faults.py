"""Step 5: the line is cut, the agent is killed in the middle of a sale, and nothing is lost."""

import contextlib
import http.client
import threading
import time
from typing import Any

from tools.demo.cast import Cast
from tools.demo.client import AnswerError, wait_until
from tools.demo.ids import fresh_uuid7
from tools.demo.report import Report
from tools.demo.sales import ring_up, take_money

KILL_AFTER_S = 0.002
OFFLINE_SALES = 2
RECEIPTS_OF_THE_STORY = 5


def cut_and_kill(cast: Cast, report: Report) -> None:
    """Cut Chengdu's line, sell twice, kill -9 inside the second sale, restart, mend."""
    shop = cast.shops["chengdu"]
    with report.step("cut_kill", "⑤ 成都断网,卖两笔,中途 kill -9 · cut, sell, kill, mend") as step:
        shop.line.cut()
        wait_until(30, "the cut to be noticed", lambda: _offline(shop.health()))
        report.note("线已断,本店照常收银 · the line is dead, the shop sells on")
        first, _ = ring_up(shop, "C-0001", cast.basket[:3], cast.member_id)
        key = str(fresh_uuid7())
        second = _sell_and_kill(cast, key)
        report.note(
            f"kill -9 打在第二笔中间(当时{'已' if second else '未'}答复)· killed inside the sale"
        )
        started = time.perf_counter()
        shop.agent.start()
        wait_until(30, "the agent to sell again", shop.can_sell)
        step.ms = (time.perf_counter() - started) * 1000
        again, _ = ring_up(shop, "C-0002", cast.basket[3:], cast.member_id, key=key)
        repeated, _ = ring_up(shop, "C-0002", cast.basket[3:], cast.member_id, key=key)
        same = again["receipt_id"] == repeated["receipt_id"]
        kept = second is None or second["receipt_id"] == again["receipt_id"]
        waiting = shop.health()["outbox_depth"]
        report.note(
            f"重启后 {step.ms:.0f} ms 可售,待上传 {waiting} · selling again, {waiting} waiting"
        )
        shop.line.mend()
        wait_until(40, "the backlog to drain", lambda: _drained(shop.health()))
        rows = [row["receipt_id"] for row in cast.hq_ledger()]
        once = all(rows.count(sale["receipt_id"]) == 1 for sale in (first, again))
        step.detail |= {"waiting_offline": waiting, "answered_before_kill": second is not None}
        step.ok = same and kept and once and waiting >= OFFLINE_SALES


def _offline(health: Any) -> bool:
    return bool(health["devices"].get("cloud") != "ok")


def _drained(health: Any) -> bool:
    return bool(health["outbox_depth"] == 0 and health["devices"].get("cloud") == "ok")


def _sell_and_kill(cast: Cast, key: str) -> Any:
    """Send the second sale and kill the agent while it works on it; return what was answered."""
    shop = cast.shops["chengdu"]
    body = take_money(shop, "C-0002", cast.basket[3:], cast.member_id)
    answered: list[Any] = []

    def sell() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, AnswerError):
            answered.append(shop.till.post("/v1/sales", body, key=key))

    till = threading.Thread(target=sell, name="till")
    till.start()
    time.sleep(KILL_AFTER_S)
    shop.agent.kill()
    till.join()
    return answered[0] if answered else None


def reconcile(cast: Cast, report: Report) -> None:
    """Compare the ledgers of every shop with the cloud's, to the fen and to the point."""
    with report.step("reconcile", "⑤ 对账:三家店与云端,逐笔到分 · shop and cloud ledgers") as step:
        started = time.perf_counter()
        cloud = {row["receipt_id"]: row for row in cast.hq_ledger()}
        differences: list[str] = []
        receipts = fen = points = 0
        for shop in cast.shops.values():
            for row in shop.screen.get("/v1/ledger")["rows"]:
                receipts += 1
                fen += row["total_fen"]
                points += row["points"]
                differences += _compare(row, cloud.pop(row["receipt_id"], None))
        differences += [f"only in the cloud: {receipt}" for receipt in cloud]
        member = cast.hq.get(f"/v1/hq/members/{cast.member_id}")
        if member["points_free"] != points:
            differences.append(f"balance {member['points_free']} is not the sum {points}")
        step.ms = (time.perf_counter() - started) * 1000
        report.note(f"{receipts} 笔,¥{fen / 100:,.2f},{points} 分,差异 {len(differences)}")
        for difference in differences:
            report.note(difference)
        step.detail |= {"receipts": receipts, "fen": fen, "points": points}
        step.detail["differences"] = differences
        step.ok = not differences and receipts >= RECEIPTS_OF_THE_STORY


def _compare(here: Any, there: Any) -> list[str]:
    if there is None:
        return [f"lost: {here['receipt_id']}"]
    return [
        f"{here['receipt_id']} {field}: {here[field]} here, {there[field]} in the cloud"
        for field in ("total_fen", "points", "member_id")
        if here[field] != there[field]
    ]
