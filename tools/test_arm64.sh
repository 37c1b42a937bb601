#!/usr/bin/env bash
# The unit tests and one inference of each model on a box's kind of processor, emulated.
# usage: tools/test_arm64.sh [PYTEST ARGUMENT…]     (default: tests/unit)
# Needs root and: apt-get install mmdebstrap qemu-user-static binfmt-support
# SUITE=trixie for the newer system. It takes what is committed. Says nothing about how fast a box is.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${SUITE:-bookworm}
case $suite in bookworm) platform=linux-aarch64-cp311 ;; *) platform=linux-aarch64-cp313 ;; esac
place=$PWD/var/arm64/$suite
root=$place/root
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(tests/unit)
fail() { echo "I101 $*" >&2; exit 3; }
for one in mmdebstrap qemu-aarch64-static unshare; do command -v "$one" >/dev/null || fail "apt-get install $one"; done
# Mounts of a namespace of its own are gone with it, however this ends.
if [ -z "${ARM64_INSIDE:-}" ]; then
  [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64
  ARM64_INSIDE=yes exec unshare --mount --propagation private "$0" "$@"
fi

built=(var/wheelhouse/built/pyscard-*"${platform##*-}"-*aarch64.whl)
[ -f "${built[0]}" ] || tools/native_wheels.sh "$suite" arm64
stamp=$(cat requirements/dev.lock pyproject.toml | sha256sum | cut -c1-16)
if [ "$(cat "$place/stamp" 2>/dev/null)" != "$stamp" ]; then
  mkdir -p "$place"
  rm -rf --one-file-system "$root" "$place/stamp"
  wheels=$(.venv/bin/python -m tools.wheelhouse tests "$platform")
  [ -f "$place/base.tar" ] || {
    mmdebstrap --quiet --arch=arm64 --variant=minbase \
      --include=ca-certificates,python3,python3-venv,libzbar0,libpcsclite1,procps,tzdata "$suite" "$place/base.part.tar"
    mv "$place/base.part.tar" "$place/base.tar"
  }
  mkdir -p "$root"
  tar -C "$root" -xf "$place/base.tar" --exclude='./dev/*'
  cp -r "$wheels" "$root/wheels"
fi
mount --bind /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts"
mount -t proc proc "$root/proc"
# What is tried leaves with its namespace; the system stays for the next time.
trap 'rm -rf "${root:?}/src"' EXIT
# No /sys: ONNX Runtime's look at the processors dies of what the host's say. So joblib cannot count cores.
inside() {
  chroot "$root" env -i -C /src HOME=/root PATH=/venv/bin:/usr/bin:/bin LANG=C.UTF-8 LOKY_MAX_CPU_COUNT=1 "$@"
}
rm -rf "${root:?}/src"
mkdir "$root/src"
git archive HEAD | tar -C "$root/src" -x
cp models/*.onnx "$root/src/models/"

if [ ! -e "$place/stamp" ]; then
  inside python3 -m venv /venv
  # Nothing is fetched in here: every file came with its sum, and is asked for it again.
  pip=(/venv/bin/pip --isolated --disable-pip-version-check install -q --no-index --no-compile --find-links /wheels --no-deps)
  grep '^setuptools==' "$root/wheels/wheels.lock" >"$root/wheels/first.lock"
  inside "${pip[@]}" --require-hashes -r /wheels/first.lock
  inside "${pip[@]}" --require-hashes --no-build-isolation -r /wheels/wheels.lock
  rm -rf "${root:?}/wheels"
  echo "$stamp" >"$place/stamp"
fi

echo "$suite $(inside uname -m) $(inside python3 --version) $(git rev-parse --short HEAD)"
inside python -m tools.try_models models --seconds 1800
# Few examples of each property and long patience: an emulated processor does a tenth of the work.
inside python -m pytest -q -p tests.patient -n 2 --dist loadfile --hypothesis-profile=few --timeout=3600 "${tests[@]}"
