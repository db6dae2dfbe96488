"""Checks of the judges themselves: a good page has no fault, and each thing broken in it is found."""

import contextlib
from typing import Iterator

import audit
import protocol
import traffic
from host import PAGES
from stage import Stage
from webdriver import wait

CODE = '<label for="code">Code</label><input id="code" placeholder="123456">'
TRAP = '<div role="button" tabindex="0" onkeydown="event.preventDefault()">Trap</div>'
MODAL = "<script>document.querySelector('dialog').showModal();"

# What is broken: a text of the good page, what stands there instead, and a part of what must be said of it.
BROKEN: tuple[tuple[str, str, str], ...] = (
    (".hint { color: #666; }", ".hint { color: #999; }", "contrast 2.85 of “25.50 USDC”"),
    (".hint { color: #666; }", ".hint { opacity: 0.5; }", "of “25.50 USDC”"),
    (".hint { color: #666; }", ".hint { color: color-mix(in srgb, #666, #fff 50%); }", "of “25.50 USDC”"),
    (".hint { color: #666; }", ".hint { background: linear-gradient(#fff, #333); }", "of “25.50 USDC”"),
    (".hint { color: #666; }", ".hint { background: url(data:,) repeat; }", "a picture is behind it"),
    ("input::placeholder { color: #666;", "input::placeholder { color: #aaa;", "of “123456”"),
    (".main { background: #1d4ed8;", ".main { background: #8ab4f8;", "of “Continue”"),
    ('aria-label="Close">×', "><svg width=10 height=10></svg>", "a button without a name"),
    (CODE, "<input>", "a textbox without a name"),
    ('alt="The shop\'s logo"', "", "an image without a name"),
    (' role="region" aria-label="Prices"', "", "without a name"),
    ('<h1 tabindex="-1">Pay the shop</h1>', '<p tabindex="-1" id="x">Pay</p>', "0 main headings"),
    ("<label for=", "<h1>Again</h1><label for=", "2 main headings"),
    ("<script>", "<dialog><button>Yes</button></dialog>" + MODAL, "a dialog without a name"),
    ('lang="en"', "", "no language"),
    ("<title>A good page</title>", "<title></title>", "no title"),
    ("<main>", "<div>", "not one main landmark"),
    ('document.querySelector("h1").focus();', "", "the focus was not moved"),
    (":focus-visible { outline: 3px solid #1d4ed8;", ":focus-visible { outline: none;", "its focus does not show"),
    ("3px solid #1d4ed8; outline-offset", "3px solid #e0e0e0; outline-offset", "its focus ring"),
    ('<a href="#terms">', '<a tabindex="1" href="#terms">', "goes against the order"),
    ('<button class="main">', '<button class="main" style="position:absolute;top:0;right:50%">', "goes against"),
    ('<button class="main">', '<button class="main" onfocus="this.blur()">', "Tab never reaches button"),
    ('<a href="#terms">', '<a style="width:15px;min-height:15px;height:15px" href="#terms">', "×17"),
    ('<p class="hint">', '<p class="hint" style="width:340px">', "at 320 px"),
    ('<p class="hint">', '<p class="hint" style="width:2000px">', "the page scrolls to the side"),
    ('<p class="hint">', '<p class="hint" style="margin-left:-40px">', "sticks out to the side"),
    ("<script>", TRAP + "<script>", "Tab never leaves the page"),
)


@contextlib.contextmanager
def shown(stage: Stage, page: str, headers: dict[str, str] = {}) -> Iterator[None]:
    stage.host.fixture, stage.host.headers = page.encode(), headers
    stage.browser.open(stage.host.origin + "/frame.html")
    [frame] = stage.browser.all("iframe")
    stage.browser.enter(frame)
    wait(lambda: stage.browser.script("return document.readyState") == "complete", "the fixture")
    try:
        yield
    finally:
        stage.browser.enter(None)


def good() -> str:
    return (PAGES / "good.html").read_text(encoding="utf-8")


def faults(stage: Stage, page: str) -> list[str]:
    with shown(stage, page):
        return audit.faults(stage.browser, "/fixture", is_new=True)


def check_the_good_page_has_no_fault(stage: Stage) -> None:
    assert faults(stage, good()) == []


def check_each_broken_page_has_its_fault(stage: Stage) -> None:
    missed = []
    for old, new, said in BROKEN:
        assert old in good(), old
        found = faults(stage, good().replace(old, new, 1))
        if not any(said in one for one in found):
            missed.append(f"{new!r} should give {said!r} and gives {found}")
    assert not missed, "\n".join(missed)


def check_what_leaves_the_origins_is_seen(stage: Stage) -> None:
    elsewhere = "http://127.0.0.1:9"
    traffic.requests(stage.browser)
    with shown(stage, good()):
        assert traffic.outward(traffic.requests(stage.browser), {stage.host.origin}) == []
    for page in (
        good().replace("<main>", f'<main><img alt="Away" src="{elsewhere}/pixel.gif">'),
        good().replace("<script>", f"<script>fetch('{elsewhere}/beacon').catch(() => 0);"),
    ):
        with shown(stage, page):
            sent: list[dict[str, object]] = []
            wait(lambda: sent.extend(traffic.requests(stage.browser)) or traffic.outward(sent, {stage.host.origin}),
                 "a request to elsewhere")
    stage.browser.log("browser")


def check_what_the_console_says_is_seen(stage: Stage) -> None:
    stage.browser.log("browser")
    with shown(stage, good()):
        assert traffic.complaints(stage.browser) == []
    policy = {"content-security-policy": "default-src 'self'; style-src 'unsafe-inline'; img-src data:"}
    for page, headers, said in (
        (good(), policy, "Content Security Policy"),
        (good().replace("<script>", "<script>undefined.x;"), {}, "TypeError"),
        (good().replace("<script>", "<script>console.error('broken');"), {}, "broken"),
        (good().replace("<script>", "<script>Promise.reject(new Error('nobody waits'));"), {}, "nobody waits"),
    ):
        with shown(stage, page, headers):
            found: list[str] = []
            wait(lambda: found.extend(traffic.complaints(stage.browser)) or any(said in one for one in found), said)


def check_messages_that_no_sdk_knows_are_seen(stage: Stage) -> None:
    finished = {
        "status": "success", "txId": "a", "fromAddress": "b", "toAddress": "c", "symbol": "USDC", "amount": 1,
        "networkId": "e3c7fdd8-b1fc-4e51-85ae-bb276e075611",
    }
    assert protocol.complaints([{"type": "loaded"}, {"type": "transferFinished", "payload": finished}]) == []
    for message in (
        {"type": "Loaded"},
        {"type": "pageLoaded"},
        {"type": "loaded", "payload": {"x": 1}},
        {"type": "loaded", "extra": 1},
        {"type": "transferFinished"},
        {"type": "transferFinished", "payload": {**finished, "amount": "1"}},
        {"type": "transferFinished", "payload": {**finished, "txHash": None}},
        {"type": "transferFinished", "payload": {**finished, "password": "Pass123"}},
        {"type": "transferFinished", "payload": {**finished, "networkId": "Base"}},
        {"type": "close", "payload": {}},
        "loaded",
    ):
        assert len(protocol.complaints([message])) == 1, message
