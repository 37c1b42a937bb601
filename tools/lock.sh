#!/usr/bin/env bash
# Writes requirements/*.lock: every version pinned, every file hashed, no address in them.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-var/tools/bootstrap/bin/uv}
compile() {
  "$uv" pip compile -q --universal --python-version "${PYTHON:-3.11}" --generate-hashes --no-header \
    --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --extra edge --extra nfc -o requirements/edge.lock
compile pyproject.toml --extra edge --extra nfc --extra hid -o requirements/edge-hid.lock
compile pyproject.toml --extra cloud --extra insight --extra embedded -o requirements/cloud.lock
compile pyproject.toml --extra edge --extra nfc --extra cloud --extra insight --extra embedded --group models \
  --group lint --group test --group mutation --group node --group build -o requirements/dev.lock
echo 'emupos==0.4.0' | PYTHON=3.13 compile - -o requirements/emupos.lock
echo 'uv>=0.13,<0.14' | compile - -o requirements/bootstrap.lock
if grep -nE 'https?://' requirements/*.lock; then
  echo 'a lock file carries an address' >&2
  exit 1
fi
