#!/usr/bin/env bash
# Compiles the packages that have no wheel, once for a system and a machine, into var/wheelhouse/built.
# usage: tools/native_wheels.sh bookworm|trixie amd64|arm64
# Needs root, mmdebstrap, `make setup`; for another machine than this one qemu-user-static, too.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1 arch=$2
work=$(mktemp -d) out=$PWD/var/wheelhouse/built
root=$work/root
clean() {
  for one in proc dev; do if mountpoint -q "$root/$one"; then umount "$root/$one"; fi; done
  rm -rf --one-file-system "$work"
}
trap clean EXIT
mkdir -p "$out" "$work/source"

# The sources by the sums of the lock; what builds them by the sums of the other lock.
pinned() { awk -v name="$2" '$0 ~ "^" name "==" {on=1} on {sub(/ ;[^\\]*/, ""); print; if ($0 !~ /\\$/) on=0}' "$1"; }
{ pinned requirements/edge-hid.lock pyscard; pinned requirements/edge-hid.lock evdev; } > "$work/source.lock"
pinned requirements/dev.lock setuptools > "$work/build.lock"
pip=var/tools/bootstrap/bin/pip
"$pip" download -q --no-deps --require-hashes -d "$work/source" -r "$work/build.lock"
"$pip" download -q --no-deps --require-hashes --no-binary=pyscard,evdev -d "$work/source" -r "$work/source.lock"

mmdebstrap --quiet --arch="$arch" --variant=minbase \
  --include=ca-certificates,python3-venv,python3-dev,gcc,libc6-dev,swig,libpcsclite-dev,pkg-config,linux-libc-dev \
  "$suite" "$root"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
cp -r "$work/source" "$root/source"
chroot "$root" python3 -m venv /venv
chroot "$root" /venv/bin/pip install -q --no-index --upgrade --find-links /source setuptools
# No index and no isolation: nothing is fetched in here.
# shellcheck disable=SC2016 # the loop runs inside
chroot "$root" sh -c 'for one in /source/*.tar.gz; do
  /venv/bin/pip wheel -q --no-deps --no-index --no-build-isolation -w /built "$one"; done'
cp "$root"/built/*.whl "$out/"
ls "$out"
