"""The page that leads through the code names files that exist; the graph has a box for each."""

import re
from pathlib import Path

import grimp

from tools.import_graph import CORE, PROGRAMS, core_rows, edges, layers, places, upward

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "three-flows.md"


def test_every_file_of_the_three_flows_exists() -> None:
    named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 60
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_every_part_of_a_program_has_its_box() -> None:
    for program in PROGRAMS:
        drawn = {box.split(".")[1] for row in layers(program) for box in row}
        folders = {
            path.stem
            for path in (ROOT / program).iterdir()
            if path.suffix == ".py" or path.is_dir()
        }
        assert folders - drawn - {"__init__", "__pycache__", "services"} == set(), program


def test_an_arrow_that_points_up_is_seen() -> None:
    graph = grimp.ImportGraph()
    low, high = "edge_agent.domain", "edge_agent.services.counter"
    for module in (low, f"{low}.x", high, f"{high}.y", CORE, f"{CORE}.a", f"{CORE}.b"):
        graph.add_module(module)
    graph.add_import(importer=f"{high}.y", imported=f"{low}.x")
    graph.add_import(importer=f"{CORE}.a", imported=f"{CORE}.b")
    columns = {one: layers(one) for one in PROGRAMS} | {CORE: core_rows(graph)}
    where = places(columns)
    assert upward(where, edges(graph, set(where))) == []
    graph.add_import(importer=f"{low}.x", imported=f"{high}.y")
    assert upward(where, edges(graph, set(where))) == [(low, high)]
