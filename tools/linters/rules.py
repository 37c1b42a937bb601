"""The rules: each takes a parsed file and yields findings.

A line that ends in `# lint: allow CODE reason` is passed over, and the reason is part of it.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
MONEY_PLACES = ("retail_core/money.py", "retail_core/pricing/", "retail_core/loyalty/")
COMMIT_PLACES = (
    "cloud_broker/adapters/postgres/unit_of_work.py",
    "edge_agent/adapters/",
    "cloud_broker/migrations/",
)
METRIC_PLACES = ("cloud_broker/domain/metrics/",)
# Where the one division is that the entries use.
METRIC_ALGEBRA = ("cloud_broker/domain/metrics/algebra.py",)
# Methods of Ibis that say what one engine understands, that read a clock, draw lots, leave open
# which of equals they take, or end in fractions whose last bit differs.
ENGINE_WORDS = frozenset(
    {"sql", "raw_sql", "alias", "now", "today", "random", "uuid", "ntile", "rank", "dense_rank"}
    | {"arbitrary", "first", "last", "mode", "argmax", "argmin", "collect"}
    | {"mean", "median", "quantile", "std", "var", "approx_nunique", "approx_median"}
)
PROGRAM_PLACES = ("retail_core/", "edge_agent/", "cloud_broker/")


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path inside the project, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def read(cls, root: Path, path: Path) -> "Source":
        """Parse one file."""
        text = path.read_text(encoding="utf-8")
        return cls(path.relative_to(root).as_posix(), text, ast.parse(text))

    def starts(self, places: tuple[str, ...]) -> bool:
        """Return whether the file lies in one of the places."""
        return self.path.startswith(places)


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule at a line."""

    path: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code} {self.message}"


Rule = Callable[[Source], Iterator[Finding]]


def long_functions(source: Source) -> Iterator[Finding]:
    """RG01: a function nobody can hold in the head hides its bugs."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield Finding(source.path, node.lineno, "RG01", f"{node.name} has {lines} lines")


def long_modules(source: Source) -> Iterator[Finding]:
    """RG02: a module over 400 lines is two modules."""
    lines = source.text.count("\n")
    if lines > MODULE_LINES_MAX:
        yield Finding(source.path, 1, "RG02", f"module has {lines} lines")


def floats_near_money(source: Source) -> Iterator[Finding]:
    """RG03: a float in pricing or points loses a fen some day."""
    if not source.starts(MONEY_PLACES):
        return
    for node in ast.walk(source.tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        name = isinstance(node, ast.Name) and node.id == "float"
        division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if literal or name or division:
            line = getattr(node, "lineno", 1)
            yield Finding(source.path, line, "RG03", "float arithmetic beside money")


def commits_outside(source: Source) -> Iterator[Finding]:
    """RG04: a transaction ends at the edge of a request or message, in one place."""
    if not source.starts(PROGRAM_PLACES) or source.starts(COMMIT_PLACES):
        return
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "commit"
        ):
            yield Finding(source.path, node.lineno, "RG04", "commit outside a unit of work")


def formatted_logs(source: Source) -> Iterator[Finding]:
    """RG05: a sentence built for a log cannot be searched and leaks what it quotes."""
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"log", "logger", "_log"}
            and node.args
            and isinstance(node.args[0], ast.JoinedStr)
        ):
            yield Finding(source.path, node.lineno, "RG05", "f-string in a log call")


def metrics_of_one_engine(source: Source) -> Iterator[Finding]:
    """RG06: an entry of the metric catalogue says the same on every engine, on any day asked."""
    if not source.starts(METRIC_PLACES):
        return
    divides = not source.starts(METRIC_ALGEBRA)
    for node in ast.walk(source.tree):
        line = getattr(node, "lineno", 1)
        done = node.op if isinstance(node, ast.BinOp | ast.AugAssign) else None
        if divides and isinstance(done, ast.Div | ast.FloorDiv):
            yield Finding(source.path, line, "RG06", "divide by safe_div or share")
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in ENGINE_WORDS:
            yield Finding(source.path, line, "RG06", f"{called.attr}() in a metric")


RULES: tuple[Rule, ...] = (
    long_functions,
    long_modules,
    floats_near_money,
    commits_outside,
    formatted_logs,
    metrics_of_one_engine,
)


def check(source: Source) -> list[Finding]:
    """Run every rule over one file; lines with an `allow` comment are passed over."""
    lines = source.text.splitlines()
    return [
        finding
        for rule in RULES
        for finding in rule(source)
        if f"# lint: allow {finding.code} " not in lines[finding.line - 1]
    ]
