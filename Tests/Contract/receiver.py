"""A merchant's server: takes webhooks and hands them out in the order they came."""

import http.server
import json
import threading
import time
from typing import Any, Callable, NamedTuple

from service import WEBHOOK_LIMIT_SECONDS


class Webhook(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Listens on a port of its own. `answer` says which status a webhook gets."""

    def __init__(self, answer: Callable[[Webhook], int] = lambda _: 204) -> None:
        self.taken: list[Webhook] = []
        self.changed = threading.Condition()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                webhook = Webhook(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(answer(webhook))
                self.send_header("content-length", "0")
                self.end_headers()
                with owner.changed:
                    owner.taken.append(webhook)
                    owner.changed.notify_all()

            def log_message(self, *_: Any) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def wait(self, enough: Callable[[list[Webhook]], bool], what: str) -> list[Webhook]:
        """What was taken, as soon as it is enough."""
        deadline = time.monotonic() + WEBHOOK_LIMIT_SECONDS
        with self.changed:
            while not enough(self.taken):
                rest = deadline - time.monotonic()
                assert rest > 0 and self.changed.wait(rest), f"no {what} after {WEBHOOK_LIMIT_SECONDS} s"
            return list(self.taken)
