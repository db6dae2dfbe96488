"""nginx as the ceiling of plain HTTP and as a fast upstream: it answers all it knows with `return 200`; and wrk."""

import base64
import json
import subprocess
from pathlib import Path

from stage import HERE, Stage, accepts, fail, run

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    default_type application/json;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
{locations}
    }}
}}
"""
LINK = base64.b64encode(b"https://web.example.com/b2b-iframe/bench/broker-connect?auth_code=" + b"a" * 64).decode()
LINK_TOKEN = json.dumps({
    "content": {"linkToken": LINK}, "status": "ok", "message": "", "displayMessage": "", "errorType": "",
    "errorHash": "", "teamCode": ""})


class Nginx:
    def __init__(self, stage: Stage, port: int, name: str, answers: dict[str, str], core: int | None = None) -> None:
        locations = "\n".join(
            f"        location = {path} {{ return 200 '{body}'; }}" for path, body in answers.items())
        folder = stage.folder / name
        folder.mkdir(mode=0o777)
        (folder / "nginx.conf").write_text(
            CONFIGURATION.format(folder=folder, port=port, locations=locations))
        self.port = port
        self.process: subprocess.Popen = stage.start(["nginx", "-p", folder, "-c", "nginx.conf"], core=core)
        stage.until(lambda: accepts(port), self.process, "the start of nginx")


def wrk(url: str, seconds: float, connections: int, *, header: str = "", link_keys: Path | None = None,
        core: int | None = None) -> dict[str, float]:
    """One thread of wrk: requests per second, and latencies in milliseconds."""
    pinned = ["taskset", "--cpu-list", core] if core is not None else []
    headers = ["-H", header] if header else []
    script = ["--", "link", link_keys] if link_keys else []
    printed = run([*pinned, "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", "-s", HERE / "wrk.lua",
                   *headers, url, *script])
    found = json.loads(printed.rstrip().rpartition("\n")[2])
    if found["failed"]:
        fail(f"{found['failed']} of {found['requests']} requests to {url} failed")
    return {"rate": found["requests"] / found["seconds"], "requests": found["requests"],
            "p50": found["p50"] / 1e3, "p99": found["p99"] / 1e3}
