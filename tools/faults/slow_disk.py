"""Environment for a program whose disk is slow; the library is compiled when it is asked for."""

import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("slow_fsync.c")
NEEDS = "needs a C compiler: apt-get install gcc"


def slow_disk(folder: Path, fsync_ms: float) -> dict[str, str] | None:
    """Return the environment in which every sync takes that much longer, None without a compiler.

    The library is written to `folder`, which must live as long as the program.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "slow_fsync.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return os.environ | {"LD_PRELOAD": str(library), "REGULARS_FSYNC_MS": str(fsync_ms)}
