"""The run as a picture: latency of every second, percentiles as lines, on a logarithmic scale."""

import math
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 960, 420, 60, 50, 40
LINES = (("p50", "#2a7"), ("p95", "#38c"), ("p99", "#c73"), ("p99.9", "#a33"))
LOWEST_MS = 0.5
FONT = 'font-family="sans-serif" font-size="12"'


def write(result: dict[str, Any], path: Path) -> None:
    """Write an SVG beside the JSON."""
    path.write_text(draw(result), encoding="utf-8")


def draw(result: dict[str, Any]) -> str:
    """Return the SVG."""
    seconds = {int(second): row for second, row in result["by_second"].items() if row["count"]}
    top_ms = max([10.0, *(row["max"] for row in seconds.values())])
    decades = math.log10(top_ms / LOWEST_MS)
    last = max([1, *seconds])

    def at(second: float, value_ms: float) -> str:
        across = LEFT + (WIDTH - LEFT - 20) * second / last
        share = math.log10(max(value_ms, LOWEST_MS) / LOWEST_MS) / decades
        return f"{across:.1f},{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20">{_title(result)}</text>',
    ]
    tick = 1.0
    while tick <= top_ms:
        x, y = at(0, tick).split(",")
        parts.append(f'<path d="M{x},{y}H{WIDTH - 20}" stroke="#ddd"/>')
        parts.append(f'<text x="8" y="{y}">{tick:g} ms</text>')
        tick *= 10
    for place, (name, colour) in enumerate(LINES):
        points = " ".join(at(second, row[name]) for second, row in sorted(seconds.items()))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        parts.append(f'<text x="{LEFT + 70 * place}" y="38" fill="{colour}">{name}</text>')
    for event in result.get("story", ()):
        x, y = at(min(event["at_s"], last), LOWEST_MS).split(",")
        parts.append(f'<path d="M{x},{TOP}V{y}" stroke="#999" stroke-dasharray="3"/>')
        parts.append(f'<text x="{x}" y="{TOP + 10}" fill="#555">{event["what"]}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 12}">0 … {last} s</text></svg>')
    return "\n".join(parts) + "\n"


def _title(result: dict[str, Any]) -> str:
    size = f"{result['stores']} 店 stores · {result['rate']:g}/s · {result['scenario']}"
    return f"{size} · {result['machine']} · load {result['load1']}"
