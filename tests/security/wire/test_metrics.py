"""/metrics tells how much and how often, of nobody in particular, and nobody makes it grow."""

import re
import secrets

import httpx

from tests.security.wire.raw import asked
from tests.server import Server
from xyk.client.client import Client

# As the server's parser knows them; a word of one's own is no request.
METHODS = ("PROPFIND", "MKCOL", "SEARCH", "PURGE", "M-SEARCH", "REPORT", "LINK", "SOURCE")


async def series(http: httpx.AsyncClient) -> set[str]:
    text = (await http.get("/metrics")).text
    return {line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")}


async def test_no_owner_no_key_and_no_path_of_a_stranger(
    server: Server, http: httpx.AsyncClient, alice: Client
) -> None:
    for method in METHODS:  # each once, so that the first look already has them
        await asked(server.port, f"{method} /x HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    await http.get("/nowhere")
    await http.get(f"/api/v1/accounts/{alice.owner}")
    await http.get("/api/v1/accounts/nobody")
    await series(http)  # it counts itself
    before = await series(http)
    for _ in range(50):
        name = secrets.token_hex(8)
        await http.get(f"/{name}", headers={name: name, "user-agent": name})
        await http.get(f"/api/v1/accounts/0x{secrets.token_hex(20)}")
        await http.get("/nowhere", params={name: name})
        for method in METHODS:
            await asked(server.port, f"{method} /{name} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        refused = await asked(server.port, f"{name.upper()} / HTTP/1.1\r\n\r\n".encode())
        assert refused.status == 400
    after = await series(http)
    assert after == before
    assert not re.search(r"0x[0-9a-fA-F]{8}", "\n".join(after))
