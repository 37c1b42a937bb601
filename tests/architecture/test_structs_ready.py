"""No process of ours meets a message type for the first time in two threads at once."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("retail_core", "edge_agent", "cloud_broker", "regulars_cli")
# What a program has loaded when it makes its types ready, and all it could load later.
LATER = """
import importlib, json, pkgutil, sys
begins, *packages = sys.argv[1:]
importlib.import_module(begins)
from retail_core.struct_types import make_ready, unmet
made = make_ready()
before = set(sys.modules)
for package in packages:
    for one in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if ".migrations." not in one.name and not one.name.endswith("__main__"):
            try:
                importlib.import_module(one.name)
            except ImportError:  # a library of another machine
                continue
import msgspec
late = {
    kind.__module__
    for kind in msgspec.Struct.__subclasses__()
    if kind.__module__ not in before and kind.__module__.partition(".")[0] in packages
}
print(json.dumps([made, sorted(late), unmet()]))
"""


@pytest.mark.parametrize(
    ("begins", "packages"),
    [
        ("edge_agent.bootstrap.agent", ("retail_core", "edge_agent")),
        ("cloud_broker.bootstrap.serving", ("retail_core", "cloud_broker")),
    ],
    ids=["box", "cloud"],
)
def test_what_is_loaded_later_is_made_ready_as_it_is_loaded(
    begins: str, packages: tuple[str, ...]
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LATER, begins, *packages],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    made, late, unmet = json.loads(ran.stdout.splitlines()[-1])
    assert made > 100
    assert late, "some modules with message types are loaded later: else this shows nothing"
    assert unmet == []


def children() -> Iterator[tuple[Path, str]]:
    """Name what runs first in each process that a process of ours begins, and where."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(call, ast.Call):
                    continue
                named = call.func.attr if isinstance(call.func, ast.Attribute) else ""
                named = call.func.id if isinstance(call.func, ast.Name) else named
                if named in {"Process", "ProcessPoolExecutor"}:
                    given = {one.arg: one.value for one in call.keywords}
                    first = given.get("target") or given.get("initializer")
                    yield path, first.id if isinstance(first, ast.Name) else ""


def calls_of(path: Path, name: str) -> set[str]:
    """Return what a function of a module calls by name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == name]
    calls = (each for one in found for each in ast.walk(one) if isinstance(each, ast.Call))
    return {each.func.id for each in calls if isinstance(each.func, ast.Name)}


def test_each_process_that_is_begun_makes_its_types_ready_first() -> None:
    begun = list(children())
    assert len(begun) >= 4
    unready = [
        f"{path.name}: {name}" for path, name in begun if "make_ready" not in calls_of(path, name)
    ]
    assert unready == []
