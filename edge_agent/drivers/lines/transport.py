"""A line by its address: a serial port, a pseudo-terminal, a printer device or the network.

`/dev/…` is opened as what it is, `tcp://host:port` connects to a network printer,
`tcp-listen://host:port` is a network printer to the till, `rfc2217://host:port` is a serial port at
a device server with its modem lines. Line settings go through pyserial, the bytes do not.
"""

import os
import socket
import termios

import serial

from edge_agent.drivers.lines.listening import LISTEN, open_listening
from edge_agent.drivers.lines.port import CHUNK_BYTES, Port, PortGoneError, WakeUp
from edge_agent.drivers.lines.printer_device import open_device
from edge_agent.drivers.lines.remote_serial import RFC2217, open_remote
from edge_agent.drivers.lines.serial_settings import settings_of
from edge_agent.drivers.profiles import SerialLine
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

__all__ = ["CHUNK_BYTES", "CONNECT_S", "Port", "PortGoneError", "WakeUp", "open_port"]

CONNECT_S = 3.0
_TCP = "tcp://"


def open_port(path: str, line: SerialLine) -> Port:
    """Open a line by its address; Fault TILL_PORT_OPEN when it cannot be."""
    try:
        if path.startswith(_TCP):
            return _open_tcp(path)
        if path.startswith(LISTEN):
            return open_listening(path)
        if path.startswith(RFC2217):
            return open_remote(path, line)
        return _open_terminal(path, line) if _is_terminal(path) else open_device(path)
    except (OSError, ValueError, serial.SerialException, termios.error) as error:
        raise Fault(FaultCode.TILL_PORT_OPEN, port=path, detail=str(error)) from error


def _open_tcp(path: str) -> Port:
    host, _, port = path.removeprefix(_TCP).rpartition(":")
    link = socket.create_connection((host.strip("[]"), int(port)), CONNECT_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return Port(path, link.fileno(), link)


def _is_terminal(path: str) -> bool:
    """Tell a terminal by opening it: /dev/usb/lp0 is a character device too, and none."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        return os.isatty(fd)
    finally:
        os.close(fd)


class _KeepsWhatWaits(serial.Serial):  # type: ignore[misc] # pyserial has no types
    """pyserial throws away what is waiting when it opens a line; here that is a receipt."""

    def _reset_input_buffer(self) -> None:
        return


def _open_terminal(path: str, line: SerialLine) -> Port:
    owner = _KeepsWhatWaits(path, timeout=0, exclusive=True, **settings_of(line))
    return Port(path, owner.fileno(), owner)
