"""What a browser asked for and complained about while a page was open."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from webdriver import Browser

_INWARD = ("data", "blob", "about", "chrome-error", "chrome", "devtools")


def requests(browser: Browser) -> list[dict[str, Any]]:
    """Each request sent since the last call, of every frame, as the DevTools tell it."""
    sent = []
    for entry in browser.log("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent":
            sent.append(event["params"]["request"])
    return sent


def outward(sent: list[dict[str, Any]], origins: set[str]) -> list[str]:
    """The requests to anywhere but the origins."""
    found = []
    for one in sent:
        place = urlsplit(one["url"])
        if place.scheme not in _INWARD and f"{place.scheme}://{place.netloc}" not in origins:
            found.append(f"{one['method']} {one['url']}")
    return found


def complaints(browser: Browser, expected: tuple[str, ...] = ()) -> list[str]:
    """Errors and warnings of the console since the last call. Violations of the CSP are among them.

    What a check provokes on purpose is `expected`: regular expressions of the whole message.
    """
    found = [one for one in browser.log("browser") if one["level"] in ("SEVERE", "WARNING")]
    return [
        f"console: {one['message']}"
        for one in found
        if not any(re.search(pattern, one["message"], re.DOTALL) for pattern in expected)
    ]
