"""What a framed till's data means, in all three ways of writing it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.till_request import Means, TillAnswer, TillRequest
from edge_agent.drivers.framed_ecr.messages import Messages
from edge_agent.drivers.profiles.framed import FramedProfile, MessageShape, Operation
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.unit.edge_agent.test_framed_codec import NAMES
from tools.bench.bench_till.framed import profile

CODEPAY = json.dumps(
    {
        "topic": "ecrhub.pay.order",
        "biz_data": {"order_amount": "19.5", "merchant_order_no": "R7"},
    }
).encode()
ANSWER = TillAnswer(name="李敏", tier="gold", points=320, earned=19)


def messages(name: str) -> Messages:
    return Messages(profile(name).message)


def payment(amount: str, receipt: str) -> bytes:
    text = receipt.rjust(128)
    return f"000000010P0000000100000{amount:>08}{text}00000000".encode()


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("ecr-transbank", b"0200|1950|R7|", TillRequest(Means.SALE, "0200", "", 1_950, "R7")),
        ("ecr-transbank", b"0700|13800138000|", TillRequest(Means.MEMBER, "0700", "13800138000")),
        ("ecr-transbank", b"0100", TillRequest(Means.PING, "0100")),
        (
            "ecr-codepay",
            CODEPAY,
            TillRequest(Means.SALE, "ecrhub.pay.order", "", 1_950, "R7"),
        ),
        ("ecr-crc32", b"SALE\t19.50\tR7", TillRequest(Means.SALE, "SALE", "", 1_950, "R7")),
        ("ecr-zvt-serial", bytes.fromhex("060000"), TillRequest(Means.PING, "0600")),
    ],
)
def test_a_request_is_read(name: str, data: bytes, wanted: TillRequest) -> None:
    assert messages(name).read(data) == wanted


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        ("面包,1,6.00;苹果,0.752,14.00;满减,1,-0.50", [(1_000, 600), (752, 1_400), (1_000, -50)]),
        ("面包,2,19.50;", [(2_000, 1_950)]),
        ("面包,1,6.00", []),
        ("面包,1,6.00;苹果,13.50", []),
        ("面包,0,19.50", []),
        ("面包,1,1e999", []),
        ("\x00,1,19.50", []),
        ("", []),
    ],
)
def test_articles_are_taken_when_they_come_to_the_amount(
    told: str, lines: list[tuple[int, int]]
) -> None:
    request = messages("ecr-crc32").read(f"SALE\t19.50\tR7\t{told}".encode())
    assert [(line.qty_milli, line.amount_fen) for line in request.lines] == lines


def test_articles_of_a_json_message_are_read_by_their_keys() -> None:
    fields = [{"means": "amount", "key": "sum"}, {"means": "receipt", "key": "no"}]
    where = {"key": "sale.goods", "name": "title", "qty": "count", "amount": "sum"}
    sale = {"means": "sale", "code": "S", "fields": fields, "lines": where}
    shape = MessageShape.model_validate(
        {"form": "json", "encoding": "utf-8", "code": {"key": "op"}, "operations": [sale]}
    )
    goods: list[object] = [{"title": "面包", "count": 2, "sum": 1_200}]
    said = {"op": "S", "sum": 1_200, "no": "R7", "sale": {"goods": goods}}
    (line,) = Messages(shape).read(json.dumps(said).encode()).lines
    assert (line.name, line.qty_milli, line.amount_fen) == ("面包", 2_000, 1_200)
    goods.append(3)
    assert Messages(shape).read(json.dumps(said).encode()).lines == ()


def test_a_payment_in_columns_is_read_where_the_profile_says() -> None:
    read = messages("ecr-ecr17").read(payment("1950", "R7"))
    assert (read.means, read.amount_fen, read.receipt_no) == (Means.SALE, 1_950, "R7")


def test_an_answer_is_written_as_the_profile_says() -> None:
    sale = TillRequest(Means.SALE, "0200", "", 1_950, "R7")
    assert messages("ecr-transbank").write(sale, ANSWER) == b"0210|00|R7|1950|19|320|"
    refused = messages("ecr-transbank").write(sale, TillAnswer(FaultCode.TILL_RECEIPT_REUSED))
    assert refused.decode("gb18030").startswith("0210|99|R7|1950|0|0|T108 ")
    columns = messages("ecr-ecr17").write(TillRequest(Means.SALE, "P", "", 1, "R7"), ANSWER)
    assert columns == b"000000000E00" + b"R7".rjust(20) + b"0000001900000320"
    said = messages("ecr-codepay").write(TillRequest(Means.SALE, "ecrhub.pay.order"), ANSWER)
    assert b'"points_earned": "19"' in said
    assert messages("ecr-zvt-serial").write(TillRequest(Means.PING, "0600"), ANSWER) == bytes(
        (6, 15, 0)
    )


def test_columns_are_counted_in_bytes() -> None:
    fields = [{"means": "amount", "at": 8, "width": 6}, {"means": "receipt", "at": 14, "width": 4}]
    answer = [{"text": "{name}", "width": 7}, {"text": "{points}", "width": 6, "pad": "zeros"}]
    sale = {"means": "sale", "code": "S", "fields": fields, "answer": answer}
    shape = {"form": "fixed", "encoding": "gb18030", "code": {"at": 0, "width": 1}}
    columns = Messages(MessageShape.model_validate(shape | {"operations": [sale]}))
    request = columns.read("S王小明 001950R7  ".encode("gb18030"))
    assert (request.amount_fen, request.receipt_no) == (1_950, "R7")
    told = columns.write(request, TillAnswer(name="欧阳小明", points=320))
    assert told == "欧阳小 000320".encode("gb18030")
    with pytest.raises(Fault, match="T153"):
        columns.read("S      王王1950R7  ".encode("gb18030"))


def test_a_name_cannot_forge_a_part_of_the_answer() -> None:
    member = TillRequest(Means.MEMBER, "0700", "x")
    written = messages("ecr-transbank").write(member, TillAnswer(name="a|{points}", points=5))
    assert written == b"0710|00|a {points}||5|"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("ecr-transbank", b"0999|1|", "code"),
        ("ecr-transbank", b"0200|-5|R7|", "amount"),
        ("ecr-transbank", b"0200|1.5|R7|", "amount"),
        ("ecr-transbank", b"0200|99999999999999|R7|", "amount"),
        ("ecr-transbank", b"0200|5||", "receipt"),
        ("ecr-transbank", b"0700||", "card"),
        ("ecr-transbank", b"0700|" + b"9" * 65 + b"|", "size"),
        ("ecr-transbank", b"\xff\xff\xff", "encoding"),
        ("ecr-codepay", b"[]", "json"),
        ("ecr-codepay", b"{", "json"),
        ("ecr-codepay", b"[" * 500, "json"),
        ("ecr-crc32", b"SALE\t1.999\tR7", "amount"),
        ("ecr-crc32", b"SALE\t1.\xd9\xa1\tR7", "amount"),
        ("ecr-crc32", b"SALE\t19.50\tR7\0", "characters"),
        ("ecr-codepay", CODEPAY.replace(b"R7", b"R\\u0000"), "characters"),
        ("ecr-codepay", CODEPAY.replace(b"R7", b"R\\ud800"), "characters"),
    ],
)
def test_what_cannot_be_understood_is_refused_without_quoting_it(
    name: str, data: bytes, why: str
) -> None:
    with pytest.raises(Fault) as refused:
        messages(name).read(data)
    assert refused.value.code is FaultCode.FRAMED_REQUEST_UNREADABLE
    assert refused.value.fields == {"detail": why}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(name: str, data: bytes) -> None:
    reader = messages(name)
    try:
        request = reader.read(data)
    except Fault as refused:
        assert refused.code is FaultCode.FRAMED_REQUEST_UNREADABLE  # noqa: PT017 -- either is fine
    else:
        reader.write(request, ANSWER)


def test_a_sale_without_a_number_is_refused_as_a_profile() -> None:
    with pytest.raises(ValueError, match="receipt"):
        Operation.model_validate(
            {"means": "sale", "code": "1", "fields": [{"means": "amount", "at": 1}]}
        )


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ({"form": "separated", "fields": [{"at": 1}, {}]}, "receipt has no place"),
        ({"form": "fixed", "fields": [{}, {"at": 9}]}, "amount has no place"),
        ({"form": "json", "fields": [{"key": "a"}, {"at": 2}]}, "receipt has no place"),
        ({"form": "json", "code": {}, "fields": [{"key": "a"}, {"key": "b"}]}, "code has no place"),
        ({"form": "separated", "separator": "", "fields": [{"at": 1}, {"at": 2}]}, "separator"),
    ],
)
def test_a_field_without_a_place_is_refused_as_a_profile(shape: dict[str, Any], why: str) -> None:
    fields = [
        {"means": means, **place}
        for means, place in zip(("amount", "receipt"), shape.pop("fields"), strict=True)
    ]
    sale = {"means": "sale", "code": "1", "fields": fields}
    with pytest.raises(ValueError, match=why):
        MessageShape.model_validate({"code": {"key": "topic"}, "operations": [sale], **shape})


def test_frames_nobody_could_acknowledge_are_refused_as_a_profile() -> None:
    known = profile("ecr-transbank").model_dump()
    known["frame"] |= {"start": "02", "end": "03", "double": ""}
    known["link"] |= {"ack": "", "nak": ""}
    with pytest.raises(ValueError, match="ack"):
        FramedProfile.model_validate(known)
