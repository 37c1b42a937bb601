#!/usr/bin/env bash
# From a bare machine to a ready environment: system packages, uv, the project's own .venv.
# usage: tools/bootstrap.sh [demo|test|vm]   (test adds the browser and its fonts, vm a virtual machine)
# Runs in a second when nothing is missing. Needs: python3 >= 3.11; root, sudo or the packages there.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-demo}

say() { printf '\033[2m[setup]\033[0m %s\n' "$*"; }
die() { printf '\033[31m[setup] %s\033[0m\n' "$*" >&2; exit 3; }

PYTHON=${PYTHON:-python3}
command -v "$PYTHON" >/dev/null || die "I101 缺少 python3 / python3 is missing"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || die "I101 需要 Python 3.11 或更高 / Python 3.11 or newer is needed"

# ---- system packages ----------------------------------------------------------------------------
packages=(mosquitto pcscd vsmartcard-vpcd libpcsclite-dev swig gcc libc6-dev libzbar0)
[ "$purpose" = test ] && packages+=(chromium fonts-noto-cjk iproute2)
[ "$purpose" = vm ] && packages+=(qemu-system-x86 kmod cpio libccid)
# Debian's own python3 comes without ensurepip and headers; another python3 brings its own.
"$PYTHON" -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
"$PYTHON" -c 'import sysconfig, pathlib, sys
sys.exit(not (pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h").exists())' || packages+=(python3-dev)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; then as_root=(sudo); else
      die "I101 缺少系统软件包,请先运行 / system packages are missing, run first: sudo apt-get install -y ${missing[*]}"
    fi
  fi
  say "apt: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed; trying with the lists at hand"
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
    || die "I101 apt 没有装上 / apt could not install: ${missing[*]}"
fi

# ---- uv in a small environment of its own -------------------------------------------------------
bootstrap=var/tools/bootstrap
mkdir -p var/tools var/stamps
if ! cmp -s requirements/bootstrap.lock var/stamps/bootstrap.lock; then
  say "uv"
  "$PYTHON" -m venv --clear "$bootstrap"
  "$bootstrap/bin/pip" install -q --disable-pip-version-check --require-hashes \
    -r requirements/bootstrap.lock 2>&1 | { grep -v -e '^WARNING' -e '^$' || true; }
  cp requirements/bootstrap.lock var/stamps/bootstrap.lock
fi

# ---- the project's environment ------------------------------------------------------------------
stamp=$(cat requirements/dev.lock pyproject.toml | sha256sum | cut -c1-64)
if [ "$(cat var/stamps/env 2>/dev/null)" != "$stamp" ] || [ ! -x .venv/bin/regulars ]; then
  say "python packages (hashed, requirements/dev.lock)"
  [ -x .venv/bin/python ] || "$bootstrap/bin/uv" venv -q -p "$PYTHON" .venv
  # Bytecode now, whatever PYTHONDONTWRITEBYTECODE says: compiling at each start costs a box seconds.
  "$bootstrap/bin/uv" pip sync -q --compile-bytecode --require-hashes -p .venv/bin/python requirements/dev.lock
  "$bootstrap/bin/uv" pip install -q --no-deps --no-build-isolation -p .venv/bin/python -e .
  .venv/bin/python -m compileall -q retail_core edge_agent cloud_broker regulars_cli tools
  echo "$stamp" > var/stamps/env
fi

# ---- what only the virtual machine's tests need -------------------------------------------------
if [ "$purpose" = vm ] && [ ! -d var/vm/site/evdev ]; then
  say "evdev, compiled for the tests in the machine"
  mkdir -p var/vm
  awk '/^evdev==/ {on=1} on {print; if ($0 !~ /\\$/) exit}' requirements/edge-hid.lock > var/vm/evdev.txt
  "$bootstrap/bin/uv" pip install -q --no-deps --require-hashes -p .venv/bin/python \
    --target var/vm/site -r var/vm/evdev.txt
fi
