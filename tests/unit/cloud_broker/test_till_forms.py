"""How a till is named when a store is entered by command."""

import pytest

from cloud_broker.cli.setup import _till
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


@pytest.mark.parametrize(
    ("port", "printer"),
    [
        ("/dev/ttyUSB0", "/dev/usb/lp0"),
        ("device:till-1", "device:printer-1"),
        ("tcp-listen://0.0.0.0:9100", "tcp://10.0.0.7:9100"),
        ("rfc2217://[::1]:4001", "device:printer-1"),
    ],
)
def test_a_port_is_any_address_of_a_line(port: str, printer: str) -> None:
    till = _till(f"escpos:老收银机:generic-zh-32:{port}:{printer}")
    told = till.name, till.profile, till.port, till.printer
    assert told == ("老收银机", "generic-zh-32", port, printer)


@pytest.mark.parametrize(
    "wrong",
    [
        "framed:a:b",
        "software:a",
        "software::x",
        "fax:a",
        "api:",
        "escpos:a:b:c",
        "escpos:a:b:c:d:e",
    ],
)
def test_another_form_is_refused(wrong: str) -> None:
    with pytest.raises(Fault) as caught:
        _till(wrong)
    assert caught.value.code is FaultCode.SETUP_CONFIG_INVALID
