"""Which lines of requirements.lock a machine of another kind needs, without being there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

GLIBC = range(28, 4, -1)
"""Minor versions of glibc 2 whose wheels are taken: 2.28 is Kylin V10's; later ones, as Debian's, take the same."""
PATCHES = range(50)
"""A line of the lock that holds for any of these patches of a Python is needed: nobody knows which one it will meet."""


@dataclass(frozen=True)
class Platform:
    """A kind of machine: what the markers of a lock see there, which wheels it takes, which instructions it gets."""

    markers: Mapping[str, str]
    tags: tuple[str, ...]
    instructions: str


@dataclass(frozen=True)
class Pin:
    """A line of a lock: one version of a package, where it holds, and the hashes of its files."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        """The name as indexes write it."""
        return canonicalize_name(self.requirement.name)

    @property
    def bare(self) -> str:
        """The line without its marker, which pip would hold against the machine that it runs on."""
        return f"{self.name}{self.requirement.specifier}"


def _linux(machine: str, *legacy: str) -> Platform:
    markers = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine}
    families = [*(f"manylinux_2_{minor}" for minor in GLIBC), *legacy, "linux"]
    return Platform(markers, tuple(f"{family}_{machine}" for family in families), "INSTALL.linux.txt")


_WINDOWS = {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"}
PLATFORMS = {
    "linux-x86_64": _linux("x86_64", "manylinux2014", "manylinux2010", "manylinux1"),
    "linux-arm64": _linux("aarch64", "manylinux2014"),
    "windows-x86_64": Platform(_WINDOWS, ("win_amd64",), "INSTALL.windows.txt"),
}


def pins(lock: str) -> list[Pin]:
    r"""Read the lines of a lock.

    >>> [pin] = pins("tqdm==4.67 ; os_name == 'nt' \\\n    --hash=sha256:0a \\\n    --hash=sha256:0b\n    # via papermill\n")
    >>> pin.bare, str(pin.requirement.marker), sorted(pin.hashes)
    ('tqdm==4.67', 'os_name == "nt"', ['0a', '0b'])
    """
    bare = "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    lines = (line.split(" --hash=sha256:") for line in re.sub(r"\s*\\\n\s*", " ", bare).splitlines() if line.strip())
    return [Pin(Requirement(line), frozenset(hashes)) for line, *hashes in lines]


def needed(locked: Iterable[Pin], platform: Platform, python: str) -> list[Pin]:
    """Choose the lines that hold on a platform for some patch of a Python, such as 3.11."""
    places = [_place(platform, python, patch) for patch in PATCHES]
    return [pin for pin in locked if any(_holds(pin, place) for place in places)]


def _place(platform: Platform, python: str, patch: int) -> dict[str, str]:
    full = f"{python}.{patch}"
    versions = {"python_version": python, "python_full_version": full, "implementation_version": full}
    made = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    return {**platform.markers, **versions, **made, "platform_release": "", "platform_version": ""}


def _holds(pin: Pin, place: Mapping[str, str]) -> bool:
    return pin.requirement.marker is None or pin.requirement.marker.evaluate(dict(place))
