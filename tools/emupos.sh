#!/usr/bin/env bash
# Sets up emupos, an emulated printer, drawer, scale and scanner that others wrote, in var/emupos.
# It needs Python 3.13 or newer; PYTHON313=PATH names one that is not on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=var/tools/bootstrap/bin/uv
python=${PYTHON313:-}
for found in ${python:-python3.13 python3.14 "$HOME"/.pyenv/versions/3.1[3-9]*/bin/python}; do
  command -v "$found" >/dev/null || continue
  "$found" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null || continue
  [ -x var/emupos/bin/python ] || "$uv" venv -q -p "$found" var/emupos
  "$uv" pip install -q -p var/emupos/bin/python --require-hashes -r requirements/emupos.lock
  exec var/emupos/bin/emupos --version
done
echo 'I101 没有 Python 3.13 / no Python 3.13 or newer: apt-get install python3.13, or PYTHON313=PATH' >&2
exit 3
