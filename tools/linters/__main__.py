"""Run our own lints over the project: `python -m tools.linters`."""

import sys
from pathlib import Path

from tools.linters.rules import Source, check

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("retail_core", "edge_agent", "cloud_broker", "regulars_cli", "tools", "tests")


def main() -> int:
    """Print the findings; 1 when there is any."""
    findings = [
        finding
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for finding in check(Source.read(ROOT, path))
    ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
