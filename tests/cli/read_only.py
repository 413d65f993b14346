"""A server as a container runs it: nobody's user, no capability, and nothing but its data folder
can be written. Made of a mount namespace, which ends with the process.
"""

import os
import shutil
import sys
from pathlib import Path

from tests.require import require
from tests.server import ROOT, Server, run_xyk

NOBODY = 65_534
VOLUME = Path("/mnt")  # there everywhere; in the namespace it is the data folder
# $1 the data folder, $2 what of Python's own folders nobody may enter (or nothing), $3 Python's.
ENTER = """
set -e
mount --make-rprivate /
if [ -n "$2" ]; then
  mount --bind "$3" /mnt && mount -t tmpfs tmpfs "$2" && mkdir -p "$3"
  mount --bind /mnt "$3" && umount /mnt
fi
mount --bind "$1" /mnt
while read -r _ point kind _; do
  case $kind in proc|sysfs|cgroup*|devpts|devtmpfs|mqueue) continue;; esac
  [ "$point" = /mnt ] || mount -o remount,ro,bind "$point" 2>/dev/null || :
done < /proc/self/mounts
shift 3
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all \\
  --bounding-set=-all "$@"
"""


def launcher(data: Path) -> tuple[str, ...]:
    base = Path(sys.base_prefix).resolve()
    hidden = [one for one in (base, *base.parents) if not one.stat().st_mode & 0o001]
    private = str(hidden[-1]) if hidden else ""
    return ("unshare", "--mount", "sh", "-c", ENTER, "sh", str(data), private, str(base))


def contained(data: Path, *arguments: str) -> Server:
    """A server on `data`, which becomes nobody's. Skips where no namespace can be made."""
    if os.geteuid() != 0:
        require("mount", "a read-only root takes root to be set up")
    if shutil.which("setpriv") is None or shutil.which("unshare") is None:
        require("mount", "setpriv and unshare are not installed")
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    data.chmod(0o700)
    code, said = run_xyk("--help", launcher=launcher(data))
    if code:
        require("mount", f"no read-only root can be made here: {said.strip()[-200:]}")
    return Server(
        data,
        *("--data", str(VOLUME), *arguments),
        launcher=launcher(data),
        environment={"PYTHONDONTWRITEBYTECODE": "1"},
    )


def is_readable(path: Path = ROOT) -> bool:
    """Whether nobody can read the checkout: what the examples have in /srv."""
    return all(one.stat().st_mode & 0o001 for one in (path, *path.parents))
