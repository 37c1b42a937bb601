"""The box's program holds its BLAS to one thread, whoever imports numpy afterwards."""

import subprocess
import sys

import pytest

SHOWN = "import edge_agent, os, numpy; print(os.environ['OPENBLAS_NUM_THREADS'])"


@pytest.mark.parametrize(("said", "held"), [(None, "1"), ("2", "2")])
def test_blas_has_one_thread_unless_somebody_says_otherwise(said: str | None, held: str) -> None:
    environment = {} if said is None else {"OPENBLAS_NUM_THREADS": said}
    done = subprocess.run(
        [sys.executable, "-c", SHOWN], check=True, capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == held
