"""The rules of the house that no ready tool checks."""

import ast
import re
from pathlib import Path

import pytest

from tools.driver_quality import drivers
from tools.linters.rules import Source, check

ROOT = Path(__file__).resolve().parents[2]
PORTS = [
    (program, path)
    for program in ("edge_agent", "cloud_broker")
    for path in sorted((ROOT / program / "ports").glob("*.py"))
    if path.name != "__init__.py"
]
DRIVERS = drivers()
SPEAKS_BYTES = {"nfc_pcsc", "till_escpos"}
MOCK_SHARE_MAX = 0.05


def protocols(path: Path) -> list[str]:
    """Names of the Protocol classes in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
    ]


def text_of(folder: str) -> str:
    """All Python text below a folder of tests."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / folder).rglob("*.py"))
    )


@pytest.mark.parametrize(("program", "path"), PORTS, ids=[path.stem for _, path in PORTS])
def test_every_port_has_a_fake_and_a_contract_suite(program: str, path: Path) -> None:
    fakes = text_of("fakes")
    contracts = text_of("contract")
    for name in protocols(path):
        assert re.search(rf"^class \w*{name}\b", fakes, re.MULTILINE), (
            f"{program}: no fake of {name} in tests/fakes (a class named Fake{name})"
        )
        assert re.search(rf"\b{name}\b", contracts), f"{program}: no contract suite for {name}"


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda path: path.name)
def test_a_driver_that_speaks_bytes_has_its_four_files(driver: Path) -> None:
    if driver.name not in SPEAKS_BYTES:
        assert (driver / "sim.py").exists() or (driver / "QUALITY.toml").exists()
        return
    for name in ("frames.py", "driver.py", "sim.py"):
        assert (driver / name).exists(), f"{driver.name} lacks {name}"
    shared = ROOT / "edge_agent" / "drivers" / "lines" / "transport.py"
    assert (driver / "transport.py").exists() or shared.exists(), f"{driver.name} has no transport"


def test_few_tests_touch_a_mock() -> None:
    tests = touching = 0
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
                "test_"
            ):
                tests += 1
                words = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
                arguments = {argument.arg for argument in node.args.args}
                touching += bool(
                    words & {"Mock", "MagicMock", "AsyncMock", "patch"}
                    or arguments & {"mocker", "monkeypatch"}
                )
    assert tests > 0
    assert touching <= tests * MOCK_SHARE_MAX, f"{touching} of {tests} tests touch a mock or patch"


def test_our_lints_find_what_they_are_for() -> None:
    bad = "def f() -> float:\n    return 1 / 2\n"
    path = "retail_core/pricing/x.py"
    assert {finding.code for finding in check(Source(path, bad, ast.parse(bad)))} == {"RG03"}
    long_body = "def f() -> None:\n" + "    pass\n" * 61
    source = Source("tools/x.py", long_body, ast.parse(long_body))
    assert [finding.code for finding in check(source)] == ["RG01"]
    commit = "def f(s):\n    s.commit()\n"
    source = Source("cloud_broker/services/x.py", commit, ast.parse(commit))
    assert [finding.code for finding in check(source)] == ["RG04"]
    log = 'log.info(f"x {1}")\n'
    assert [f.code for f in check(Source("tools/y.py", log, ast.parse(log)))] == ["RG05"]
    metric = "def f(t):\n    return t.a / t.b + t.sql('x').now()\n"
    source = Source("cloud_broker/domain/metrics/x.py", metric, ast.parse(metric))
    assert [finding.code for finding in check(source)] == ["RG06"] * 3
    module = "x = 1\n" * 401
    assert [f.code for f in check(Source("tools/z.py", module, ast.parse(module)))] == ["RG02"]


def test_lock_files_carry_no_address_and_only_hashed_pins() -> None:
    for path in (ROOT / "requirements").glob("*.lock"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        pins = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)


def test_documents_do_not_name_the_machine_they_were_written_on() -> None:
    forbidden = re.compile(r"/(?:work|root)/|\.\./" + r"shared")
    skip = {".git", ".venv", "var", "mutants", "node_modules", "__pycache__"}
    for path in ROOT.rglob("*"):
        if path.suffix not in {".py", ".md", ".toml", ".sh", ".html", ".js", ".css", ".yml"}:
            continue
        if skip & set(path.relative_to(ROOT).parts):
            continue
        found = forbidden.search(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)}: {found.group()}"
