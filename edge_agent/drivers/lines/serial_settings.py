"""A profile's line settings in pyserial's words."""

from typing import Any

import serial

from edge_agent.drivers.profiles import SerialLine

_PARITY = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


def settings_of(line: SerialLine) -> dict[str, Any]:
    """Return what a serial port is opened with."""
    return {
        "baudrate": line.baud_rate,
        "bytesize": line.data_bits,
        "parity": _PARITY[line.parity],
        "stopbits": line.stop_bits,
        "xonxoff": line.flow == "xon-xoff",
        "rtscts": line.flow == "rts-cts",
        "dsrdtr": line.flow == "dsr-dtr",
    }
