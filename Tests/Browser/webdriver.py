"""A plain client of WebDriver (W3C) for chromedriver, with its ways to the DevTools protocol and to the logs."""

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, NamedTuple

# A browser on a busy machine takes seconds to start; no answer of a page of ours takes this long.
START_LIMIT_SECONDS = 60
CALL_LIMIT_SECONDS = 60
WAIT_LIMIT_SECONDS = 15
POLL_SECONDS = 0.02

# The key under which the protocol names elements.
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

# The protocol's code points for keys that are no characters.
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Escape": "\ue00c", "Space": " ", "Down": "\ue015"}

_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--force-color-profile=srgb",
)


class Refused(Exception):
    """The driver's answer to a call that did not work: its error code and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message.splitlines()[0] if message else ''}")
        self.code = code


class Element(NamedTuple):
    id: str


def wait(found: Callable[[], Any], what: str | Callable[[], str], seconds: float = WAIT_LIMIT_SECONDS) -> Any:
    """What `found` gives as soon as it is truthy. An element that goes away meanwhile is looked up again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if value := found():
                return value
        except Refused as problem:
            if problem.code not in ("stale element reference", "no such element", "javascript error", "no such frame"):
                raise
        if time.monotonic() >= deadline:
            raise AssertionError(f"never came: {what if isinstance(what, str) else what()}")
        time.sleep(POLL_SECONDS)


class Driver:
    """A running chromedriver on a port of its own."""

    def __init__(self) -> None:
        program = shutil.which("chromedriver")
        if program is None:
            raise RuntimeError("no chromedriver: `deploy/packages test` installs it")
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            self.port: int = holder.getsockname()[1]
        self.process = subprocess.Popen(
            [program, f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(POLL_SECONDS)
        raise RuntimeError("chromedriver did not get ready")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Browser:
    """One headless Chromium with a profile of its own. Sizes are CSS pixels."""

    def __init__(self, driver: Driver, width: int, height: int) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="subgate-browser-", ignore_cleanup_errors=True)
        self.line = http.client.HTTPConnection("127.0.0.1", driver.port, timeout=CALL_LIMIT_SECONDS)
        flags = [*_FLAGS, f"--user-data-dir={self.folder.name}", f"--window-size={width},{height}"]
        if os.geteuid() == 0:
            # Chromium's own sandbox refuses to run as root.
            flags.append("--no-sandbox")
        options = {"binary": shutil.which("chromium"), "args": flags}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "pageLoadStrategy": "normal",
        }
        self.session = ""
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{made['sessionId']}"
        self.width, self.height = width, height
        self.resize(width, height)
        # A phone's scroll bars take no room.
        self.cdp("Emulation.setScrollbarsHidden", hidden=width < 768)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The value of an answer. Throws `Refused` for every error of the driver."""
        data = None if method != "POST" else json.dumps(body if body is not None else {}).encode()
        try:
            self.line.request(method, self.session + path, data, {"Content-Type": "application/json"})
            value = json.loads(self.line.getresponse().read())["value"]
        except (http.client.HTTPException, OSError):
            self.line.close()
            raise
        if isinstance(value, dict) and "error" in value and "stacktrace" in value:
            raise Refused(value["error"], value["message"])
        return value

    def close(self) -> None:
        try:
            self.call("DELETE", "")
        finally:
            self.line.close()
            self.folder.cleanup()

    # The page

    def open(self, url: str) -> None:
        self.call("POST", "/url", {"url": url})

    def resize(self, width: int, height: int) -> None:
        """The size of the page itself, whatever window there is around it."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)

    def script(self, source: str, *arguments: Any) -> Any:
        """Runs the body of a function in the current frame; its `return` comes back as JSON or as elements."""
        body = {"script": source, "args": [_encoded(one) for one in arguments]}
        return _decoded(self.call("POST", "/execute/sync", body))

    def promised(self, source: str, *arguments: Any) -> Any:
        """The same for a script that ends later, by a call of its last argument."""
        body = {"script": source, "args": [_encoded(one) for one in arguments]}
        return _decoded(self.call("POST", "/execute/async", body))

    def enter(self, frame: Element | None) -> None:
        """Goes into a frame of the current one, or to the top."""
        self.call("POST", "/frame", {"id": None if frame is None else _encoded(frame)})

    def all(self, css: str) -> list[Element]:
        return _decoded(self.call("POST", "/elements", {"using": "css selector", "value": css}))

    def screenshot(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    # Elements

    def name(self, element: Element) -> str:
        """The accessible name that the browser computes."""
        return self.call("GET", f"/element/{element.id}/computedlabel")

    def focused_name(self) -> str:
        """The accessible name of what has the focus."""
        return self.name(_decoded(self.call("GET", "/element/active")))

    def click(self, element: Element) -> None:
        self.call("POST", f"/element/{element.id}/click")

    def clear(self, element: Element) -> None:
        self.call("POST", f"/element/{element.id}/clear")

    def type(self, element: Element, text: str) -> None:
        self.call("POST", f"/element/{element.id}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Presses the named keys one after the other, as a person does; `Shift+Tab` holds the first."""
        steps: list[dict[str, str]] = []
        for key in keys:
            codes = [KEYS.get(one, one) for one in key.split("+")] if len(key) > 1 else [key]
            steps += [{"type": "keyDown", "value": one} for one in codes]
            steps += [{"type": "keyUp", "value": one} for one in reversed(codes)]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": steps}]})

    def write(self, text: str) -> None:
        """Types into whatever has the focus."""
        self.press(*(("Space" if one == " " else one) for one in text))

    # DevTools

    def cdp(self, command: str, **parameters: Any) -> Any:
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def log(self, kind: str) -> list[dict[str, Any]]:
        """The entries since the last call: `browser` is the console, `performance` the events of the DevTools."""
        return self.call("POST", "/se/log", {"type": kind})


def _encoded(value: Any) -> Any:
    if isinstance(value, Element):
        return {_ELEMENT: value.id}
    return [_encoded(one) for one in value] if isinstance(value, list) else value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if isinstance(value, dict):
        return Element(value[_ELEMENT]) if _ELEMENT in value else {key: _decoded(one) for key, one in value.items()}
    return value
