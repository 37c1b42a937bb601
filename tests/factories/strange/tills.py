"""Strange tills at work: they sell, and they print papers that are no sale."""

from tests.factories.strange.papers import Paper
from tests.factories.strange.selling import Seller


class Till(Seller):
    """One till with its habits; every paper of it looks alike."""

    def other(self) -> Paper:
        """Print one of the papers that are no sale."""
        makers = [
            self.report,
            self.kitchen,
            self.slip,
            self.label,
            self.voucher,
            self.refund,
            self.reprint,
        ]
        return self.rng.choice(makers)()

    def refund(self) -> Paper:
        if not self.land.refund:
            return self.report()
        return self.sale("refund", self.rng.choice(self.land.refund))

    def reprint(self) -> Paper:
        if not self.land.reprint:
            return self.report()
        return self.sale("reprint", self.rng.choice(self.land.reprint))

    def report(self) -> Paper:
        w, rng = self.writer(), self.rng
        w.title(rng.choice(self.land.report))
        w.line("2026-11-22 22:00")
        w.rule()
        cash, card = rng.randrange(10_000, 900_000), rng.randrange(10_000, 900_000)
        sums = {"cash": cash, "card": card, "discount": -rng.randrange(5_000)}
        sums |= {"total": cash + card, "tax": (cash + card) // 6}
        for word, fen in sums.items():
            self.labelled(w, self.words[word], fen)
        w.end()
        return Paper(bytes(w.out), "not-a-sale", self.land.name, "report")

    def kitchen(self) -> Paper:
        if not self.land.kitchen:
            return self.report()
        w, rng = self.writer(), self.rng
        w.title(rng.choice(self.land.kitchen))
        w.line(f"#{rng.randrange(99)}  12:31")
        w.rule()
        for item in self.pick():
            w.row((0, f"{item.qty // 1000 or 1} x {item.name}", False), big=rng.random() < 0.5)
        w.end()
        return Paper(bytes(w.out), "not-a-sale", self.land.name, "kitchen")

    def slip(self) -> Paper:
        if not self.land.slip:
            return self.label()
        w, rng = self.writer(), self.rng
        w.title(rng.choice(self.land.shop))
        w.line(rng.choice(self.land.slip))
        w.line("TID 80012345  MID 123456789012")
        w.line("A0000000041010  **** **** **** 1234")
        w.line("AUTH CODE 004512")
        self.labelled(w, self.words["card"], rng.randrange(100, 90_000), sign=True)
        self.labelled(w, self.words["total"], rng.randrange(100, 90_000), sign=True)
        w.end()
        return Paper(bytes(w.out), "not-a-sale", self.land.name, "slip")

    def label(self) -> Paper:
        w, rng = self.writer(), self.rng
        w.title(rng.choice(self.land.goods))
        w.title(self.money(rng.randrange(100, 9_000), sign=True))
        w.raw(b"\x1dk\x02" + b"6901028000019"[:12] + b"\x00")
        w.end()
        return Paper(bytes(w.out), "not-a-sale", self.land.name, "label")

    def voucher(self) -> Paper:
        w, rng = self.writer(), self.rng
        w.title(rng.choice(self.land.shop))
        w.title(self.words["discount"])
        w.title(self.money(rng.choice((500, 1_000, 2_000)), sign=True))
        w.line("2026-12-31")
        w.line(f"{rng.randrange(10**11, 10**12)}")
        w.end()
        return Paper(bytes(w.out), "not-a-sale", self.land.name, "voucher")
