"""Build the machine: a Debian kernel with its modules, udev and busybox, in an initial RAM disk.

Its programs are the ones of the host, seen through a read-only share, so it runs the very
environment under test. Everything comes from Debian's packages and is kept under `var/vm/`.
"""

import gzip
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "var" / "vm"
KERNEL, RAM_DISK = CACHE / "vmlinuz", CACHE / "initrd.gz"
META_PACKAGE = "linux-image-amd64"
PACKAGES = (
    "busybox-static", "udev", "kmod", "libacl1", "libblkid1", "libc6", "libcap2", "libkmod2",
    "liblzma5", "libpcre2-8-0", "libselinux1", "libssl3", "libudev1", "libzstd1",
)  # fmt: skip
# What the tests plug in, and what the machine itself stands on; dependencies are found.
MODULES = (
    "9p", "9pnet_virtio", "overlay", "virtio_pci", "virtio_console",
    "xhci_pci", "ehci_pci", "uhci_hcd", "usbhid", "hid_generic", "evdev", "uinput",
    "ftdi_sio", "cdc_acm", "usblp", "dummy_hcd", "usb_f_acm", "g_serial", "vivid",
)  # fmt: skip


def build(*, force: bool = False) -> None:
    """Build what is missing; does nothing when both files are there."""
    if KERNEL.exists() and RAM_DISK.exists() and not force:
        return
    debs, tree = CACHE / "debs", CACHE / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for folder in (debs, tree):
        folder.mkdir(parents=True, exist_ok=True)
    image = kernel_package()
    download(debs, (image, *PACKAGES))
    for package in (image, *PACKAGES):
        unpack(debs, package, tree)
    release = next((tree / "lib/modules").iterdir()).name
    shutil.copy(tree / "boot" / f"vmlinuz-{release}", KERNEL)
    keep_modules(tree, release)
    for unneeded in ("boot", "usr/share", "usr/lib/locale"):
        shutil.rmtree(tree / unneeded, ignore_errors=True)
    shutil.copy(Path(__file__).with_name("init.sh"), tree / "init")
    (tree / "init").chmod(0o755)
    pack(tree, RAM_DISK)
    shutil.rmtree(tree)


def kernel_package() -> str:
    """Return the kernel's package that Debian's own meta package means today."""
    told = said("apt-cache", "depends", META_PACKAGE)
    return next(line.split()[-1] for line in told.splitlines() if "Depends: linux-image-" in line)


def download(folder: Path, packages: Iterable[str]) -> None:
    """Fetch the packages that are not there yet."""
    missing = [one for one in packages if not list(folder.glob(f"{one}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "download", "-q", *missing], cwd=folder, check=True)


def unpack(folder: Path, package: str, tree: Path) -> None:
    """Put a package's files into the tree, without running anything of it."""
    (found,) = sorted(folder.glob(f"{package}_*.deb"))[-1:]
    subprocess.run(["dpkg-deb", "-x", str(found), str(tree)], check=True)


def keep_modules(tree: Path, release: str) -> None:
    """Keep the modules that are wanted and what they stand on; write down the loading order."""
    subprocess.run(["depmod", "-b", str(tree), release], check=True)
    folder = tree / "lib/modules" / release
    wanted = list(dict.fromkeys(path for name in MODULES for path in order(tree, release, name)))
    keep = {tree / path for path in wanted}
    for module in folder.rglob("*.ko"):
        if module not in keep:
            module.unlink()
    subprocess.run(["depmod", "-b", str(tree), release], check=True)


def order(tree: Path, release: str, name: str) -> Iterator[str]:
    """Yield the files a module needs, itself last; nothing for one built into the kernel."""
    asked = ["modprobe", "-d", str(tree), "-S", release, "--show-depends", name]
    for line in subprocess.run(
        asked, check=True, capture_output=True, text=True
    ).stdout.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "insmod":
            yield str(Path(rest.split()[0]).relative_to(tree))


def pack(tree: Path, target: Path) -> None:
    """Write the tree as the RAM disk a kernel unpacks."""
    names = "\n".join(sorted(str(one.relative_to(tree)) for one in tree.rglob("*")))
    packed = subprocess.run(
        ["cpio", "--quiet", "-o", "-H", "newc", "--owner", "0:0"],
        cwd=tree,
        input=names.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    target.write_bytes(gzip.compress(packed.stdout, compresslevel=1))


def said(*command: str) -> str:
    """Return what a program prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
