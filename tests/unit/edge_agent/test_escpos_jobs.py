"""Where one receipt ends and the next begins, told by a clock the test holds."""

from edge_agent.drivers.profiles import Job, TillProfile
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.sim import sale_bytes
from retail_core.limits import RECEIPT_BYTES_MAX
from retail_core.texts.faults import FaultCode

PROFILE = TillProfile(
    kind="till_escpos",
    name="test",
    title_zh="测试",
    title_en="Test",
    job=Job(idle_ms=1_000, pulse_idle_ms=200),
)
TEXT = "单号:0042\n面包 1 6.00\n合计 6.00\n".encode("gb18030")
CUT = b"\x1dV\x00"
PULSE = b"\x1bp\x00\x19\xfa"
STATUS = b"\x10\x04\x01"


def reader() -> JobReader:
    return JobReader("till", PROFILE)


def test_a_cut_ends_a_receipt_at_once() -> None:
    (receipt,) = reader().feed(TEXT + CUT, 0)
    assert (receipt.till, receipt.profile, receipt.receipt_no) == ("till", "test", "0042")
    assert (receipt.total_fen, receipt.fault) == (600, None)


def test_several_receipts_in_one_piece_are_several() -> None:
    receipts = reader().feed(TEXT + CUT + PULSE + TEXT + CUT, 0)
    assert [receipt.total_fen for receipt in receipts] == [600, 600]


def test_one_byte_at_a_time_is_the_same() -> None:
    stream = sale_bytes("0042", [("可口可乐330ml", 2, 350)])
    jobs = reader()
    receipts = [each for byte in stream for each in jobs.feed(bytes((byte,)), 0)]
    assert receipts == reader().feed(stream, 0)


def test_silence_ends_a_receipt_without_a_knife() -> None:
    jobs = reader()
    assert jobs.wait_ms(0) is None
    assert jobs.feed(TEXT, 100) == []
    assert jobs.wait_ms(400) == 700
    assert jobs.silence(1_099) == []
    (receipt,) = jobs.silence(1_100)
    assert (receipt.total_fen, receipt.fault) == (600, None)
    assert jobs.wait_ms(1_100) is None
    assert jobs.silence(9_999) == []


def test_after_the_drawers_pulse_less_silence_is_enough() -> None:
    jobs = reader()
    jobs.feed(TEXT + PULSE, 0)
    assert jobs.wait_ms(0) == 200
    assert len(jobs.silence(200)) == 1


def test_a_pulse_before_the_receipt_does_not_cut_it() -> None:
    jobs = reader()
    assert jobs.feed(PULSE + TEXT[:20], 0) == []
    (receipt,) = jobs.feed(TEXT[20:] + CUT, 150)
    assert receipt.total_fen == 600


def test_a_drawer_opened_alone_is_no_receipt() -> None:
    jobs = reader()
    assert jobs.feed(PULSE, 0) == []
    assert jobs.silence(10_000) == []
    assert jobs.feed(CUT, 10_000) == []


def test_a_till_that_asks_all_day_does_not_keep_a_receipt_open() -> None:
    jobs = reader()
    jobs.feed(TEXT, 0)
    for at_ms in range(0, 1_000, 100):
        jobs.feed(STATUS, at_ms)
    assert len(jobs.silence(1_000)) == 1


def test_silence_inside_a_command_is_a_broken_stream() -> None:
    jobs = reader()
    jobs.feed(TEXT + b"\x1dv0\x00\x30", 0)
    (receipt,) = jobs.silence(1_000)
    assert receipt.fault is FaultCode.TILL_STREAM_TRUNCATED


def test_hanging_up_gives_what_was_there() -> None:
    jobs = reader()
    jobs.feed("面包 1 6.00\n可乐 1 3.00\n".encode("gb18030"), 0)
    (receipt,) = jobs.hang_up()
    assert receipt.fault is FaultCode.TILL_STREAM_TRUNCATED
    assert [line.name for line in receipt.lines] == ["面包", "可乐"]
    assert jobs.hang_up() == []


def test_a_job_that_lost_bytes_is_not_trusted_the_next_is() -> None:
    jobs = reader()
    jobs.feed(TEXT, 0)
    jobs.lose()
    (lost,) = jobs.feed(CUT, 0)
    (whole,) = jobs.feed(TEXT + CUT, 0)
    assert lost.fault is FaultCode.TILL_STREAM_TRUNCATED
    assert whole.fault is None


def test_an_endless_job_is_not_kept() -> None:
    jobs = reader()
    piece = b"x" * 4_096 + b"\n"
    for _ in range(RECEIPT_BYTES_MAX // len(piece) + 2):
        jobs.feed(piece, 0)
    (receipt,) = jobs.feed(TEXT + CUT, 0)
    assert receipt.fault is FaultCode.TILL_STREAM_TRUNCATED
    assert len(receipt.text) <= RECEIPT_BYTES_MAX


def test_the_printers_settings_outlive_a_receipt() -> None:
    jobs = reader()
    jobs.feed(b"\x1c&" + TEXT + CUT, 0)
    (receipt,) = jobs.feed("镕记面包 1 6.00\n合计 6.00\n".encode("gb18030") + CUT, 0)
    assert receipt.lines[0].name == "镕记面包"


def test_a_connection_that_ends_ends_the_receipt() -> None:
    jobs = reader()
    assert jobs.feed(TEXT, 0) == []
    (receipt,) = jobs.disconnected()
    assert receipt.total_fen == 600


def test_a_till_of_several_connections_prints_one_receipt_until_the_cut() -> None:
    job = Job(idle_ms=1_000, connections="several")
    jobs = JobReader("till", PROFILE.model_copy(update={"job": job}))
    middle = len(TEXT) // 2
    for part in (TEXT[:middle], TEXT[middle:]):
        assert jobs.feed(part, 0) == []
        assert jobs.disconnected() == []
    (receipt,) = jobs.feed(CUT, 0)
    assert (receipt.total_fen, receipt.fault) == (600, None)
    jobs.feed(TEXT, 5_000)
    assert jobs.disconnected() == []
    assert len(jobs.silence(6_000)) == 1
