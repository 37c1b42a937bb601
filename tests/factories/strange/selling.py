"""Strange tills selling: receipts in many layouts, with what is true about them."""

from random import Random

from tests.factories.strange.languages import LANDS, Land
from tests.factories.strange.papers import Item, Paper
from tests.factories.strange.printer import Writer, width_of

STAR_LANDS = ("en", "de", "es")
HOWS = ("blanks", "blanks", "dots", "tabs", "stops", "relative")
STYLES = (
    "row4", "row3", "qty_x_below", "lead_x", "name_above", "x_above", "tax_letter", "numbered",
    "at_below", "no_qty", "code_above", "price_x_qty", "discount_column", "barcode_below",
)  # fmt: skip


class Seller:
    """One till with its habits; every paper of it looks alike."""

    def __init__(self, seed: int, land: Land | None = None) -> None:
        self.rng = rng = Random(seed)  # noqa: S311 - receipts are no secrets
        self.land = land or rng.choice(list(LANDS.values()))
        self.style = rng.choice(STYLES)
        self.columns = rng.choice((32, 32, 42, 48, 48, 56))
        self.star = rng.random() < 0.04 and self.land.name in STAR_LANDS
        self.how = "blanks" if self.star else rng.choice(HOWS)
        alphabets = [each for each in self.land.alphabets if not self.star or each.codec == "cp437"]
        self.alphabet = rng.choice(alphabets or list(self.land.alphabets))
        self.before, self.behind = rng.choice(self.land.before), rng.choice(self.land.behind)
        if self.before and self.behind:
            self.behind = ""
        self.heading = rng.choice(self.land.columns)
        self.grouped = rng.random() < 0.4
        self.words = {
            key: rng.choice(getattr(self.land, key))
            for key in ("total", "subtotal", "discount", "cash", "card", "change", "tax", "number")
        }
        self.has = {
            key: rng.random() < share
            for key, share in (
                ("subtotal", 0.4), ("heading", 0.6), ("count", 0.4), ("tax", 0.5), ("big", 0.4),
                ("taxtable", 0.25), ("colon", 0.3), ("lineoff", 0.3), ("unit_sign", 0.3),
                ("rounding", 0.15), ("points", 0.3), ("rules", 0.8), ("sumsign", 0.5),
            )
        }  # fmt: skip
        self.minus = rng.choice(("-{}", "-{}", "{}-", "({})", "−{}"))

    # ---- figures --------------------------------------------------------------------------------

    def money(self, fen: int, *, sign: bool = False) -> str:
        whole, rest = divmod(abs(fen), 100)
        digits = f"{whole:,}" if self.grouped else str(whole)
        digits = digits.replace(",", self.land.group)
        if self.land.places:
            digits += f"{self.land.decimal}{rest:02d}"
        if sign:
            digits = f"{self.before}{digits}{self.behind}"
        return self.minus.format(digits) if fen < 0 else digits

    def quantity(self, item: Item) -> str:
        if item.weighed:
            return f"{item.qty / 1000:.3f}".replace(".", self.land.decimal)
        return str(item.qty // 1000)

    # ---- a sale ---------------------------------------------------------------------------------

    def pick(self) -> list[Item]:
        rng, items = self.rng, []
        for _ in range(rng.choice((1, 2, 3, 4, 6, 9, 14))):
            step = 100 if not self.land.places else rng.choice((1, 5, 10, 50))
            unit = (
                rng.randrange(1, 4_000) * step
                if self.land.places
                else rng.randrange(5, 900) * 1_000
            )
            weighs = self.style not in ("lead_x", "no_qty", "barcode_below", "discount_column")
            if weighs and rng.random() < 0.2 and self.land.places:
                qty = rng.randrange(80, 3_000)
                amount = (qty * unit + 500) // 1000
                if amount:
                    items.append(
                        Item(rng.choice(self.land.weighed), qty, unit, amount, weighed=True)
                    )
            else:
                count = 1 if self.style == "no_qty" or rng.random() < 0.6 else rng.randrange(2, 9)
                off = 0
                if self.style == "discount_column" and rng.random() < 0.4:
                    off = (
                        unit * count // 10 // 100 * 100
                        if not self.land.places
                        else unit * count // 10
                    )
                amount = unit * count - off
                name = rng.choice(self.land.goods)
                if self.style == "lead_x":
                    name = self.fits(name, self.columns - 16)
                items.append(Item(name, count * 1000, unit, amount, off=off))
        return items or self.pick()

    def writer(self) -> Writer:
        how = "blanks" if self.style == "discount_column" and self.columns < 42 else self.how
        writer = Writer(self.rng, self.alphabet, self.columns, how, self.star)
        writer.begin()
        return writer

    def head(self, writer: Writer, *titles: str) -> str:
        rng = self.rng
        writer.title(rng.choice(self.land.shop))
        for line in rng.sample(self.land.head, min(len(self.land.head), rng.randrange(1, 5))):
            writer.line(line)
        for title in titles:
            writer.title(title)
        number = f"{rng.randrange(10**3, 10**9):06d}"
        writer.line(f"{self.words['number']}{number}")
        writer.line(
            rng.choice(
                ("2026-11-22 12:31", "22/11/2026 12:31:05", "22.11.26 12:31", "2026/11/22 18:02")
            )
        )
        return number

    def sale(self, kind: str = "sale", title: str = "") -> Paper:
        writer = self.writer()
        number = self.head(writer, *([title] if title else []))
        sign = -1 if kind == "refund" and self.rng.random() < 0.6 else 1
        items = self.pick()
        self.rule(writer)
        if self.has["heading"] and self.style in ("row4", "row3", "name_above", "discount_column"):
            self.print_heading(writer)
            self.rule(writer)
        extra = 0
        for number_on, item in enumerate(items, 1):
            self.print_item(writer, number_on, item, sign)
            extra += self.print_line_discount(writer, item, sign)
        self.rule(writer)
        total = self.print_totals(writer, items, extra, sign)
        for line in self.rng.sample(self.land.foot, self.rng.randrange(1, len(self.land.foot) + 1)):
            writer.line(line.center(self.columns) if self.rng.random() < 0.5 else line)
        writer.end()
        return Paper(bytes(writer.out), kind, self.land.name, self.style, items, total, number)

    def rule(self, writer: Writer) -> None:
        if self.has["rules"]:
            writer.rule()
        else:
            writer.line()

    def print_heading(self, writer: Writer) -> None:
        name, qty, price, amount = self.heading
        width = self.columns
        if self.style == "row3":
            writer.row((0, name, False), (width * 5 // 8, qty, True), (width, amount, True))
        elif self.style != "discount_column":
            writer.row(
                (0, name, False),
                (width // 2, qty, True),
                (width * 3 // 4, price, True),
                (width, amount, True),
            )

    def print_item(self, writer: Writer, at: int, item: Item, sign: int) -> None:
        getattr(self, f"_{self.style}")(writer, at, item, sign)

    def fits(self, name: str, room: int) -> str:
        while width_of(name) > room:
            name = name[:-1]
        return name.strip()

    def named(self, writer: Writer, item: Item, room: int, *cells: tuple[int, str, bool]) -> None:
        """Print name and figures; a name that is too long gets a line of its own."""
        if width_of(item.name) > room or (
            self.how in ("tabs", "stops") and width_of(item.name) > room
        ):
            writer.line(item.name)
            writer.row((0, " ", False), *cells)
        else:
            writer.row((0, item.name, False), *cells)

    def unit(self, item: Item) -> str:
        return self.money(item.unit, sign=self.has["unit_sign"])

    def _row4(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        c = self.columns
        self.named(
            w,
            item,
            c // 2 - 6,
            (c // 2, self.quantity(item), True),
            (c * 3 // 4, self.money(item.unit), True),
            (c, self.money(sign * item.amount), True),
        )

    def _row3(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        c = self.columns
        self.named(
            w,
            item,
            c * 5 // 8 - 6,
            (c * 5 // 8, self.quantity(item), True),
            (c, self.money(sign * item.amount), True),
        )

    def _qty_x_below(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        self.named(w, item, self.columns - 12, (self.columns, self.money(sign * item.amount), True))
        if item.qty != 1000:
            unit = "kg" if item.weighed else ""
            w.line(f"   {self.quantity(item)}{unit} x {self.unit(item)}")

    def _lead_x(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        name = f"{self.quantity(item)} x {item.name}"
        w.row((0, name, False), (self.columns, self.money(sign * item.amount), True))

    def _name_above(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        w.line(item.name)
        c = self.columns
        w.row(
            (c // 4, self.quantity(item), True),
            (c * 5 // 8, self.money(item.unit), True),
            (c, self.money(sign * item.amount), True),
        )

    def _x_above(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        if item.qty != 1000:
            w.line(f"{self.quantity(item)} X {self.unit(item)}")
        self.named(w, item, self.columns - 12, (self.columns, self.money(sign * item.amount), True))

    def _tax_letter(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        letter = " " + "AB*"[item.unit % 3]
        self.named(
            w,
            item,
            self.columns - 14,
            (self.columns, self.money(sign * item.amount) + letter, True),
        )
        if item.qty != 1000:
            w.line(f"  {self.quantity(item)} * {self.money(item.unit)}")

    def _numbered(self, w: Writer, at: int, item: Item, sign: int) -> None:
        w.line(f"{at}.{item.name}" if self.columns % 3 else f"{at:02d} {item.name}")
        w.row(
            (2, f"{self.quantity(item)}x{self.money(item.unit)}", False),
            (self.columns, self.money(sign * item.amount), True),
        )

    def _at_below(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        w.line(item.name)
        unit = " kg" if item.weighed else ""
        per = "/kg" if item.weighed else ""
        w.row(
            (2, f"{self.quantity(item)}{unit} @ {self.unit(item)}{per}", False),
            (self.columns, self.money(sign * item.amount, sign=self.has["unit_sign"]), True),
        )

    def _no_qty(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        self.named(
            w,
            item,
            self.columns - 12,
            (self.columns, self.money(sign * item.amount, sign=self.has["unit_sign"]), True),
        )

    def _code_above(self, w: Writer, at: int, item: Item, sign: int) -> None:
        w.line(f"{6901028000000 + at * 37 + item.unit} {item.name}")
        c = self.columns
        w.row(
            (2, self.quantity(item), False),
            (c // 2, self.money(item.unit), True),
            (c, self.money(sign * item.amount), True),
        )

    def _price_x_qty(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        c = self.columns
        figures = f"{self.money(item.unit)}x{self.quantity(item)}"
        self.named(
            w,
            item,
            c // 2 - 7,
            (c * 3 // 4 - 1, figures, True),
            (c, self.money(sign * item.amount), True),
        )

    def _discount_column(self, w: Writer, _at: int, item: Item, sign: int) -> None:
        c = self.columns
        w.line(item.name)
        off = [(c * 3 // 4, self.money(-item.off), True)] if item.off else []
        w.row(
            (4, self.quantity(item), True),
            (c // 2, self.money(item.unit), True),
            *off,
            (c, self.money(sign * item.amount), True),
        )

    def _barcode_below(self, w: Writer, at: int, item: Item, sign: int) -> None:
        w.line(item.name)
        code = str(4006381000000 + at * 111 + item.unit)
        count = f"x{self.quantity(item)}" if item.qty != 1000 else ""
        w.row(
            (0, code, False),
            *([(self.columns * 5 // 8, count, True)] if count else []),
            (self.columns, self.money(sign * item.amount), True),
        )

    def print_line_discount(self, w: Writer, item: Item, sign: int) -> int:
        if not self.has["lineoff"] or self.rng.random() > 0.3 or item.amount < 1_000 or item.off:
            return 0
        off = item.amount // 1_000 * 100
        w.row((2, self.words["discount"], False), (self.columns, self.money(-sign * off), True))
        return off

    # ---- totals ---------------------------------------------------------------------------------

    def labelled(
        self, w: Writer, label: str, fen: int, *, big: bool = False, sign: bool = False
    ) -> None:
        label += ":" if self.has["colon"] and not label.endswith(":") else ""
        value = self.money(fen, sign=sign)
        if big and (width_of(label) + width_of(value) + 1) * 2 > self.columns:
            big = False
        w.row((0, label, False), (self.columns, value, True), big=big)

    def print_totals(self, w: Writer, items: list[Item], extra: int, sign: int) -> int:
        rng, land = self.rng, self.land
        total = sum(item.amount for item in items) - extra
        off = 0
        if rng.random() < 0.3 and total > 2_000:
            off = total // 20 // 100 * 100
        tax = (
            total * 8 // 100 if land.tax_on_top and self.has["tax"] and self.has["subtotal"] else 0
        )
        if self.has["count"] and land.count:
            count = sum(1 if item.weighed else item.qty // 1000 for item in items)
            w.row((0, rng.choice(land.count), False), (self.columns, str(count), True))
        if self.has["subtotal"] or off:
            self.labelled(w, self.words["subtotal"], sign * total)
        if off:
            self.labelled(w, self.words["discount"], -sign * off)
        total -= off
        if tax:
            tax = total * 8 // 100
            self.labelled(w, self.words["tax"], sign * tax)
            total += tax
        cents = total % 10
        if self.has["rounding"] and land.rounding and cents and total > 100:
            self.labelled(w, rng.choice(land.rounding), -sign * cents)
            total -= cents
        self.labelled(
            w, self.words["total"], sign * total, big=self.has["big"], sign=self.has["sumsign"]
        )
        self.print_payment(w, total, sign)
        self.print_information(w, total)
        return total

    def print_payment(self, w: Writer, total: int, sign: int) -> None:
        rng = self.rng
        way = rng.random()
        if way < 0.5:
            step = rng.choice((500, 1_000, 5_000, 10_000)) if self.land.places else 100_000
            cash = -(-total // step) * step
            self.labelled(w, self.words["cash"], sign * cash)
            if cash != total or rng.random() < 0.5:
                self.labelled(w, self.words["change"], sign * (cash - total))
        elif way < 0.85 or total < 1_000:
            self.labelled(w, self.words["card"], sign * total)
        else:
            part = total // 3 // 100 * 100
            self.labelled(w, self.words["card"], sign * part)
            self.labelled(w, self.words["cash"], sign * (total - part))

    def print_information(self, w: Writer, total: int) -> None:
        land = self.land
        if self.has["taxtable"] and not land.tax_on_top and land.places:
            net = total * 100 // 119
            w.line()
            rate = "19,00%" if land.decimal == "," else "19.00%"
            c = self.columns
            w.row(
                (0, f"A {rate}", False),
                (c // 2, self.money(net), True),
                (c * 3 // 4, self.money(total - net), True),
                (c, self.money(total), True),
            )
        elif self.has["tax"] and not (land.tax_on_top and self.has["subtotal"]):
            self.labelled(w, self.words["tax"], total // 6)
