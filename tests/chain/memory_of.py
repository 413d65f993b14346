"""What a process has, its memory, environment and files, and where bytes are found in it."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

CHUNK = 1 << 24
DIGIT_BITS = 30  # of a Python integer, four bytes each


def forms(secret: bytes) -> dict[str, bytes]:
    """How 32 bytes could be written down. Base64 of what begins or ends elsewhere too: the middle
    of each of the three ways."""
    number, digits = int.from_bytes(secret, "big"), b""
    decimal = str(number).encode()
    while number:
        digits += (number & (2**DIGIT_BITS - 1)).to_bytes(4, "little")
        number >>= DIGIT_BITS
    found = {
        "raw": secret,
        "raw, little-endian": secret[::-1],
        "a Python integer": digits,
        "decimal": decimal,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "UTF-16 hex": secret.hex().encode("utf-16-le"),
    }
    for before in range(3):
        shifted = base64.b64encode(bytes(before) + secret)
        middle = shifted[(before * 8 + 5) // 6 : len(shifted) - 4]
        found[f"base64, {before} bytes on"] = middle
        found[f"base64 of URLs, {before} bytes on"] = middle.translate(
            bytes.maketrans(b"+/", b"-_")
        )
    return found


def family(pid: int) -> list[int]:
    """The process and all that it started, as far as they live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()


def in_memory(pid: int, wanted: Mapping[str, bytes]) -> tuple[set[str], int]:
    """Which of them are anywhere in the readable memory, and how many bytes were looked at."""
    found: set[str] = set()
    size = 0
    overlap = max(map(len, wanted.values()))
    for start, end in _regions(pid):
        for chunk in _chunks(pid, start, end, overlap):
            size += len(chunk)
            found |= {name for name, value in wanted.items() if value in chunk}
    return found, size


def in_files(folder: Path, wanted: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """(file, what) of all that is below the folder."""
    return {
        (str(file.relative_to(folder)), name)
        for file in folder.rglob("*")
        if file.is_file()
        for content in (file.read_bytes(),)
        for name, value in wanted.items()
        if value in content
    }


def _regions(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, rights, *_ = line.split()
        start, _, end = span.partition("-")
        if rights.startswith("r") and not line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
            yield int(start, 16), int(end, 16)


def _chunks(pid: int, start: int, end: int, overlap: int) -> Iterator[bytes]:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for place in range(start, end, CHUNK):
            memory.seek(place)
            try:
                yield memory.read(min(CHUNK + overlap, end - place))
            except OSError:  # a mapping that nothing is behind, or that went meanwhile
                continue
