"""What `make fuzz-till` runs: every parser on the till's side, each with its seeds and its laws.

A target takes bytes in pieces and raises nothing of its own; what it must hold besides is asserted
here: no byte lost, no memory beyond its bound. Register another one in `TARGETS`.
"""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from edge_agent.domain.member_view import MemberView
from edge_agent.domain.till_request import TillAnswer
from edge_agent.drivers.customer_display import sim as display_sim
from edge_agent.drivers.customer_display.driver import DisplayWatch
from edge_agent.drivers.customer_display.frames import DisplayTokens
from edge_agent.drivers.customer_display.reading import DisplayReader
from edge_agent.drivers.framed_ecr.codec import PIECE_BYTES, Decoder, encode
from edge_agent.drivers.framed_ecr.link import Deliver, Link
from edge_agent.drivers.framed_ecr.messages import Messages
from edge_agent.drivers.profiles import FramedProfile, TillProfile, load_file
from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.driver import ScanWatch
from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds
from edge_agent.drivers.till_escpos.frames import Tokenizer
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.sim import sale_bytes
from edge_agent.drivers.till_software import pospal
from edge_agent.drivers.till_software.ruipos import RuiposDesk
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

CONFIGS = Path(__file__).resolve().parents[1] / "device_configs"
RECEIPTS = Path(__file__).resolve().parents[1] / "tests" / "golden" / "receipts"
_STEP_MS = 7
_NOT_FOUND = FaultCode.API_NOT_FOUND
_ANSWER = TillAnswer(name="李敏", tier="gold", points=320, earned=19)
_PAUSE_EVERY = 5
_SMALL = 600
_OFTEN = 0.3
_PIECES = (1, *(7,) * 3, *(40,) * 6, *(5_000,) * 6)
_BIG_PIECES = (40, 700, 9_000)
_UNSAID = 3 * 64 * 1024

