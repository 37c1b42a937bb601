"""Prints a slip on a printer that no till uses now: at provisioning, before the agent runs."""

import threading

from edge_agent.domain.slip import AppendStyle, Slip
from edge_agent.drivers.lines.port import Port, PortGoneError, WakeUp
from edge_agent.drivers.profiles.till import Paper
from edge_agent.drivers.till_escpos.appendix import Roll, appendix, finished
from edge_agent.drivers.till_escpos.mode import INITIALISE, Mode
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TAKES_WITHIN_S = 10.0
_CHINESE = "gb18030"


def print_alone(port: Port, slip: Slip, paper: Paper, style: AppendStyle) -> None:
    """Print and cut. Fault TILL_PORT_OPEN when the printer goes, or takes nothing any more."""
    encoding = _CHINESE if paper.encoding == "auto" else paper.encoding
    mode = Mode(
        restore=INITIALISE,
        encoding=encoding,
        chinese=encoding.startswith("gb"),
        known=True,
        line_ended=True,
        ended_before_cut=True,
    )
    body = appendix(slip, mode, Roll(paper.columns, paper.dots_per_column), style)
    if body is None:
        raise Fault(FaultCode.TILL_PORT_OPEN, port=port.path, detail=f"no letters in {encoding}")
    _write(port, finished(body, mode, cut=True))


def _write(port: Port, data: bytes) -> None:
    wake = WakeUp()
    enough = threading.Timer(TAKES_WITHIN_S, wake.set)
    enough.start()
    try:
        while data:
            if wake.is_set:
                raise Fault(FaultCode.TILL_PORT_OPEN, port=port.path, detail="takes no bytes")
            data = data[port.write(data, wake) :]
    except PortGoneError as error:
        raise Fault(FaultCode.TILL_PORT_OPEN, port=port.path, detail=str(error)) from error
    finally:
        enough.cancel()
        enough.join()
        wake.close()
