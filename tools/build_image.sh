#!/usr/bin/env bash
# Builds the images of the Dockerfile without a daemon, and runs each: `make image`.
# usage: tools/build_image.sh [agent] [cloud]     (root; apt-get install buildah mmdebstrap)
# ARCH=arm64 builds for the box on another machine (qemu-user-static).
# Where no registry answers, the base image is made of Debian's own packages under the same name.
set -euo pipefail
cd "$(dirname "$0")/.."
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
arch=${ARCH:-$(dpkg --print-architecture)}
base=$(awk '/^FROM python:/ {print $2; exit}' Dockerfile)
stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(agent cloud)
for one in buildah mmdebstrap; do
  command -v "$one" >/dev/null || { echo "I101 apt-get install $one" >&2; exit 3; }
done
.venv/bin/hadolint Dockerfile

pull=(--pull)
if [ -n "${LOCAL_BASE:-}" ] || ! buildah pull -q --policy always --arch "$arch" "docker.io/library/$base" >/dev/null 2>&1; then
  suite=${base##*-} work=$(mktemp -d)
  trap 'rm -rf --one-file-system "$work"' EXIT
  echo "base: $base out of Debian $suite packages"
  # shellcheck disable=SC2016 # the hooks' own variable
  mmdebstrap --quiet --arch="$arch" --variant=minbase --include=ca-certificates,python3,python3-dev,python3-venv \
    --customize-hook='ln -s ../../bin/python3 "$1/usr/local/bin/python"' \
    --customize-hook='ln -s ../../bin/python3 "$1/usr/local/bin/python3"' "$suite" "$work/base.tar"
  # A network with its own certificate authority is trusted by the image as by this machine.
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/ca.crt"
  printf 'FROM scratch\nADD base.tar /\nCOPY ca.crt /etc/ssl/certs/ca-certificates.crt\nENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt\n' >"$work/Containerfile"
  buildah bud -q --arch "$arch" -f "$work/Containerfile" -t "docker.io/library/$base" "$work" >/dev/null
  pull=(--pull-never)
fi
for stage in "${stages[@]}"; do
  buildah bud --isolation chroot --network host --arch "$arch" --format docker "${pull[@]}" --layers \
    --target "$stage" -t "regulars-$stage:$arch" .
  # The program of the image really runs in it, under the image's own account.
  made=$(buildah from --pull-never "regulars-$stage:$arch")
  case $stage in agent) program=edge-agent ;; *) program=cloud-broker ;; esac
  buildah run "$made" -- "$program" --help >/dev/null
  buildah run "$made" -- python -c 'import os, platform; assert os.getuid() != 0; print("runs:", platform.machine(), "uid", os.getuid())'
  buildah rm "$made" >/dev/null
  buildah images --format '{{.Name}}:{{.Tag}} {{.Size}}' | grep "regulars-$stage"
done
