#!/bin/sh
# Runs inside the machine, below the host's own files: the tests that need a kernel of their own.
cd "$(dirname "$0")/../.." || exit 3
export REGULARS_VM=1 PYTHONDONTWRITEBYTECODE=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 HOME=/tmp
export PYTHONPATH="$PWD/var/vm/site"
exec .venv/bin/python -m pytest -c tools/vm/pytest.ini --rootdir=. --confcutdir=tests/vm tests/vm -v