Pieces = Sequence[bytes]
Run = Callable[[Pieces], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Seeds to be damaged, what is done with a stream in pieces, and its share of all cases."""

    seeds: tuple[bytes, ...]
    run: Run
    share: int


def _must(holds: bool) -> None:  # noqa: FBT001 -- like assert, but in every run
    if not holds:
        raise AssertionError


def _framed_seeds(profile: FramedProfile) -> tuple[bytes, ...]:
    asked = (
        b"0200|1950|R7|",
        b"0700|13800138000|",
        b"0100",
        b"SALE\t19.50\tR7",
        b'{"topic":"ecrhub.pay.order","biz_data":{"order_amount":"19.5","merchant_order_no":"R"}}',
        b"000000010P0000000100000000001950" + b"R7".rjust(127) + b"00000000",
        bytes.fromhex("06000800000000BA09780600"),
        bytes.fromhex("06010704000000001000"),
        bytes(range(256)),
        b"",
    )
    width = len(profile.frame.header)
    made = [profile.link.ack * 2, profile.link.nak]
    for data in asked:
        for head in (bytes(width), b"\x00\x01\x07"[:width]):
            try:
                made.append(encode(profile.frame, data, head))
            except Fault:
                made.append(data)
    return tuple(made)


def _framed(profile: FramedProfile, pieces: Pieces) -> None:
    reader, link = Decoder(profile.frame, profile.link), Link(profile.frame, profile.link)
    messages = Messages(profile.message)
    bound = 2 * profile.frame.data_max + 64 + PIECE_BYTES
    now = 0
    for number, piece in enumerate(pieces):
        now += _STEP_MS
        events = reader.feed(piece)
        _must(reader.pending <= bound)
        if number % _PAUSE_EVERY == 0:
            now += profile.link.byte_ms
            events += reader.silence()
            _must(reader.pending == 0)
        for event in events:
            for action in link.got(event, now):
                if isinstance(action, Deliver):
                    _answered(messages, link, action.data, now)
        link.tick(now)


def _answered(messages: Messages, link: Link, data: bytes, now: int) -> None:
    try:
        request = messages.read(data)
        answer = messages.write(request, _ANSWER)
        if answer:
            link.send(answer, now)
    except Fault:
        return


def _tokens(pieces: Pieces) -> None:
    tokens, raw = Tokenizer(), bytearray()
    for piece in pieces:
        for token in tokens.feed(piece):
            raw += token.raw
    for token in tokens.finish():
        raw += token.raw
    _must(bytes(raw) == b"".join(pieces))


def _jobs(reader: JobReader, pieces: Pieces) -> None:
    now = 0
    for piece in pieces:
        now += _STEP_MS
        reader.feed(piece, now)
    reader.silence(now + 60_000)
    reader.hang_up()


def _display(pieces: Pieces) -> None:
    tokens, raw = DisplayTokens(), bytearray()
    told: list[object] = []
    watch = DisplayWatch(DisplayReader("till", "gb18030", 20), 4_000, told.append, FaultTally())
    now = 0
    for number, piece in enumerate(pieces):
        now += _STEP_MS if number % _PAUSE_EVERY else 1_000
        for token in tokens.feed(piece):
            raw += token.raw
        _must(len(tokens.unread) <= _UNSAID)
        taken = sum(step.taken for step in watch.feed(piece, now))
        _must(taken == len(piece))
        list(watch.tick(now))
    while not tokens.at_boundary:
        for token in tokens.flush():
            raw += token.raw
    _must(bytes(raw) == b"".join(pieces))


def _scans(profile: ScannerProfile, pieces: Pieces) -> None:
    told: list[object] = []
    kinds = ScanKinds("till", MemberForms(cards=("88######",)))
    watch = ScanWatch(profile, kinds, told.append)
    now = taken = 0
    for number, piece in enumerate(pieces):
        now += _STEP_MS if number % _PAUSE_EVERY else 500
        taken += sum(step.taken for step in watch.feed(piece, now))
        taken += sum(step.taken for step in watch.tick(now))
    taken += sum(step.taken for step in watch.tick(now + 1_000))
    _must(taken == sum(map(len, pieces)))


class _Clock:
    def now(self) -> Instant:
        return Instant(1_785_470_400_000, 1_000, UUID(int=1), TimeQuality.SYNCED)


def _nobody(text: str) -> MemberView:
    raise Fault(_NOT_FOUND, what=text[:1])


def _software(desk: RuiposDesk, pieces: Pieces) -> None:
    said = b"".join(pieces)
    _must(json.loads(desk.answer(said))["code"] in {0, 1, 2, 3})
    for read in (
        pospal.found_customer,
        pospal.reading_of,
        partial(pospal.confirm_added, customer="7", points=5),
    ):
        try:
            read(said)
        except Fault:
            continue


def _joined(steps: Iterable[bytes]) -> bytes:
    return b"".join(steps)


@cache
def targets() -> dict[str, Target]:
    """Return every target by its name."""
    profiles = [load_file(path) for path in sorted(CONFIGS.glob("*.toml"))]
    framed = {one.name: one for one in profiles if isinstance(one, FramedProfile)}
    tills = {one.name: one for one in profiles if isinstance(one, TillProfile)}
    scanners = {one.name: one for one in profiles if isinstance(one, ScannerProfile)}
    items = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
    receipts = (
        sale_bytes("0042", items, discount_fen=100),
        *(path.read_bytes() for path in sorted(RECEIPTS.rglob("*.bin"))[::5]),
    )
    goods = [("可口可乐", 350), ("COFFEE", 1_250)]
    shown = (
        _joined(display_sim.lamp_till([350, 1_250], 2_000)),
        _joined(display_sim.word_till(goods, 2_000)),
        _joined(display_sim.epson_till(goods, 2_000)),
    )
    scanned = (
        b"6901028075831\r\n", b"2212345012506\r", b"88123456\t", b"134567890123456789\r",
        b"281234567890123456\r", b"]C16901028075831\r", b"RG1.abc\n", b"9" * 300 + b"\r",
    )  # fmt: skip
    desk = RuiposDesk(_nobody, _Clock(), ZoneInfo("Asia/Shanghai"), FaultTally())
    said = tuple(
        json.dumps(one).encode()
        for one in (
            {"cmd": "GetMemInfo", "seq": str(UUID(int=7)), "memcode": "13800138000"},
            {"status": "success", "data": {"customerUid": 7, "point": 1.5, "extInfo": {}}},
            {"status": "success", "data": {"customerUid": 7, "pointBeforeUpdate": 1,
             "pointAfterUpdate": 6, "pointIncrement": 5}},
            {"status": "error", "errorCode": 1011},
        )
    )  # fmt: skip
    made = {"escpos-tokens": Target(receipts, _tokens, 1000)}
    for name in ("generic-auto", "retail-en-48", "restaurant-zh-48"):
        if name in tills:
            reader = JobReader("till", tills[name])
            made[f"escpos-jobs {name}"] = Target(receipts, partial(_jobs, reader), 3)
    for name, profile in framed.items():
        made[f"framed {name}"] = Target(_framed_seeds(profile), partial(_framed, profile), 1000)
    made["display"] = Target(shown, _display, 60)
    for name, scanner in scanners.items():
        if scanner.through == "serial":
            made[f"scanner {name}"] = Target(scanned, partial(_scans, scanner), 100)
    made["till-software"] = Target(said, partial(_software, desk), 3731)
    return made


def stream(seeds: Sequence[bytes], rng: random.Random) -> Pieces:
    """Return a seed or two, damaged, in pieces of any size; byte by byte only now and then."""
    data = bytearray(rng.choice(seeds))
    if rng.random() < _OFTEN:
        data += rng.choice(seeds)
    for _ in range(rng.randrange(0, 6)):
        _damage(data, rng)
    pieces, at = [], 0
    most = rng.choice(_PIECES if len(data) < _SMALL else _BIG_PIECES)
    while at < len(data):
        size = rng.randrange(1, most + 1)
        pieces.append(bytes(data[at : at + size]))
        at += size
    return pieces


def _flip(data: bytearray, at: int, _upto: int, rng: random.Random) -> None:
    data[at] ^= 1 << rng.randrange(8)


def _mark(data: bytearray, at: int, _upto: int, rng: random.Random) -> None:
    data[at] = rng.choice(b"\x00\x02\x03\x06\x10\x15\x1b\x1c\x1d\x1f\x55\xaa\xff|{\r")


def _drop(data: bytearray, at: int, upto: int, _rng: random.Random) -> None:
    del data[at:upto]


def _repeat(data: bytearray, at: int, upto: int, rng: random.Random) -> None:
    data[at:at] = data[at:upto] * rng.choice((1, 2, 30))


def _insert(data: bytearray, at: int, _upto: int, rng: random.Random) -> None:
    data[at:at] = rng.randbytes(rng.choice((1, 4, 64)))


def _cut(data: bytearray, at: int, _upto: int, _rng: random.Random) -> None:
    del data[at + 1 :]


def _turn(data: bytearray, at: int, upto: int, _rng: random.Random) -> None:
    data[at:upto] = bytes(reversed(data[at:upto]))


def _widen(data: bytearray, at: int, upto: int, _rng: random.Random) -> None:
    data[at:upto] = b"\xff" * (upto - at)


_DAMAGES = (_flip, _mark, _drop, _repeat, _insert, _cut, _turn, _widen)


def _damage(data: bytearray, rng: random.Random) -> None:
    """Do one thing to a stream."""
    if not data:
        data += rng.randbytes(8)
    at = rng.randrange(len(data))
    upto = min(len(data), at + rng.choice((1, 2, 9, 60)))
    rng.choice(_DAMAGES)(data, at, upto, rng)
