"""Sentences about a box call its devices what people call them."""

import pytest

from cloud_broker.console.texts import LANGUAGES, texts
from edge_agent.bootstrap.devices import OF_A_LANE
from retail_core.errors import Fault
from retail_core.texts.devices import in_words
from retail_core.texts.faults import FaultCode


def said(device: str, state: str) -> tuple[str, str]:
    fields = in_words({"device": device, "state": state})
    fault = Fault(FaultCode.HEALTH_DEVICE_AWAY, **fields)
    return fault.text("zh").split(":")[0], fault.text("en").split(":")[0]


def test_a_device_that_is_away_is_named_in_both_languages() -> None:
    assert said("camera", "gone") == ("摄像头 不在工作(不在)", "the camera does not work (gone)")
    assert said("nfc@b", "stalled") == (
        "读卡器(b) 不在工作(没有响应)",
        "the card reader (b) does not work (no answer)",
    )


def test_what_has_no_word_stands_for_itself() -> None:
    assert in_words({"device": "scale", "state": "odd"}) == {"device": "scale", "state": "odd"}
    assert in_words({"lag": "3"}) == {"lag": "3"}


@pytest.mark.parametrize(
    "name", [*OF_A_LANE, "till_tap", "framed_till", "till_software", "display", "scanner"]
)
def test_whatever_a_box_names_has_a_word_there_and_on_hqs_page(name: str) -> None:
    assert in_words({"device": name})["device"] != name
    for language in LANGUAGES:
        assert f"device.{name}" in texts(language).keys()  # noqa: SIM118 -- no mapping
