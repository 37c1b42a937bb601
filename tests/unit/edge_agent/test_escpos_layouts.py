"""Law: whatever a till sells, in any of these languages and layouts, is read to the fen."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream

AUTO = load_profile(
    Path(__file__).resolve().parents[3] / "device_configs", "generic-auto", TillProfile
)


@dataclass(frozen=True)
class Language:
    names: tuple[str, ...]
    total: str
    discount: str
    cash: str
    change: str
    codec: str
    setup: bytes = b""
    decimal: str = "."
    currency: str = ""


LANGUAGES = (
    Language(
        ("矿泉水550ml", "3M胶带", "A4纸500张", "可乐330ml*24", "优惠装洗衣液", "卡士酸奶"),
        *("合计", "优惠", "现金", "找零", "gb18030", b"\x1c&", ".", "￥"),
    ),
    Language(
        ("农夫山泉", "海飞丝400ml", "德芙43g", "大米5kg"),
        *("应付金额", "会员优惠", "微信支付", "找零", "gb18030"),
    ),
    Language(
        ("Free range eggs 12", "7UP 330ml", "2in1 Shampoo", "Total care paste"),
        *("TOTAL", "DISCOUNT", "CASH", "CHANGE", "cp437", b"", ".", "$"),
    ),
    Language(
        ("Käse Gouda", "Vollmilch 3,5%", "Äpfel 1kg", "Bar Schokolade"),
        *("SUMME", "RABATT", "BAR", "RÜCKGELD", "cp437", b"", ","),
    ),
    Language(
        ("Ekmek", "Süt 1L", "Şeker", "Yoğurt"),
        *("TOPLAM", "İNDİRİM", "NAKİT", "PARA ÜSTÜ", "cp857", b"\x1bt\x13", ","),
    ),
    Language(
        ("Молоко 1л", "Хлеб", "Чай 100пак"),
        *("ИТОГО", "СКИДКА", "НАЛИЧНЫМИ", "СДАЧА", "cp866", b"\x1bt\x11"),
    ),
)

Item = tuple[str, int, int]


class Press:
    """Prints in one language on paper of one width."""

    def __init__(self, language: Language, columns: int) -> None:
        self.language = language
        self.columns = columns

    def text(self, text: str) -> bytes:
        return text.encode(self.language.codec)

    def money(self, fen: int) -> str:
        return f"{fen // 100}{self.language.decimal}{fen % 100:02d}"

    def row(self, left: str, right: str) -> bytes:
        gap = self.columns - len(self.text(left)) - len(self.text(right))
        return self.text(left + " " * max(2, gap) + right + "\n")

    def in_columns(self, item: Item) -> bytes:
        name, qty, unit = item
        pad = " " * max(2, self.columns - 16 - len(self.text(name)))
        return self.text(f"{name}{pad}{qty:3d}{self.money(qty * unit):>13}\n")

    def on_two_lines(self, item: Item) -> bytes:
        name, qty, unit = item
        return self.text(name + "\n") + self.row(
            f"  {qty} x {self.money(unit)}", self.money(qty * unit)
        )

    def with_count_in_front(self, item: Item) -> bytes:
        name, qty, unit = item
        return self.row(f"{qty}x {name}", self.money(qty * unit) + " A")

    def by_tabs(self, item: Item) -> bytes:
        name, qty, unit = item
        return self.text(f"{name}\t{qty}\t{self.money(qty * unit)}\n")

    def by_dots(self, item: Item) -> bytes:
        name, qty, unit = item
        cells = (
            (0, name),
            (self.columns - 14, str(qty)),
            (self.columns - 10, self.money(qty * unit)),
        )
        return (
            b"".join(
                b"\x1b$" + (at * 12).to_bytes(2, "little") + self.text(cell) for at, cell in cells
            )
            + b"\n"
        )

    def with_single_blanks(self, item: Item) -> bytes:
        name, qty, unit = item
        return self.text(f"{name} {qty} {self.money(unit)} {self.money(qty * unit)}\n")

    def explained_below(self, item: Item) -> bytes:
        name, qty, unit = item
        detail = self.text(f"   {qty} @ {self.money(unit)}\n") if qty > 1 else b""
        return self.row(name, self.money(qty * unit)) + detail

    def with_bar_codes(self, item: Item) -> bytes:
        name, qty, unit = item
        figures = f"  6901234567892  {qty}  {self.money(unit)}  {self.money(qty * unit)}\n"
        return self.text(name + "\n" + figures)


LAYOUTS: tuple[Callable[[Press, Item], bytes], ...] = (
    Press.in_columns,
    Press.on_two_lines,
    Press.with_count_in_front,
    Press.by_tabs,
    Press.by_dots,
    Press.with_single_blanks,
    Press.explained_below,
    Press.with_bar_codes,
)


@st.composite
def receipts(draw: st.DrawFn) -> tuple[bytes, list[Item], int]:
    language = draw(st.sampled_from(LANGUAGES))
    press = Press(language, draw(st.sampled_from([32, 42, 48])))
    layout = draw(st.sampled_from(LAYOUTS))
    item = st.tuples(
        st.sampled_from(language.names),
        st.sampled_from([1, 1, 2, 3, 12]),
        st.integers(min_value=50, max_value=99_999),
    )
    items = draw(st.lists(item, min_size=1, max_size=8))
    gross = sum(qty * unit for _, qty, unit in items)
    discount = draw(st.integers(min_value=0, max_value=gross - 1))
    total = gross - discount
    paid = -(-total // 10_000) * 10_000
    stream = b"\x1b@" + language.setup + press.text("-" * press.columns + "\n")
    stream += b"".join(layout(press, each) for each in items)
    stream += press.text("=" * press.columns + "\n")
    if discount:
        stream += press.row(language.discount, "-" + press.money(discount))
    stream += b"\x1b!\x10" + press.row(language.total, language.currency + press.money(total))
    stream += b"\x1b!\x00" + press.row(language.cash, press.money(paid))
    stream += press.row(language.change, press.money(paid - total)) + b"\x1dV\x00"
    return stream, items, total


@given(receipts())
def test_what_was_sold_is_read(receipt: tuple[bytes, list[Item], int]) -> None:
    stream, items, total = receipt
    read, _tokens = read_stream(stream, AUTO)
    assert (read.kind, read.fault, read.total_fen) == ("sale", None, total)
    articles = [(line.name, line.qty_milli, line.amount_fen) for line in read.lines]
    sold = [(name, qty * 1_000, qty * unit) for name, qty, unit in items]
    assert articles[: len(sold)] == sold
    assert sum(amount for _, _, amount in articles) == total
