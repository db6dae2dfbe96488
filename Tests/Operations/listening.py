"""A server that keeps what it is asked: as a merchant's receiver of webhooks, and as the upstream."""

import base64
import http.server
import json
import threading
from typing import Any, NamedTuple

from place import until

LINK_TOKEN = base64.b64encode(b"https://web.meshconnect.com/b2b-iframe/x?auth_code=y").decode()


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Listening:
    """Use it in a `with`. Answers every POST 200, as an upstream that mints a link token does."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        # What it answers, by path; 200 where nothing is said.
        self.statuses: dict[str, int] = {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                names = {name.lower(): value for name, value in self.headers.items()}
                owner.asked.append(Asked(self.path, names, body))
                answer = json.dumps({"content": {"linkToken": LINK_TOKEN}, "status": "ok", "message": ""}).encode()
                self.send_response(owner.statuses.get(self.path, 200))
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Listening":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def at(self, path: str) -> list[Asked]:
        return [one for one in list(self.asked) if one.path == path]

    def wait(self, path: str, count: int = 1) -> list[Asked]:
        return until(lambda: len(found := self.at(path)) >= count and found, f"{count} requests of {path}")
