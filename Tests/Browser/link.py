"""Link as a person meets it: screens by their headings, controls by their names. Every screen that comes is judged."""

from pathlib import Path
from typing import Any, Callable

import audit
import protocol
import traffic
from merchant import service
from stage import Stage
from webdriver import Element, wait

SHOTS = Path(__file__).resolve().parents[2] / ".build" / "screenshots"
FRAME_PATH = "/b2b-iframe/"

# A refused call is the sandbox's answer to what a check did, and the browser notes each in its console.
REFUSED_CALL = r"/link/v1/\w+ - Failed to load resource: the server responded with a status of (401|403|404|410|422) "

_FIND = """
const [text, isPart, wanted] = arguments;
const clean = (one) => one.replace(/\\s+/g, " ").trim();
const name = (one) => clean(one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent);
const open = document.querySelector(":modal") ?? document;
const live = [...open.querySelectorAll(wanted)].filter((one) => one.checkVisibility({ visibilityProperty: true }));
return live.find((one) => name(one) === text)
  ?? (isPart ? live.find((one) => name(one).startsWith(text)) ?? live.find((one) => name(one).includes(text)) : null)
  ?? null;
"""


class Link:
    """One session of Link in a frame of the merchant's page."""

    def __init__(
        self, stage: Stage, label: str, look: str = "", expected: tuple[str, ...] = (), walks: bool = True
    ) -> None:
        """`look` says what is not as usual in how all screens are drawn: each is judged in full in each look, but for
        the way of the focus if it is the same as always (not `walks`).
        """
        self.stage, self.browser = stage, stage.browser
        self.label, self.look, self.expected = label, look, (REFUSED_CALL, *expected)
        self.walks = walks
        self.words: dict[str, str] = {}
        self.faults: list[str] = []
        self.steps = 0
        self.origins = {stage.host.origin, service().facts["sandboxUrl"]}
        # An embedded page leaves the focus with its host until a person comes in.
        self.leaves_focus = False
        # Nothing of an earlier page is to be taken for this session's.
        self.browser.enter(None)
        self.browser.open("about:blank")
        traffic.requests(self.browser)
        self.browser.log("browser")

    # Opening

    def open(self, token: str, **options: Any) -> "Link":
        """Opens Link on the merchant's page, as its SDK does, and goes into the frame."""
        self.browser.open(self.stage.host.origin + "/host.html")
        self.leaves_focus = options.get("renderType") == "embedded"
        self.browser.script("prepare(arguments[0], arguments[1])", token, options)
        self.browser.click(self.browser.all("#pay")[0])
        return self.enter("#mesh-link-popup__iframe, #embedded")

    def enter(self, *frames: str) -> "Link":
        """Goes into a frame inside a frame … and waits for its words."""
        self.browser.enter(None)
        for css in frames:
            [frame] = wait(lambda: self.browser.all(css), f"a frame {css}")
            self.browser.enter(frame)
        wait(lambda: self.heading() is not None, lambda: f"a screen of Link; it says {self.told()}")
        self.load_words()
        return self

    def load_words(self) -> None:
        """The texts of the page in its language, from the page itself."""
        load = """
          const done = arguments[0];
          const load = (name) => import(`/link/assets/text-${name}.js`).then((file) => file.default);
          const own = load(document.documentElement.lang.split("-")[0]);
          Promise.all([load("en"), own]).then(([all, mine]) => done({ ...all, ...mine }), () => done(null));
        """
        self.words = wait(lambda: self.browser.promised(load), "the page's texts")

    def t(self, key: str, **values: Any) -> str:
        assert key in self.words, f"the page has no text {key}"
        text = self.words[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    # Looking

    def heading(self) -> str | None:
        found = self.browser.script('return [...document.querySelectorAll("h1")].map((one) => one.textContent.trim())')
        return found[0] if found else None

    def told(self) -> str:
        try:
            text = self.browser.script("return document.body?.innerText ?? ''")
        except Exception as problem:  # Whatever it is, the reason to look is the one to tell.
            return str(problem)
        return " | ".join(text.split("\n"))[:600]

    def sees(self, text: str) -> bool:
        return text in self.browser.script("return document.body.innerText")

    def screen(self, key: str, **values: Any) -> "Link":
        """Waits for the screen whose heading is a text of the page, and judges it."""
        text = self.t(key, **values)
        wait(lambda: self.heading() == text, lambda: f"the screen “{text}”; the page says {self.told()}")
        return self.judge(key)

    def judge(self, name: str, has_focus: bool = True, where: str = FRAME_PATH) -> "Link":
        """Takes a picture of what is shown and notes what is wrong with it. `has_focus`: the screen is new."""
        self.settle()
        self.steps += 1
        self.shoot(f"{self.steps:02d}-{name}")
        mark = (name, self.look)
        is_new = mark not in self.stage.judged
        self.stage.judged.add(mark)
        leaves = self.leaves_focus and self.steps == 1
        wrong = audit.faults(self.browser, where, is_new=is_new, has_focus=has_focus and not leaves, walks=self.walks)
        self.faults += [f"screen {name}: {one}" for one in wrong]
        return self

    def settle(self) -> None:
        """Waits for what moves: a colour in the middle of a transition is nobody's design."""
        moving = "return document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity"
        wait(lambda: not self.browser.script(moving + " && one.playState === 'running').length"), "the end of movement")

    def shoot(self, step: str) -> None:
        self.browser.screenshot(SHOTS / f"{self.label}-{step}-{self.stage.width}.png")

    # Doing

    def find(self, text: str, wanted: str, is_part: bool = False) -> Element | None:
        return self.browser.script(_FIND, text, is_part, wanted)

    def press(self, key: str, **values: Any) -> "Link":
        """Presses the button whose name is a text of the page."""
        return self.choose(self.t(key, **values), is_part=False)

    def choose(self, text: str, is_part: bool = True) -> "Link":
        """Presses a button by its name or, of an entry of a list, a part of it."""
        button = wait(
            lambda: self.find(text, "button, summary, a[href]", is_part),
            lambda: f"a button “{text}”; the page says {self.told()}",
        )
        self.browser.click(button)
        return self

    def fill(self, key: str, text: str, **values: Any) -> "Link":
        label = self.t(key, **values)
        field = wait(lambda: self.find(label, "input, textarea", True), f"a field “{label}”")
        self.browser.clear(field)
        self.browser.type(field, text)
        return self

    def awaits(self, condition: Callable[[], Any], what: str) -> "Link":
        wait(condition, lambda: f"{what}; the page says {self.told()}")
        return self

    # What the merchant's page saw

    def log(self) -> dict[str, Any]:
        """The host page's account of the session. The browser is at the top after it."""
        self.browser.enter(None)
        return self.browser.script("return window.log")

    def exited(self) -> dict[str, Any]:
        """Waits until Link is gone from the merchant's page, and gives the log."""
        self.browser.enter(None)
        wait(lambda: self.browser.script("return window.log.exits.length > 0"), "the end of Link")
        return self.log()

    def finish(self) -> None:
        """Fails with everything that was wrong in this session, whatever the journey itself asked for."""
        wrong = list(self.faults)
        log = self.log()
        if log is not None:
            wrong += protocol.complaints(log["messages"])
            wrong += [f"a message from {one}" for one in log["refused"]]
            sent = [one["type"] for one in log["messages"]]
            wrong += [f"{one} is sent, which the SDK makes itself" for one in protocol.DERIVED if one in sent]
        wrong += traffic.complaints(self.browser, self.expected)
        wrong += traffic.outward(traffic.requests(self.browser), self.origins)
        assert not wrong, f"{self.label}:\n  " + "\n  ".join(dict.fromkeys(wrong))
