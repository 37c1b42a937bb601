"""No refusal of a rule goes unread: each stands word for word among the golden ones."""

import ast
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "retail_core" / "pricing" / "rules"
GOLDEN = ROOT / "tests" / "golden" / "rule_refusals.json"


def test_every_refusal_in_the_code_has_its_words_here() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted(RULES.glob("checking*.py"))]
    fixed = {
        node.args[3].value
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "refuse"
        and isinstance(node.args[3], ast.Constant)
    }
    spoken = {
        zh.partition(":")[2] for *_, zh in json.loads(GOLDEN.read_text(encoding="utf-8")).values()
    }
    assert fixed <= spoken
