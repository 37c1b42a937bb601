"""Receipts of many habits, read whole; the texts and what is on them stand in the fixture."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt
from retail_core.texts.faults import FaultCode

ROOT = Path(__file__).resolve().parents[3]
FIXTURE = ROOT / "tests" / "fixtures" / "escpos" / "receipts.toml"
RECEIPTS = tomllib.loads(FIXTURE.read_text(encoding="utf-8"))["receipt"]
AUTO = load_profile(ROOT / "device_configs", "generic-auto", TillProfile)
CUT = b"\x1dV\x00"


def printed(receipt: dict[str, Any]) -> bytes:
    page = b"\x1bt" + bytes((receipt["code_page"],)) if "code_page" in receipt else b""
    cut = CUT if receipt.get("cut", True) else b""
    text: str = receipt["text"]
    return b"\x1b@" + page + text.encode(receipt["encoding"]) + cut


def read(data: bytes, profile: TillProfile = AUTO) -> TappedReceipt:
    receipt, _tokens = read_stream(data, profile)
    return receipt


def read_text(text: str) -> TappedReceipt:
    return read(text.encode("gb18030") + CUT)


@pytest.mark.parametrize("expected", RECEIPTS, ids=[each["name"] for each in RECEIPTS])
def test_a_receipt_is_read_as_a_person_reads_it(expected: dict[str, Any]) -> None:
    receipt = read(printed(expected))
    assert receipt.kind == expected["kind"]
    assert (receipt.fault.value if receipt.fault else None) == expected.get("fault")
    assert receipt.total_fen == expected.get("total_fen")
    assert receipt.lines == tuple(ReceiptLine(*line) for line in expected["lines"])


@pytest.mark.parametrize("expected", RECEIPTS, ids=[each["name"] for each in RECEIPTS])
def test_a_trusted_sale_adds_up_line_by_line(expected: dict[str, Any]) -> None:
    receipt = read(printed(expected))
    if receipt.kind == "sale" and receipt.fault is None:
        assert sum(line.amount_fen for line in receipt.lines) == receipt.total_fen


@pytest.mark.parametrize("name", ["generic-zh-32", "generic-zh-48", "generic-en-42"])
def test_a_wrong_profile_makes_no_wrong_money(name: str) -> None:
    profile = load_profile(ROOT / "device_configs", name, TillProfile)
    for expected in RECEIPTS:
        receipt = read(printed(expected), profile)
        if receipt.kind == "sale" and receipt.fault is None:
            assert receipt.total_fen == expected["total_fen"]


def columns(*cells: tuple[int, str]) -> bytes:
    parts = [b"\x1b$" + dots.to_bytes(2, "little") + text.encode("gb18030") for dots, text in cells]
    return b"".join(parts) + b"\n"


def test_columns_set_in_dots_are_columns() -> None:
    stream = b"".join(
        (
            b"\x1b@\x1c&",
            columns((0, "品名"), (200, "数量"), (290, "金额")),
            columns((300, "12.00"), (220, "2"), (0, "名称很长很长的商品一")),
            columns((0, "小商品"), (220, "1"), (300, "3.00")),
            columns((0, "合计"), (280, "15.00")),
            CUT,
        )
    )
    receipt = read(stream)
    assert receipt.fault is None
    assert receipt.lines == (
        ReceiptLine("名称很长很长的商品一", 2_000, 1_200),
        ReceiptLine("小商品", 1_000, 300),
    )


def test_a_till_that_ends_lines_with_returns_is_read() -> None:
    assert read_text("店\r面包  1  6.00\r合计  6.00\r").total_fen == 600
    assert read_text("店\r\n面包  1  6.00\r\n合计  6.00\r\n").total_fen == 600


def test_chinese_without_fs_is_told_from_the_bytes() -> None:
    assert read_text("店\n面包 1 6.00\n合计 6.00\n").lines[0].name == "面包"
    assert read("店\n面包 1 6.00\n合计 6.00\n".encode() + CUT).lines[0].name == "面包"


def test_a_picture_of_a_receipt_says_so() -> None:
    rows, row_bytes = 200, 48
    head = b"\x1dv0\x00" + row_bytes.to_bytes(2, "little") + rows.to_bytes(2, "little")
    receipt = read(b"\x1b@" + head + bytes(rows * row_bytes) + CUT)
    assert receipt.fault is FaultCode.TILL_RECEIPT_RASTER
    assert receipt.lines == ()


def test_a_logo_above_the_text_does_not_hide_it() -> None:
    logo = b"\x1dv0\x00\x30\x00\x64\x00" + bytes(0x30 * 0x64)
    receipt = read(logo + "面包 1 6.00\n合计 6.00\n".encode("gb18030") + CUT)
    assert (receipt.fault, receipt.total_fen) == (None, 600)


@pytest.mark.parametrize(
    "tail", [b"\x1dv0\x00\x30\x00\x64\x00\x00\x01", b"\x1b", b"\x1d(k\x10\x00", b"\x1dk\x49\x08{B"]
)
def test_a_stream_that_ends_inside_a_command_is_not_trusted(tail: bytes) -> None:
    receipt = read("面包 1 6.00\n合计 6.00\n".encode("gb18030") + tail)
    assert receipt.fault is FaultCode.TILL_STREAM_TRUNCATED


def test_every_cut_through_a_receipt_is_either_read_whole_or_not_trusted() -> None:
    whole = printed(
        next(each for each in RECEIPTS if each["name"] == "cn member discount per item")
    )
    for end in range(len(whole)):
        receipt = read(whole[:end])
        if receipt.kind == "sale" and receipt.fault is None:
            assert receipt.total_fen == 8_972


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("单号:20261122001\n", "20261122001"),
        ("流水号: 0098  机号:03\n", "0098"),
        ("小票号 A-10023\n", "A-10023"),
        ("Receipt No: 004512\n", "004512"),
        ("Bon-Nr. 1234\n", "1234"),
        ("#218586 Till 9 2026-11-22 12:31\n", "218586"),
        ("NO.202611220034\n", "202611220034"),
        ("电话:021-62345678\n", ""),
    ],
)
def test_the_receipts_number_is_found(text: str, number: str) -> None:
    assert read_text(text + "面包 1 6.00\n合计 6.00\n").receipt_no == number


def test_the_bar_code_is_the_number_of_last_resort() -> None:
    stream = "面包 1 6.00\n合计 6.00\n".encode("gb18030") + b"\x1dkI\x0a{B20260042" + CUT
    assert read(stream).receipt_no == "20260042"


def test_an_article_named_like_a_payment_is_told_by_its_place() -> None:
    receipt = read_text("Milk  0.99\nBread  1.10\nChange purse  5.00\nTOTAL  7.09\nCASH  7.09\n")
    assert receipt.fault is None
    assert receipt.lines[-1] == ReceiptLine("Change purse", 1_000, 500)


@pytest.mark.parametrize(
    "text",
    [
        "现金 3 1200.00\n微信 5 3400.00\n支付宝 2 2100.00\n合计 10 6700.00\n",
        "Cash  500.00\nCard  300.00\nTOTAL  800.00\n",
        "Sales  800.00\nCash  500.00\nCard  300.00\nTOTAL  1600.00\n",
        "牛肉面 2\n小菜 1\n合计 3\n",
    ],
)
def test_a_list_that_adds_up_is_not_yet_a_sale(text: str) -> None:
    receipt = read_text(text)
    assert receipt.kind != "sale" or receipt.fault is not None


def test_words_of_the_profile_are_understood() -> None:
    mine = AUTO.model_copy(update={"words": AUTO.words.model_copy(update={"total": ("拢总",)})})
    stream = "面包 1 6.00\n拢总 6.00\n".encode("gb18030") + CUT
    assert read(stream).total_fen is None
    assert read(stream, mine).total_fen == 600


@pytest.mark.parametrize(
    "policy",
    ["Returns: 14 days", "NO REFUND", "No exchange", "不退不换", "7天内退换货", "退货请凭小票"],
)
@pytest.mark.parametrize("big", [b"", b"\x1d!\x11"], ids=["small", "big"])
def test_what_a_shop_says_of_returns_makes_no_return_of_a_sale(policy: str, big: bytes) -> None:
    head = big + policy.encode("gb18030") + b"\n\x1d!\x00"
    goods = "No 0017\n面包 1 6.00\n合计 6.00\n现金 6.00\n".encode("gb18030")
    for stream in (head + goods, goods + head):
        receipt = read(stream + CUT)
        assert (receipt.kind, receipt.fault, receipt.total_fen) == ("sale", None, 600)


@pytest.mark.parametrize(
    "title", ["REFUND", "REFUND NO 0017", "退货单 0017", "Exchange", "退换货单"]
)
def test_a_title_is_still_a_title(title: str) -> None:
    text = f"{title}\n面包 1 6.00\n合计 6.00\n"
    assert read_text(text).kind in {"refund", "exchange"}


@pytest.mark.parametrize("cancelled", ["取消 薯片", "VOID 薯片", "薯片"])
def test_an_article_taken_off_again_was_not_sold(cancelled: str) -> None:
    receipt = read_text(f"店\n可乐  3.50\n薯片  6.00\n{cancelled}  -6.00\n合计  3.50\n现金  3.50\n")
    assert (receipt.kind, receipt.fault, receipt.total_fen) == ("sale", None, 350)
    assert receipt.lines == (ReceiptLine("可乐", 1_000, 350),)


@pytest.mark.parametrize(
    "goods",
    [
        "退货\n可乐 2 3.50 -7.00\n销售\n面包 1 9.00\n",
        "面包 1 9.00\n--- 退货 ---\n可乐 2 3.50 -7.00\n",
        "面包 1 9.00\nRETURN\n可乐\n  2 3.50 -7.00\n",
        "面包 1 9.00\n退货 可乐 2 3.50 -7.00\n",
    ],
    ids=["above", "below", "name above", "before the name"],
)
def test_goods_that_came_back_beside_goods_that_were_sold_are_an_exchange(goods: str) -> None:
    receipt = read_text(f"店\n单号:0078\n{goods}合计 2.00\n现金 2.00\n")
    assert (receipt.kind, receipt.fault, receipt.total_fen) == ("exchange", None, 200)
    assert receipt.returns == (ReceiptLine("可乐", 2_000, 700),)


def test_an_exchange_may_pay_out() -> None:
    receipt = read_text(
        "店\n换货单\n单号:0078\n面包 1 -6.00\n可乐 1 3.50\n合计 -2.50\n现金 -2.50\n"
    )
    assert (receipt.kind, receipt.total_fen) == ("exchange", -250)
    assert receipt.returns == (ReceiptLine("面包", 1_000, 600),)


@pytest.mark.parametrize("line", ["退空瓶 -0.50", "Pfand Retoure -0.50", "会员优惠 -0.50"])
def test_empties_and_reductions_make_no_exchange(line: str) -> None:
    receipt = read_text(f"店\n可乐 1 3.50\n{line}\n合计 3.00\n现金 3.00\n")
    assert (receipt.kind, receipt.fault, receipt.total_fen) == ("sale", None, 300)


@pytest.mark.parametrize(
    ("text", "total_fen", "articles"),
    [
        (
            (
                "SKLEP\nMleko 2% 1L  2 x3,49  6,98A\nChleb  1 x5,20  5,20B\nOPUST  -0,50\n"
                "SPRZEDAŻ OPODATK. A 6,48\nPTU A 23% 1,21\nSPRZEDAŻ OPODATK. B 5,20\n"
                "SUMA PLN  11,68\nGOTÓWKA  20,00\nRESZTA  8,32\n"
            ),
            1_168,
            [("Mleko 2% 1L", 2_000, 698), ("Chleb", 1_000, 520)],
        ),
        (
            (
                "M\nCOLA 1,5L  1,79 A\nPFAND 0,25  0,25 A *\nLEERGUT  -0,50 A *\nSUMME EUR  1,54\n"
                "Geg. BAR EUR  2,00\nRueckgeld BAR EUR  -0,46\n"
            ),
            154,
            [("COLA 1,5L", 1_000, 179), ("PFAND", 1_000, 25)],
        ),
        (
            (
                "SRI STORES\nItem  Qty  Rate  Amt\nRice 5kg  1  320.00  320.00\nSub Total  320.00\n"
                "CGST 2.5%  8.00\nSGST 2.5%  8.00\nNet Payable  336.00\nUPI  336.00\n"
            ),
            33_600,
            [("Rice 5kg", 1_000, 32_000), ("CGST 2.5%", 1_000, 800), ("SGST 2.5%", 1_000, 800)],
        ),
        (
            "ローソン\nおにぎり鮭  ¥138軽\n緑茶  ¥258※\n合計  ¥396\n現金  ¥1,000\nお釣  ¥604\n",
            39_600,
            [("おにぎり鮭", 1_000, 13_800), ("緑茶", 1_000, 25_800)],
        ),
    ],
    ids=["tax before the sum", "two tax marks", "two taxes on top", "a mark behind yen"],
)
def test_tax_is_neither_goods_nor_in_the_way(
    text: str, total_fen: int, articles: list[tuple[str, int, int]]
) -> None:
    receipt = read(text.encode() + CUT)
    assert (receipt.kind, receipt.fault, receipt.total_fen) == ("sale", None, total_fen)
    found = [(line.name, line.qty_milli, line.amount_fen) for line in receipt.lines]
    assert [line for line in found if line[2] > 0] == articles
