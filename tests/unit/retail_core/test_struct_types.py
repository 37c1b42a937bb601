"""Types are worked out before threads meet them: a race in there ends the whole program."""

import subprocess
import sys

import msgspec

from retail_core.struct_types import make_ready

# Without `make_ready` this ends by a segmentation fault within the first few rounds.
MANY_AT_ONCE = """
import sys, threading
import msgspec
from retail_core.struct_types import make_ready

sys.setswitchinterval(1e-6)
FIELDS = range(30)
BODY = ("{" + ",".join(f'"f{one}":1' for one in FIELDS) + "}").encode()
FIELD = "msgspec.Meta(ge=0)"
LINES = "".join(f"    f{one}: Annotated[int, {FIELD}] = 0\\n" for one in FIELDS)
TEXT = "from typing import Annotated\\nimport msgspec\\nclass Fresh(msgspec.Struct):\\n" + LINES
for _ in range(60):
    space = {}
    exec(TEXT, space)
    make_ready()
    together = threading.Barrier(4)
    def decode():
        together.wait()
        msgspec.json.decode(BODY, type=space["Fresh"])
    threads = [threading.Thread(target=decode) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
print("whole")
"""


class Held(msgspec.Struct):
    """Holds what no bytes can."""

    of: type[int]


def test_threads_may_decode_a_type_that_was_made_ready() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_AT_ONCE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "whole"), done.stderr[-500:]


def test_what_cannot_be_decoded_is_left_out() -> None:
    assert Held(int).of is int
    assert make_ready() > 0
