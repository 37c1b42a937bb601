"""Old orders as files: which column says what, and one row read.

Columns are found by the names that exports of the usual systems give them, in Chinese and English,
or named by a mapping. A row that cannot be read raises a fault that names row and column.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, get_args
from unicodedata import normalize
from zoneinfo import ZoneInfo

from retail_core.errors import Fault
from retail_core.insight.channel_orders.words import MILLI, Status
from retail_core.texts.faults import FaultCode

# What a file can say, each with the names it goes by; the first found wins.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "order_no": ("订单号", "订单编号", "主订单编号", "交易单号", "单号", "order id", "order no",
                 "order number", "order", "ordernumber", "invoice", "invoiceno", "receipt"),
    "ordered": ("下单时间", "订单时间", "付款时间", "支付时间", "交易时间", "订单创建时间", "日期",
                "ordered at", "order date", "created at", "date", "invoicedate", "time"),
    "net": ("实付金额", "实付", "实收金额", "应付金额", "支付金额", "订单实付", "小计", "金额",
            "net amount", "paid", "amount paid", "total", "amount", "net"),
    "list": ("吊牌金额", "原价金额", "应收金额", "商品总额", "订单金额", "list amount", "subtotal",
             "list"),
    "price": ("单价", "商品单价", "unit price", "unitprice", "price"),
    "refunded": ("退款金额", "已退金额", "refunded", "refund amount", "refund"),
    "status": ("订单状态", "状态", "交易状态", "status", "order status", "state"),
    "channel": ("渠道", "来源", "平台", "订单来源", "channel", "source", "platform"),
    "store": ("门店", "店铺", "门店名称", "店铺名称", "store", "shop", "store name"),
    "phone": ("手机", "手机号", "手机号码", "收货人手机", "买家手机", "phone", "mobile",
              "customer phone"),
    "account": ("买家昵称", "买家会员名", "会员号", "会员编号", "客户编号", "用户id", "买家id",
                "customer id", "customerid", "customer", "member id", "buyer", "user id"),
    "address": ("收货地址", "地址", "address", "shipping address"),
    "sku": ("商品编码", "货号", "条码", "商家编码", "规格编码", "商品代码", "sku", "stockcode",
            "product id", "barcode", "article"),
    "name": ("商品名称", "商品标题", "商品", "品名", "product", "description", "product name",
             "item"),
    "quantity": ("数量", "购买数量", "商品数量", "件数", "quantity", "qty", "units", "count"),
    "version": ("更新时间", "修改时间", "版本", "updated at", "modified at", "version"),
    "points": ("使用积分", "抵扣积分", "points used", "points"),
    "coupons": ("用券数", "优惠券数", "coupons"),
}  # fmt: skip
NEEDED: Final = ("order_no", "ordered")
STATUSES: Final[Mapping[str, Status]] = {
    "待付款": "created", "未付款": "created", "等待买家付款": "created", "created": "created",
    "pending": "created", "unpaid": "created",
    "已付款": "paid", "已支付": "paid", "已发货": "paid", "已完成": "paid", "交易成功": "paid",
    "待发货": "paid", "已签收": "paid", "完成": "paid", "paid": "paid", "completed": "paid",
    "complete": "paid", "shipped": "paid", "fulfilled": "paid", "delivered": "paid", "done": "paid",
    "已取消": "cancelled", "取消": "cancelled", "已关闭": "cancelled", "交易关闭": "cancelled",
    "cancelled": "cancelled", "canceled": "cancelled", "closed": "cancelled", "void": "cancelled",
    "已退款": "refunded", "退款成功": "refunded", "refunded": "refunded", "returned": "refunded",
    "部分退款": "part_refunded", "partially refunded": "part_refunded",
    "part_refunded": "part_refunded",
}  # fmt: skip
_MONEY = re.compile(r"^[¥￥$€£]?\s*(-?[0-9][0-9,]*(?:\.[0-9]+)?|-?\.[0-9]+)\s*元?$")
_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d",
    "%Y/%m/%d", "%Y%m%d", "%Y%m%d%H%M%S", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日",
)  # fmt: skip
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_DIGITS_MS, _DIGITS_S = 13, 10


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which column says what, and what a file leaves out.

    `unit`: money in `yuan` or `fen`. `whole`: `net` is the order's and stands on each of its lines,
    not the line's own. `dates` is a format as `datetime.strptime` takes it, "" for the usual ones.
    """

    columns: Mapping[str, str]
    channel: str = "history"
    zone: str = "Asia/Shanghai"
    unit: str = "yuan"
    dates: str = ""
    whole: bool = False
    statuses: Mapping[str, Status] = field(default_factory=dict)

    @property
    def has_lines(self) -> bool:
        """Tell whether a row is a line of an order and not all of it."""
        return "sku" in self.columns or "name" in self.columns


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row as it was read; money in fen, None where the file says nothing."""

    row: int
    order_no: str
    channel: str
    ordered_ms: int
    version: int
    status: Status | None
    net_fen: int | None
    list_fen: int | None
    refunded_fen: int | None
    qty_milli: int
    sku: str
    name: str
    store: str
    account: str
    phone: str
    address: str
    points: int | None
    coupons: int | None


def found_columns(header: Sequence[str]) -> dict[str, str]:
    """Return what of a header is understood, by the names it usually has."""
    plain = {plain_name(name): name for name in reversed(header)}
    found: dict[str, str] = {}
    for said, names in NAMES.items():
        column = next((plain[name] for name in map(plain_name, names) if name in plain), None)
        if column is not None and column not in found.values():
            found[said] = column
    return found


def mapped(header: Sequence[str], said: Mapping[str, Any] | None = None) -> Mapped:
    """Return how a file is read: `said` (a mapping file) first, then by the usual names.

    Faults IMPORT_MAPPING for a mapping that cannot be, IMPORT_COLUMNS for what is not found.
    """
    said = said or {}
    extra = said.keys() - {"columns", "statuses", "channel", "zone", "unit", "dates", "whole"}
    columns = said.get("columns", {})
    if extra or not isinstance(columns, dict) or columns.keys() - NAMES.keys():
        unknown = extra or (columns.keys() - NAMES.keys() if isinstance(columns, dict) else "?")
        raise Fault(FaultCode.IMPORT_MAPPING, reason=", ".join(sorted(unknown)))
    absent = [name for name in columns.values() if name not in header]
    found = {**found_columns(header), **columns}
    missing = absent + [name for name in NEEDED if name not in found]
    if not {"net", "price"} & found.keys():
        missing.append("net")
    if missing:
        raise Fault(
            FaultCode.IMPORT_COLUMNS, missing=", ".join(missing), found=", ".join(header)[:400]
        )
    return _checked(
        Mapped(
            found,
            said.get("channel", "history"),
            said.get("zone", "Asia/Shanghai"),
            said.get("unit", "yuan"),
            said.get("dates", ""),
            said.get("whole", False),
            said.get("statuses", {}),
        )
    )


def _checked(how: Mapped) -> Mapped:
    wrong = [
        name
        for name, fine in (
            ("unit", how.unit in {"yuan", "fen"}),
            ("channel", _CHANNEL.fullmatch(str(how.channel)) and how.channel != "till"),
            ("zone", _is_zone(how.zone)),
            ("dates", type(how.dates) is str),
            ("whole", type(how.whole) is bool),
            ("statuses", set(how.statuses.values()) <= set(get_args(Status))),
        )
        if not fine
    ]
    if wrong:
        raise Fault(FaultCode.IMPORT_MAPPING, reason=", ".join(wrong))
    return how


def _is_zone(name: object) -> bool:
    try:
        ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        return False
    return True


def read_row(cells: Mapping[str, str | None], row: int, how: Mapped) -> OrderRow:
    """Return a row. Fault IMPORT_ROW."""
    said = {name: (cells.get(column) or "").strip() for name, column in how.columns.items()}
    cell = _Cells(said, row, how)
    order_no = said.get("order_no", "")
    if not 0 < len(order_no) <= 100:  # noqa: PLR2004 -- as long as an order's number may be
        raise cell.wrong("order_no")
    ordered = cell.moment("ordered")
    assert ordered is not None  # noqa: S101 -- needed
    version = cell.moment("version") if said.get("version") else None
    quantity = cell.quantity()
    price, net, shelf = cell.money("price"), cell.money("net"), cell.money("list")
    if net is None and price is not None:
        net = price * quantity // MILLI
    if shelf is None and price is not None:
        shelf = price * quantity // MILLI
    return OrderRow(
        row=row,
        order_no=order_no,
        channel=said.get("channel") or how.channel,
        ordered_ms=ordered,
        version=ordered if version is None else version,
        status=cell.status(),
        net_fen=net,
        list_fen=shelf,
        refunded_fen=cell.money("refunded"),
        qty_milli=quantity,
        sku=said.get("sku", "")[:200],
        name=said.get("name", "")[:200],
        store=said.get("store", "")[:200],
        account=said.get("account", ""),
        phone=said.get("phone", ""),
        address=said.get("address", ""),
        points=cell.count("points"),
        coupons=cell.count("coupons"),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of one row, by what they say."""

    said: Mapping[str, str]
    row: int
    how: Mapped

    def wrong(self, name: str) -> Fault:
        column, value = self.how.columns.get(name, name), self.said.get(name, "")
        # What names a person is not repeated.
        shown = "…" if name in {"phone", "account", "address"} else value[:60]
        return Fault(FaultCode.IMPORT_ROW, row=self.row, column=column, value=shown)

    def money(self, name: str) -> int | None:
        text = normalize("NFKC", self.said.get(name, ""))
        if not text:
            return None
        match = _MONEY.match(text)
        try:
            amount = Decimal(match[1].replace(",", "")) if match else None
        except InvalidOperation:
            amount = None
        if amount is None or amount < 0 or amount > 10**10:
            raise self.wrong(name)
        fen = amount if self.how.unit == "fen" else amount * 100
        if fen != fen.to_integral_value():
            fen = fen.quantize(Decimal(1))
        return int(fen)

    def count(self, name: str) -> int | None:
        text = self.said.get(name, "")
        if not text:
            return None
        if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 -- more points than anybody has
            raise self.wrong(name)
        return int(text)

    def quantity(self) -> int:
        text = self.said.get("quantity", "")
        if not text:
            return MILLI
        try:
            amount = Decimal(text.replace(",", "")) * MILLI
        except InvalidOperation:
            raise self.wrong("quantity") from None
        if not amount.is_finite() or not 0 <= amount < 10**12 or amount % 1:
            raise self.wrong("quantity")
        return int(amount)

    def status(self) -> Status | None:
        text = self.said.get("status", "")
        if not text:
            return None
        found = self.how.statuses.get(text) or STATUSES.get(text.casefold())
        if found is None:
            raise self.wrong("status")
        return found

    def moment(self, name: str) -> int | None:
        """Return a time in milliseconds; a day alone is its noon, so that no zone moves it."""
        text = self.said.get(name, "")
        if text.isdecimal() and len(text) in {_DIGITS_MS, _DIGITS_S}:
            return int(text) * (1 if len(text) == _DIGITS_MS else 1_000)
        found = _parsed(text, self.how.dates)
        if found is None:
            raise self.wrong(name)
        if found.tzinfo is None:
            if not re.search(r"[0-9]:[0-9]", text) and len(text) <= 11:  # noqa: PLR2004 -- a day
                found = found.replace(hour=12)
            found = found.replace(tzinfo=ZoneInfo(self.how.zone))
        moment = round(found.astimezone(UTC).timestamp() * 1_000)
        if moment < 0:
            raise self.wrong(name)
        return moment


def _parsed(text: str, dates: str) -> datetime | None:
    if dates:
        try:
            return datetime.strptime(text, dates)  # noqa: DTZ007 -- the zone is the file's
        except ValueError:
            return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for pattern in _FORMATS:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 -- the zone is the file's
        except ValueError:
            continue
    return None


def plain_name(name: str) -> str:
    """Return a heading without what people add to it: case, blanks, units in brackets."""
    text = normalize("NFKC", name).casefold().strip().lstrip("\ufeff")
    text = re.sub(r"\(.*?\)|\[.*?\]", "", text)
    return re.sub(r"[\s_\-.]+", "", text)
