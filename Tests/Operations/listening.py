"""A server that keeps what it is asked: as a merchant's receiver of webhooks, and as the upstream."""

import base64
import http.server
import json
import threading
from typing import Any, Callable, NamedTuple

from place import until

LINK_TOKEN = base64.b64encode(b"https://web.meshconnect.com/b2b-iframe/x?auth_code=y").decode()


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class PostServer:
    """Hands each POST to `take`, with its path, its headers by lower-case name and its body, and answers the status and
    the JSON that it gives; from when it is made until it is closed."""

    def __init__(self, take: Callable[[str, dict[str, str], bytes], tuple[int, bytes]], port: int = 0) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(status)
                if answer:
                    self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *_: Any) -> None:
                """A node that is killed leaves its connections; that is the drill."""

        self.server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Listening:
    """Use it in a `with`. Answers every POST 200, as an upstream that mints a link token does."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        # What it answers, by path; 200 where nothing is said.
        self.statuses: dict[str, int] = {}
        self.server = PostServer(self.answer)
        self.url = self.server.url

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked.append(Asked(path, headers, body))
        answer = json.dumps({"content": {"linkToken": LINK_TOKEN}, "status": "ok", "message": ""}).encode()
        return self.statuses.get(path, 200), answer

    def __enter__(self) -> "Listening":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def at(self, path: str) -> list[Asked]:
        return [one for one in list(self.asked) if one.path == path]

    def wait(self, path: str, count: int = 1) -> list[Asked]:
        return until(lambda: len(found := self.at(path)) >= count and found, f"{count} requests of {path}")
