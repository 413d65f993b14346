"""A disk that is really full: a small tmpfs in a mount namespace of its own."""

import os
import subprocess
from pathlib import Path
from typing import Self

from tests.require import require

# Flags of unshare, then of nsenter: without root where user namespaces are allowed, else with root.
WAYS = (
    (("--user", "--map-root-user", "--mount"), ("--user", "--preserve-credentials", "--mount")),
    (("--mount",), ("--mount",)),
)
MOUNT = 'mount -t tmpfs -o size="$2",mode=700 tmpfs "$1" && echo mounted && exec cat'


class SmallDisk:
    """`folder` is a disk of `size_bytes` for what is started by `launcher`, and an empty folder for
    everybody else, who sees the disk at `outside`. A process holds the namespace; when that ends,
    with the test or with pytest, the disk is gone. Skips where no mount is allowed.
    """

    def __init__(self, folder: Path, size_bytes: int) -> None:
        self.folder = folder
        self._size_bytes = size_bytes
        self._holder: subprocess.Popen[str] | None = None
        self._enter: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        refusals = []
        for leave, enter in WAYS:
            refusal = self._mount(leave)
            if not refusal:
                self._enter = enter
                break
            refusals.append(f"unshare {' '.join(leave)}: {refusal}")
        else:
            require("mount", f"no file system may be mounted here ({'; '.join(refusals)})")
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def launcher(self) -> tuple[str, ...]:
        assert self._holder is not None
        return ("nsenter", f"--target={self._holder.pid}", *self._enter)

    @property
    def outside(self) -> Path:
        assert self._holder is not None
        return Path(f"/proc/{self._holder.pid}/root{self.folder}")

    def fill(self, left_bytes: int) -> None:
        """So much stays free, to the page."""
        found = os.statvfs(self.outside)
        with (self.outside / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, found.f_bavail * found.f_frsize - left_bytes)

    def free(self) -> None:
        (self.outside / "ballast").unlink()

    def _mount(self, leave: tuple[str, ...]) -> str:
        """What was refused; empty where nothing was."""
        command = ["unshare", *leave, "sh", "-c", MOUNT, "sh", str(self.folder)]
        try:
            self._holder = subprocess.Popen(
                [*command, str(self._size_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        except FileNotFoundError:
            return "not installed"
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() == "mounted\n":
            return ""
        return self._end()

    def _end(self) -> str:
        """Ends the holder, whose input ends; what it complained of."""
        holder, self._holder = self._holder, None
        return holder.communicate()[1].strip() if holder is not None else ""
