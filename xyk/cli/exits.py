"""Exit codes of `xyk`, after sysexits.h, so that a supervisor can tell a restart from a repair."""

OK = 0
NO = 1  # verify, replay, rebuild: the answer is no; a client's command: it was refused
USAGE = 2  # a wrong flag, typer's own code
CORRUPT = 70  # the journal contradicts itself; restore it, a restart does not help
ENGINE = 71  # an invariant or a fold failed: a bug of ours, nothing was answered
LOCKED = 73  # another process holds the data
STORAGE = 74  # the disk or the database failed a commit; nothing was acknowledged
CONFIG = 78  # the settings do not fit the data, the clock, or the interpreter
INTERRUPTED = 130  # Ctrl-C


class Stop(Exception):
    """The process ends with `code` after printing one line that says why."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
