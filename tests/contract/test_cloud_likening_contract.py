"""What every `Likening` owes: who agrees in much is a pair, who in nothing is none."""

import pytest

from cloud_broker.adapters.analytics.link_process import LinkProcess
from cloud_broker.ports.evidence import Likening
from retail_core.errors import Fault
from retail_core.insight.persons.records import Comparable, Record, comparable
from retail_core.insight.persons.signs import FIELDS
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_likening import FakeLikening

ADDRESS = "上海市徐汇区漕溪北路1号"


@pytest.fixture(params=["memory", "process"])
def likening(request: pytest.FixtureRequest) -> Likening:
    return FakeLikening() if request.param == "memory" else LinkProcess("200MB")


def records() -> list[Comparable]:
    return list(
        comparable(
            [
                Record("a", "欧阳娜娜", born="1990-03-07", address=ADDRESS),
                Record("b", "欧阳娜娜", born="1990-03-07", address=ADDRESS),
                Record("c", "李敏", born="1971-12-31", address="北京市朝阳区建国路9号"),
            ]
        )
    )


def test_who_agrees_in_much_is_a_pair_with_its_weights(likening: Likening) -> None:
    (pair,) = likening.alike(records())
    assert (pair.first, pair.second, pair.automatic) == ("a", "b", True)
    assert set(pair.weights) == set(FIELDS)
    assert pair.weights["name"] > 0
    assert pair.weights["phone"] == 0
    assert 0.99 <= pair.likely <= 1


def test_nobody_is_like_nobody(likening: Likening) -> None:
    assert likening.alike([]) == ()
    assert likening.alike(records()[1:]) == ()


def test_a_comparison_that_is_stopped_says_so() -> None:
    process = LinkProcess("200MB")
    process.close()
    with pytest.raises(Fault) as caught:
        process.alike(records())
    assert caught.value.code is FaultCode.IDENTITY_SEARCH
