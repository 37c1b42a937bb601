#!/usr/bin/env bash
# Puts the bundle on real root file systems, starts the program, takes it away, and compares.
# usage: tools/test_box_install.sh bookworm trixie      (root, mmdebstrap)
# ARCH=arm64 is a Raspberry Pi's kind of processor on another machine (qemu-user-static, binfmt-support).
# ROOTS=DIR keeps the bare file systems for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=${ARCH:-$(dpkg --print-architecture)}
case $arch in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) echo "$arch" >&2; exit 2 ;; esac
work=$(mktemp -d)
root=$work/root
clean() {
  for one in proc dev; do if mountpoint -q "$root/$one"; then umount "$root/$one"; fi; done
  rm -rf --one-file-system "$work"
}
trap clean EXIT
fail() { echo "✗ $*" >&2; exit 1; }
# Everything that the installer could leave behind; not what system packages keep for themselves.
listing() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./run -o -path ./var/cache \
    -o -path ./var/log -o -path ./var/lib/apt -o -path ./root \) -prune -o -not -type d -print -o -type d -print | sort
   cut -d: -f1 etc/passwd | sort; sort etc/group)
}

for suite in "$@"; do
  case $suite in bookworm) platform=linux-$machine-cp311 ;; *) platform=linux-$machine-cp313 ;; esac
  built=(var/wheelhouse/built/pyscard-*"${platform##*-}"-*"$machine".whl)
  [ -f "${built[0]}" ] || tools/native_wheels.sh "$suite" "$arch"
  .venv/bin/python -m tools.wheelhouse bundle "$platform"
  mkdir -p "$root"
  tar=${ROOTS:-$work}/$suite-$arch.tar
  [ -f "$tar" ] || mmdebstrap --quiet --arch="$arch" --variant=minbase --include=ca-certificates,systemd,systemd-sysv,udev "$suite" "$tar"
  tar -C "$root" -xf "$tar" --exclude='./dev/*'
  mount --bind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  tar -C "$work" -xf "var/box/regulars-box-$platform.tar"
  box=$work/regulars-box/regulars-box

  if "$box" install --root "$root" --no-apt 2>"$work/said"; then fail "$suite: installed without its system packages"; fi
  grep -q I183 "$work/said" || fail "$suite: $(cat "$work/said")"
  # The system's packages stay when ours is taken away, so they come before the list.
  chroot "$root" apt-get update -qq
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    python3 python3-venv pcscd libpcsclite1 libzbar0 >/dev/null
  listing >"$work/before"

  "$box" install --root "$root" --no-apt
  for one in agent-version program-owner data-mode account unit; do
    case $one in
      agent-version) chroot "$root" runuser -u regulars -- /opt/regulars/bin/edge-agent version ;;
      program-owner) [ -z "$(find "$root"/opt/regulars.d -not -user root)" ] || fail "$suite: others own the program" ;;
      data-mode) [ "$(chroot "$root" stat -c '%U %a' /var/lib/regulars)" = 'regulars 700' ] || fail "$suite: $one" ;;
      account) chroot "$root" getent passwd regulars | grep -q nologin || fail "$suite: $one" ;;
      unit)
        chroot "$root" systemd-analyze verify --man=no /etc/systemd/system/regulars-edge-agent.service
        chroot "$root" systemd-analyze security --offline=true --threshold=20 \
          /etc/systemd/system/regulars-edge-agent.service | tail -n 1 ;;
    esac
  done
  # The account reads its settings and may not write them, nor the program.
  chroot "$root" runuser -u regulars -- cat /etc/regulars/edge-agent.toml >/dev/null
  for one in /etc/regulars/edge-agent.toml /opt/regulars/bin/edge-agent /etc/systemd/system/regulars-edge-agent.service; do
    if chroot "$root" runuser -u regulars -- test -w "$one"; then fail "$suite: the box may write $one"; fi
  done
  chroot "$root" runuser -u regulars -- /opt/regulars/bin/python -c 'import cv2, highspy, numpy, onnxruntime, pyzbar.pyzbar, smartcard, zxingcpp, apsw'
  chroot "$root" runuser -u regulars -- /opt/regulars/bin/edge-agent api >/dev/null

  # Again is an upgrade: settings and data stay as they are, one version is left.
  echo '# mine' >>"$root/etc/regulars/edge-agent.toml"
  chroot "$root" runuser -u regulars -- sh -c 'echo sale > /var/lib/regulars/journal.db'
  echo changed >>"$work/regulars-box/device_configs/generic-auto.toml"
  if "$box" install --root "$root" --no-apt 2>"$work/said"; then fail "$suite: a changed bundle was installed"; fi
  grep -q I182 "$work/said" || fail "$suite: $(cat "$work/said")"
  # shellcheck disable=SC2094 # the list leaves out the file that is written
  (cd "$work/regulars-box" && find . -type f -not -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS)
  "$box" install --root "$root" --no-apt
  grep -q '# mine' "$root/etc/regulars/edge-agent.toml" || fail "$suite: settings were written over"
  grep -q sale "$root/var/lib/regulars/journal.db" || fail "$suite: data was touched"
  [ "$(find "$root/opt/regulars.d" -mindepth 1 -maxdepth 1 -type d | wc -l)" = 1 ] || fail "$suite: an old version is left"
  tail -n 1 "$root$(readlink "$root/opt/regulars")/share/device_configs/generic-auto.toml" | grep -q changed

  # Taken away: books and settings stay; with --purge nothing does.
  "$root/usr/local/sbin/regulars-box" remove --root "$root"
  grep -q sale "$root/var/lib/regulars/journal.db" || fail "$suite: remove took the books"
  [ ! -e "$root/opt/regulars" ] || fail "$suite: the program is left"
  "$box" remove --root "$root" --purge
  listing >"$work/after"
  diff "$work/before" "$work/after" || fail "$suite: something is left"
  if "$box" remove --root "$root" 2>"$work/said"; then fail "$suite: removed twice"; fi
  grep -q I185 "$work/said" || fail "$suite: $(cat "$work/said")"
  umount "$root/proc" "$root/dev"
  rm -rf --one-file-system "$root" "$work/regulars-box"
  echo "✓ $suite"
done
