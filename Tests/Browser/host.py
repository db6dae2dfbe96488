"""A merchant's web page: serves the pages of `pages/` on an origin of its own, and keeps what the page is given."""

import http.server
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PAGES = Path(__file__).with_name("pages")
_KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class Host:
    """Listens on a free port of loopback. `fixture` is what `/fixture` answers, with further headers of its own."""

    def __init__(self) -> None:
        self.fixture = b""
        self.headers: dict[str, str] = {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                file = PAGES / path.strip("/")
                if path == "/fixture":
                    self.answer(200, _KINDS[".html"], owner.fixture, owner.headers)
                elif file.parent == PAGES and file.is_file():
                    self.answer(200, _KINDS[file.suffix], file.read_bytes(), {})
                else:
                    self.answer(404, "text/plain", b"", {})

            def answer(self, status: int, kind: str, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"content-type": kind, "content-length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_port
        self.origin = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
