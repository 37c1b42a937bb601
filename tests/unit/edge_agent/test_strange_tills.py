"""Law: a till nobody has seen, in words nobody uses, is never learned to read a wrong total."""

import random
from dataclasses import replace

import pytest

from edge_agent.domain.taught import Sample
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.drivers.till_escpos.learning.learn import Titles, learn
from tools.golden_receipts.layout import Column, Layout, Words, stream
from tools.golden_receipts.ticket import Item, Ticket

GOODS = ("可口可乐330ml", "海天酱油500ml", "牛奶", "红富士苹果", "清风抽纸", "康师傅红烧牛肉面")
ORDERS = (
    ("name", "qty", "price", "amount"),
    ("name", "price", "qty", "amount"),
    ("amount", "name", "qty", "price"),
    ("name", "qty", "price", "amount", "other"),
    ("other", "name", "qty", "amount"),
)
WIDE = {"qty": 5, "price": 8, "amount": 9, "other": 6}
NOTES = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000)


class StrangeTill:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - the same tills every time
        words = [one + two for one in "甲乙丙丁戊己" for two in "子丑寅卯辰巳"]
        self.dice.shuffle(words)
        self.cash, self.card, *words = words
        columns, at, width = [], 0, self.dice.choice((42, 48))
        order = self.dice.choice(ORDERS)
        for kind in order:
            wide = WIDE.get(kind, width - sum(WIDE.get(each, 0) for each in order))
            columns.append(Column(kind, "", at, at + wide, kind != "name", "4.40"))
            at += wide
        self.layout = Layout(
            *("x", "x", "x", width, "gb18030", tuple(columns), Words(f"{words[0]}号", *words[1:4])),
            heading=False,
            place=self.dice.choice(("blanks", "dots")),
            places=self.dice.choice((2, 1)),
            head=("商店",),
        )

    def ticket(self, number: int) -> Ticket:
        cent = 1 if self.layout.places == 2 else 10
        items = tuple(
            Item(
                name, self.dice.choice((1, 1, 2, 3, 4)) * 1000, self.dice.randrange(50, 500) * cent
            )
            for name in self.dice.sample(GOODS, self.dice.randint(1, 5))
        )
        ticket = Ticket(f"20261{number:03d}", items, off_fen=self.dice.choice((0, 3)) * cent)
        if self.dice.random() < 0.5:
            return replace(ticket, paid=((self.card, ticket.total_fen),))
        note = next(note for note in NOTES if note > ticket.total_fen)
        return replace(ticket, paid=((self.cash, note),))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_believed_is_right_and_nearly_all_is_read(seed: int) -> None:
    till = StrangeTill(seed)
    tickets = [till.ticket(number) for number in range(14)]
    taught = [Sample(one.number, stream(till.layout, one)) for one in tickets[:8]]
    profile = learn(taught, Titles("strange", "x", "x"), prove=False).profile
    right = 0
    for ticket in tickets[8:]:
        read, _ = read_stream(stream(till.layout, ticket), profile)
        lines = [(line.name, line.qty_milli, line.amount_fen) for line in read.lines]
        truth = [(item.name, item.qty_milli, item.amount_fen) for item in ticket.items]
        if read.kind == "sale" and read.fault is None:
            assert read.total_fen == ticket.total_fen
            right += lines[: len(truth)] == truth
    assert right >= 5
