#!/bin/sh
# Runs inside the machine, below the host's own files: the tests that need a kernel of their own.
cd "$(dirname "$0")/../.." || exit 3
export REGULARS_VM=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis
exec .venv/bin/python -m pytest tests/vm -q -p no:randomly -p no:cacheprovider -p no:xdist \
  --confcutdir=tests/vm --rootdir=. -o addopts="" -o "pythonpath=." --timeout=240 -ra
