"""A line belongs to one program: two real processes want the same one."""

import subprocess
import sys

import pytest

from edge_agent.drivers.lines.held import check_free, hold
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.sim import PtyEnd
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

pytestmark = pytest.mark.integration
HOLDER = """
import sys
from edge_agent.drivers.lines.held import hold
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine
port = hold(open_port(sys.argv[1], SerialLine()))
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_is_kept_out_until_this_one_dies() -> None:
    end = PtyEnd()
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, end.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Fault) as raised:
            check_free(end.port)
        assert raised.value.code is FaultCode.DEVICE_IN_USE
        other.kill()
    hold(open_port(end.port, SerialLine())).close()
    end.close()
