"""What every screen must keep: names, one main heading, contrast, width, focus. Each audit says what is wrong."""

from pathlib import Path
from typing import Any, Iterator

from webdriver import Browser, Element

CONTRAST = 4.5
# The least side of what is pressed, in CSS pixels (WCAG 2.2, 2.5.8), and the narrowest page (1.4.10).
TARGET = 24
NARROWEST = 320
# More stops than any screen has: a focus that never leaves the document is a trap.
STOP_LIMIT = 120

_SOURCE = Path(__file__).with_name("pages").joinpath("inspect.js").read_text(encoding="utf-8")
# Roles whose nodes Chromium calls focusable without a person operating them.
_STRUCTURE = {"RootWebArea", "Iframe", "IframePresentational"}


def inspect(browser: Browser, call: str, *arguments: Any) -> Any:
    return browser.script(f"{_SOURCE}\nreturn inspect.{call}", *arguments)


def frames(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree["frame"]
    for child in tree.get("childFrames", []):
        yield from frames(child)


def nodes(browser: Browser, url_part: str) -> list[dict[str, Any]]:
    """The accessibility tree of the innermost frame whose URL has a part, without what readers never meet."""
    found = [
        one["id"] for one in frames(browser.cdp("Page.getFrameTree")["frameTree"]) if one["url"].count(url_part)
    ]
    assert found, f"no frame of {url_part}"
    tree = browser.cdp("Accessibility.getFullAXTree", frameId=found[-1])["nodes"]
    return [one for one in tree if not one["ignored"]]


def role(node: dict[str, Any]) -> str:
    return node.get("role", {}).get("value", "")


def name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", "")).strip()


def states(node: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["value"].get("value") for one in node.get("properties", [])}


def tree_faults(browser: Browser, url_part: str) -> list[str]:
    wrong, tree = [], nodes(browser, url_part)
    for node in tree:
        if states(node).get("focusable") and role(node) not in _STRUCTURE and not name(node):
            wrong.append(f"a {role(node)} without a name")
        if role(node) == "image" and not name(node):
            wrong.append("an image without a name")
    # An open dialog is all there is, as far as a screen reader can tell.
    dialogs = [node for node in tree if role(node) in ("dialog", "alertdialog") and states(node).get("modal")]
    if dialogs:
        return wrong + ["a dialog without a name" for node in dialogs if not name(node)]
    mains = [name(node) for node in tree if role(node) == "heading" and states(node).get("level") == 1]
    if len(mains) != 1 or not mains[0]:
        wrong.append(f"{len(mains)} main headings: {mains}")
    if sum(role(node) == "main" for node in tree) != 1:
        wrong.append("not one main landmark")
    language, title = browser.script("return [document.documentElement.lang, document.title]")
    return wrong + [f"no {what}" for what, value in (("language", language), ("title", title)) if not value.strip()]


def contrast_faults(browser: Browser) -> list[str]:
    texts = inspect(browser, "texts()")
    low = [one for one in texts if one["ratio"] < CONTRAST]
    found = [f"contrast {one['ratio']} of “{one['text']}” in {one['place']} ({one['why']})" for one in low]
    return found if texts else ["no text at all"]


def width_faults(browser: Browser) -> list[str]:
    found = inspect(browser, "overflow()")
    wrong = [f"{one} sticks out to the side" for one in found["wide"]]
    return wrong + (["the page scrolls to the side"] if found["scrolls"] else [])


def narrow_faults(browser: Browser) -> list[str]:
    """The same at the narrowest width; the size is put back after."""
    browser.resize(NARROWEST, browser.height)
    try:
        return [f"at {NARROWEST} px {one}" for one in width_faults(browser)]
    finally:
        browser.resize(browser.width, browser.height)


def landing_faults(browser: Browser) -> list[str]:
    """A new screen takes the focus to itself, so that keyboard and screen reader start there."""
    landed = inspect(browser, "landed()")
    if landed is None:
        return ["the focus was not moved to the screen"]
    return [] if landed["isLive"] else [f"the focus is on {landed['place']}, which cannot be seen"]


def focus_faults(browser: Browser) -> list[str]:
    """Walks with Tab to the end and with Shift+Tab to the beginning, from where the screen put the focus."""
    stops: list[Element] = inspect(browser, "stops()")
    start = browser.script("return document.activeElement")
    # A screen may land on its first field: how it looks without the focus is seen with the focus away.
    looks = browser.script(
        f"{_SOURCE}\ndocument.activeElement?.blur(); return arguments[0].map((one) => inspect.looks(one))", stops
    )
    sizes = inspect(browser, "sizes(arguments[0])", stops)
    wrong = [
        f"{one['place']} is {one['width']:.0f}×{one['height']:.0f}"
        for one in sizes
        if one["isTarget"] and min(one["width"], one["height"]) < TARGET
    ]
    reached: set[int] = set()
    for key in ("Tab", "Shift+Tab"):
        browser.script("arguments[0].focus()", start)
        previous = browser.script("return arguments[0].indexOf(arguments[1])", stops, start)
        reached.add(previous)
        wrong += _walk(browser, key, stops, looks, previous, reached)
    browser.script("arguments[0].focus()", start)
    lost = [one["place"] for index, one in enumerate(sizes) if index not in reached]
    return wrong + [f"Tab never reaches {one}" for one in lost]


def _walk(
    browser: Browser, key: str, stops: list[Element], looks: Any, previous: int, reached: set[int]
) -> list[str]:
    wrong: list[str] = []
    for _ in range(STOP_LIMIT):
        browser.press(key)
        arguments = (looks, stops, previous, key == "Tab")
        found = inspect(browser, "focus(...arguments)", *arguments)
        ends = (len(stops) - 1, 0) if key == "Tab" else (0, len(stops) - 1)
        # Where nothing is around the document, the focus comes back in at its other end.
        if found is None or (previous in (ends[0], -1) and found["index"] == ends[1] and ends[1] in reached):
            return wrong
        place = found["place"]
        if not found["isSeen"]:
            wrong.append(f"the focus is out of sight on {place}")
        if found["indicator"]:
            wrong.append(f"{place}: {found['indicator']}")
        if found["goesBack"]:
            wrong.append(f"{key} goes against the order of reading at {place}")
        if found["index"] < 0:
            wrong.append(f"{key} stops at {place}, which is no control")
        previous = found["index"]
        reached.add(previous)
    return wrong + [f"{key} never leaves the page"]


def faults(
    browser: Browser, url_part: str, *, is_new: bool, has_focus: bool = True, walks: bool = True
) -> list[str]:
    """What is wrong with the screen shown; the slow parts only if `is_new`: its first time in this size and look."""
    wrong = contrast_faults(browser) + width_faults(browser) + tree_faults(browser, url_part)
    if has_focus:
        wrong += landing_faults(browser)
    if is_new:
        wrong += narrow_faults(browser)
        if has_focus and walks and not wrong:
            wrong += focus_faults(browser)
    return wrong
