"""Where everything is kept: the data folder, and PostgreSQL where a URL names one."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec

KEEPALIVES = {  # the session of a machine that vanished ends after 10 + 3 * 5 s
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
POSTGRES_SCHEMES = ("postgres", "postgresql", "postgresql+asyncpg")


class DataFolder(msgspec.Struct, frozen=True):
    """One deployment's files. With PostgreSQL the lock and the snapshots are still here."""

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def journal(self) -> Path:
        return self.path / "journal.db"

    @property
    def read(self) -> Path:
        return self.path / "read.db"

    @property
    def sessions(self) -> Path:
        """Hashes of refresh tokens; whoever loses them signs in again."""
        return self.path / "sessions.db"

    @property
    def chain(self) -> Path:
        """What is kept of mirrored deployments, a file each; who loses it reads the chain again."""
        return self.path / "chain"

    def relayed(self, deployment: str) -> Path:
        """What was sent to its chain for wallets; here, whichever database holds the rest. Who
        loses it forgets to send again what the nodes forgot."""
        return self.chain / f"{deployment}.relayed.db"

    @property
    def snapshots(self) -> Path:
        return self.path / "snapshots"

    @property
    def liabilities(self) -> Path:
        """What every account has at the seqs of the snapshots, with proofs."""
        return self.path / "liabilities"

    @property
    def archive(self) -> Path:
        """What was moved out of the journal's table, whichever database holds that."""
        return self.path / "archive"

    @property
    def restoring(self) -> Path:
        """There while a backup is put back, and after one that was broken off."""
        return self.path / "restoring"

    def create(self) -> None:
        """For the owner's eyes alone: the sandbox's operator key is kept in it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)


def postgres_dsn(url: str) -> str:
    """`url` as the driver wants it. Raises ValueError unless it names PostgreSQL."""
    parts = urlsplit(url)
    if parts.scheme not in POSTGRES_SCHEMES or not parts.path.strip("/"):
        raise ValueError(
            "Expected a database URL of the form postgresql://user:password@host:port/database"
        )
    return urlunsplit(parts._replace(scheme="postgresql"))
