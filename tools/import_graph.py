"""Draw who leans on whom: `docs/explanation/import-graph.svg`, from the imports of the code.

One box for each layer and room of the three packages, an arrow for who imports whom, as thick as
there are modules that do. Arrows point down the layers of `pyproject.toml`; one that points up
would be drawn red, and `make arch` would have refused it before. Left out, because they go
everywhere: the arrows of `cli` and `bootstrap`, which name what they wire, and those into the core
and the domain, in whose place a box says how many modules of each program use it.
"""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from math import log2
from xml.sax.saxutils import escape

import grimp

from tools.registry import ROOT

OUT = ROOT / "docs" / "explanation" / "import-graph.svg"
PROGRAMS = ("edge_agent", "cloud_broker")
CORE = "retail_core"
BOX_W, BOX_H, GAP, ROW = 104, 30, 8, 62
COLUMN_W, LEFT, TOP = 720, 24, 60
INK, LINE, UP = "#1b1f24", "#0f766e", "#b91c1c"
EVERYWHERE = (".domain", ".ports")
WIRED = (".cli", ".bootstrap", ".api", ".console", ".ingest", ".adapters", ".drivers")
Place = tuple[float, float]


def layers(program: str) -> list[list[str]]:
    """Return the layers of a program from the top, each with its boxes; services by room."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {
        one["containers"][0]: one["layers"]
        for one in contracts["tool"]["importlinter"]["contracts"]
        if one["type"] == "layers" and "containers" in one
    }
    rows = []
    for row in named[program]:
        if row == "services":
            rows += [_boxes(f"{program}.services", one) for one in named[f"{program}.services"]]
        else:
            rows.append(_boxes(program, row))
    return rows


def _boxes(container: str, row: str) -> list[str]:
    return [f"{container}.{one.strip()}" for one in row.split("|")]


def core_rows(graph: grimp.ImportGraph) -> list[list[str]]:
    """Return the core's folders and single modules, each above all that it leans on."""
    children = set(graph.find_children(CORE))
    leans = {one: set[str]() for one in children}
    for here, there in edges(graph, children):
        leans[here].add(there)
    rows: list[list[str]] = []
    while leans:
        bottom = sorted(one for one in leans if not leans[one] & set(leans))
        rows.insert(0, bottom)
        for one in bottom:
            del leans[one]
    return rows


def edges(graph: grimp.ImportGraph, boxes: set[str]) -> Counter[tuple[str, str]]:
    """Count the modules of one box that import another."""
    found = Counter[tuple[str, str]]()
    for module in graph.modules:
        here = _box_of(module, boxes)
        there = {_box_of(one, boxes) for one in graph.find_modules_directly_imported_by(module)}
        for other in there - {here, ""}:
            if here:
                found[here, other] += 1
    return found


def _box_of(module: str, boxes: set[str]) -> str:
    parts = module.split(".")
    names = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return next((one for one in names if one in boxes), "")


def places(columns: dict[str, list[list[str]]]) -> dict[str, Place]:
    """Return where each box stands: the programs side by side, the core under both."""
    found: dict[str, Place] = {}
    for number, program in enumerate(PROGRAMS):
        for row, boxes in enumerate(columns[program]):
            wide = len(boxes) * (BOX_W + GAP) - GAP
            start = LEFT + number * COLUMN_W + (COLUMN_W - 2 * LEFT - wide) / 2
            for at, box in enumerate(boxes):
                found[box] = (start + at * (BOX_W + GAP), TOP + row * ROW)
    under = TOP + max(len(columns[one]) for one in PROGRAMS) * ROW + 40
    for row, boxes in enumerate(columns[CORE]):
        for at, box in enumerate(boxes):
            found[box] = (LEFT + at * (BOX_W + GAP), under + row * ROW)
    return found


def drawn(where: dict[str, Place], found: Counter[tuple[str, str]]) -> Iterator[str]:
    """Yield the picture's lines: arrows first, boxes over them."""
    wide = max(x for x, _ in where.values()) + BOX_W + LEFT
    high = max(y for _, y in where.values()) + BOX_H + TOP / 2
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" '
        f'font-family="sans-serif" font-size="11" role="img">'
    )
    yield "<title>Who imports whom in the three packages</title>"
    yield f'<rect width="{wide:.0f}" height="{high:.0f}" fill="#fbfaf8"/>'
    for (here, there), count in sorted(found.items()):
        if not _goes_everywhere(here, there):
            yield _arrow(where[here], where[there], count)
    for box, (x, y) in where.items():
        yield (
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{BOX_W}" height="{BOX_H}" rx="6" fill="#fff" '
            f'stroke="{INK}" stroke-opacity=".4"/>'
        )
        yield (
            f'<text x="{x + BOX_W / 2:.0f}" y="{y + 19:.0f}" text-anchor="middle" fill="{INK}">'
            f"{escape(box.rpartition('.')[2])}</text>"
        )
        if box.startswith(CORE) or box.endswith(EVERYWHERE):
            used = " · ".join(str(_users(found, box, one)) for one in PROGRAMS)
            yield (
                f'<text x="{x + BOX_W / 2:.0f}" y="{y + BOX_H + 11:.0f}" text-anchor="middle" '
                f'font-size="9" fill="{LINE}">{used}</text>'
            )
    yield from _titles(where)
    yield "</svg>"


def _goes_everywhere(here: str, there: str) -> bool:
    into_core = there.startswith(CORE) and not here.startswith(CORE)
    wires = here.endswith((".__main__", ".cli", ".bootstrap"))
    return into_core or there.endswith(EVERYWHERE) or (wires and not there.endswith(WIRED))


def _users(found: Counter[tuple[str, str]], box: str, program: str) -> int:
    return sum(n for (here, there), n in found.items() if there == box and here.startswith(program))


def _titles(where: dict[str, Place]) -> Iterator[str]:
    core = min(y for box, (_, y) in where.items() if box.startswith(CORE))
    spots = [(LEFT + number * COLUMN_W, TOP - 24, name) for number, name in enumerate(PROGRAMS)]
    for x, y, name in [*spots, (LEFT, core - 14, CORE)]:
        yield f'<text x="{x}" y="{y}" font-size="15" font-weight="600" fill="{INK}">{name}</text>'


def _arrow(start: Place, end: Place, count: int) -> str:
    x1, y1 = start[0] + BOX_W / 2, start[1] + BOX_H
    x2, y2 = end[0] + BOX_W / 2, end[1]
    up = end[1] < start[1]
    bend = (y1 + y2) / 2
    colour = UP if up else LINE
    return (
        f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {bend:.0f} {x2:.0f} {bend:.0f} {x2:.0f} {y2:.0f}" '
        f'fill="none" stroke="{colour}" stroke-width="{0.5 + log2(count) / 2:.1f}" '
        f'stroke-opacity="{0.9 if up else 0.28}"><title>{count}</title></path>'
    )


def upward(where: dict[str, Place], found: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the imports that point up a program's layers."""
    return [one for one in found if where[one[1]][1] < where[one[0]][1]]


def main() -> int:
    """Draw the picture; 1 when an import points up."""
    graph = grimp.build_graph(CORE, *PROGRAMS)
    columns = {program: layers(program) for program in PROGRAMS} | {CORE: core_rows(graph)}
    where = places(columns)
    found = edges(graph, set(where))
    OUT.write_text("\n".join(drawn(where, found)) + "\n", encoding="utf-8")
    wrong = upward(where, found)
    print(f"{OUT}: {len(graph.modules)} modules, {len(found)} arrows, {len(wrong)} upward")
    for one in wrong:
        print(" -> ".join(one))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
