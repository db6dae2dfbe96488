"""The console, as the PSP's people use it: what each role sees and may do, by hand and by forged forms."""

import http.client
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import audit
from link import SHOTS
from merchant import admin, eventually, service
from stage import Stage
from traffic import complaints, outward, requests
from webdriver import Element, wait

_FIND = """
const [text, wanted] = arguments;
const name = (one) => (one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent).trim();
const live = [...document.querySelectorAll(wanted)].filter((one) => one.checkVisibility({ visibilityProperty: true }));
return live.find((one) => name(one) === text) ?? live.find((one) => name(one).startsWith(text)) ?? null;
"""
# A refused sign-in and a refused form are what a check asked for, and the browser notes each.
REFUSED = r"/console/\S* - Failed to load resource: the server responded with a status of (401|403|404) "


class Console:
    """One person at one browser. Every page that comes is judged."""

    def __init__(self, stage: Stage, label: str) -> None:
        self.stage, self.browser, self.label = stage, stage.browser, label
        self.origin = service().facts["adminUrl"]
        self.faults: list[str] = []
        self.steps = 0
        self.browser.enter(None)
        self.browser.open(self.origin + "/console/assets/console.css")
        self.browser.cdp("Network.clearBrowserCookies")
        requests(self.browser)
        self.browser.log("browser")

    def open(self, path: str) -> "Console":
        self.browser.open(self.origin + path)
        return self

    def heading(self) -> str:
        return self.browser.script("return document.querySelector('h1')?.textContent.trim() ?? ''")

    def told(self) -> str:
        return " | ".join(self.browser.script("return document.body?.innerText ?? ''").split("\n"))[:600]

    def sees(self, text: str) -> bool:
        return text in self.browser.script("return document.body.innerText")

    def path(self) -> str:
        return urlsplit(self.browser.script("return location.href")).path

    def find(self, text: str, wanted: str = "button, summary, a[href]") -> Element | None:
        return self.browser.script(_FIND, text, wanted)

    def choose(self, text: str) -> "Console":
        self.browser.click(wait(lambda: self.find(text), lambda: f"a button “{text}”; the page says {self.told()}"))
        return self

    def fill(self, label: str, text: str) -> "Console":
        field = wait(lambda: self.find(label, "input, select"), f"a field “{label}”")
        self.browser.type(field, text)
        return self

    def awaits(self, heading: str) -> "Console":
        wait(lambda: self.heading() == heading, lambda: f"the page “{heading}”; it says {self.told()}")
        return self

    def judge(self, name: str, walks: bool = True) -> "Console":
        self.steps += 1
        if pause := self.find("Pause updates"):
            self.browser.click(pause)
        self.browser.script("document.getElementById('main').focus()")
        self.browser.screenshot(SHOTS / f"{self.label}-{self.steps:02d}-{name}-{self.stage.width}.png")
        mark = (name, "console")
        is_new = mark not in self.stage.judged
        self.stage.judged.add(mark)
        wrong = audit.faults(self.browser, self.origin, is_new=is_new, walks=walks)
        if is_new:
            wrong += [f"in the dark {one}" for one in self.in_the_dark()]
        self.faults += [f"page {name}: {one}" for one in wrong]
        if resume := self.find("Resume updates"):
            self.browser.click(resume)
        return self

    def in_the_dark(self) -> list[str]:
        scheme = {"name": "prefers-color-scheme", "value": "dark"}
        self.browser.cdp("Emulation.setEmulatedMedia", features=[scheme])
        try:
            return audit.contrast_faults(self.browser)
        finally:
            self.browser.cdp("Emulation.setEmulatedMedia", features=[{**scheme, "value": ""}])

    def sign_in(self, key: str) -> "Console":
        self.open("/console/sign-in").fill("Admin key", key)
        return self.choose("Sign in").awaits("Sub-clients")

    def cookie(self) -> str:
        found = self.browser.cdp("Network.getCookies", urls=[self.origin + "/console"])["cookies"]
        [one] = [one for one in found if one["name"] == "subgate-console"]
        assert one["httpOnly"] and one["sameSite"] == "Strict", one
        return f"{one['name']}={one['value']}"

    def post(self, path: str, fields: dict[str, str], headers: dict[str, str]) -> int:
        """By hand, with the browser's cookie: the status."""
        line = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=10)
        try:
            sent = {"Cookie": self.cookie(), "Content-Type": "application/x-www-form-urlencoded", **headers}
            line.request("POST", path, urlencode(fields), sent)
            return line.getresponse().status
        finally:
            line.close()

    def finish(self) -> None:
        wrong = self.faults + complaints(self.browser, (REFUSED,))
        wrong += outward(requests(self.browser), {self.origin})
        assert not wrong, f"{self.label}:\n  " + "\n  ".join(dict.fromkeys(wrong))


def member_key(role: str, name: str) -> tuple[str, str, str]:
    """A new member's id, their key's id, and the key."""
    made = admin()("createMember", 201, body={"name": name, "role": role}).json["id"]
    key = admin()("createAdminKey", 201, made, body={"name": "console"}).json
    return made, key["id"], key["key"]


def delivered(stage: Stage) -> dict[str, Any]:
    """A delivery of the stage's merchant that its receiver has."""
    merchant = stage.merchant
    endpoint = merchant.call("listWebhookEndpoints", 200).json["data"][0]["id"]
    test = merchant.call("testWebhookEndpoint", 202, endpoint).json
    return eventually(
        lambda: (lambda one: one if one["status"] == "delivered" else None)(
            merchant.call("getDelivery", 200, test["id"]).json),
        "a delivered test")


def copies(stage: Stage, event: str) -> int:
    return len([one for one in list(stage.merchant.receiver.taken) if one.id == event])


def check_an_owner_walks_through_the_console(stage: Stage) -> None:
    delivery = delivered(stage)
    console = Console(stage, "console").open("/console/sub-clients").awaits("Sign in").judge("sign-in")
    console.fill("Admin key", "sk_admin_wrong").choose("Sign in")
    wait(lambda: console.sees("no admin key that works"), "a refusal")
    console.judge("refused", walks=False).sign_in(service().facts["adminKey"]).judge("sub-clients")
    console.fill("Name, at least", stage.merchant.name).choose("Filter")
    wait(lambda: "text=" in console.browser.script("return location.search"), "the filtered list")
    console.choose(stage.merchant.name).awaits(stage.merchant.name).judge("sub-client")
    console.choose("Deliveries").awaits("Deliveries").judge("deliveries")
    console.open(f"/console/sub-clients/{stage.merchant.id}/deliveries/{delivery['id']}")
    console.awaits("Delivery of webhook.test").judge("delivery")
    assert console.sees("webhook-signature"), console.told()
    # The receiver gets it once more, and the page learns of the second attempt by itself.
    before = copies(stage, delivery["eventId"])
    console.choose("Send again now")
    wait(lambda: console.sees("It is due now"), lambda: f"a notice: {console.told()}")
    wait(lambda: copies(stage, delivery["eventId"]) == before + 1, "the repeated webhook")
    wait(lambda: console.sees("Attempt 2"), lambda: f"a second attempt: {console.told()}")
    console.judge("sent-again", walks=False)
    endpoint = delivery["endpointId"]
    console.open(f"/console/sub-clients/{stage.merchant.id}/endpoints/{endpoint}")
    wait(lambda: console.sees("Last hour"), "the endpoint's page")
    console.judge("endpoint")
    for part in ("Quarantine", "Upstreams", "Audit"):
        console.choose(part).awaits(part).judge(part.lower())
    console.open("/console/none").awaits("Not found").judge("nothing", walks=False)
    console.open("/console/audit").awaits("Audit").choose("Sign out").awaits("Sign in")
    console.open("/console/sub-clients").awaits("Sign in").finish()


def check_who_may_only_look_has_no_buttons_and_is_refused(stage: Stage) -> None:
    delivery = delivered(stage)
    path = f"/console/sub-clients/{stage.merchant.id}/deliveries/{delivery['id']}"
    _, _, key = member_key("compliance", "Reader")
    console = Console(stage, "console-reader").sign_in(key).open(path).awaits("Delivery of webhook.test")
    assert not console.find("Send again now") and not console.find("Replay"), console.told()
    console.judge("delivery-read-only")
    token = console.browser.script("return document.querySelector('input[name=form]').value")
    before = copies(stage, delivery["eventId"])
    own = {"Sec-Fetch-Site": "same-origin"}
    for act in ("retry", "replay"):
        assert console.post(f"{path}/{act}", {"form": token}, own) == 403
    # In the browser itself the refusal is a page that says why.
    console.browser.script(
        "const form = document.querySelector('form[action=\"/console/sign-out\"]');"
        "form.action = arguments[0]; form.requestSubmit();", f"{path}/retry")
    console.awaits("Forbidden").judge("forbidden", walks=False)
    assert console.sees("operateDeliveries"), console.told()
    assert copies(stage, delivery["eventId"]) == before
    console.finish()


def check_another_sites_form_does_nothing(stage: Stage) -> None:
    delivery = delivered(stage)
    path = f"/console/sub-clients/{stage.merchant.id}/deliveries/{delivery['id']}"
    console = Console(stage, "console-forged").sign_in(service().facts["adminKey"]).open(path)
    token = console.awaits("Delivery of webhook.test").browser.script(
        "return document.querySelector('input[name=form]').value")
    before = copies(stage, delivery["eventId"])
    for fields, headers in (
        ({"form": token}, {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}),
        ({"form": token}, {"Origin": "https://evil.example"}),
        ({"form": token}, {}),
        ({}, {"Sec-Fetch-Site": "same-origin"}),
        ({"form": token[::-1]}, {"Sec-Fetch-Site": "same-origin"}),
    ):
        assert console.post(f"{path}/retry", fields, headers) == 403, (fields, headers)
    # A page of another origin, in the very browser that is signed in, which even knows the token.
    console.browser.open(stage.host.origin + "/host.html")
    console.browser.script(
        """
        const form = document.createElement("form");
        [form.method, form.action] = ["post", arguments[0]];
        const field = form.appendChild(document.createElement("input"));
        [field.name, field.value] = ["form", arguments[1]];
        document.body.append(form);
        form.submit();
        """,
        f"{console.origin}{path}/retry", token)
    console.awaits("Forbidden")
    assert console.sees("nothing was done"), console.told()
    assert copies(stage, delivery["eventId"]) == before
    console.open(path).awaits("Delivery of webhook.test")
    assert not console.sees("Attempt 2"), console.told()


def check_a_session_ends_when_its_key_is_revoked(stage: Stage) -> None:
    member, key_id, key = member_key("support", "Leaver")
    console = Console(stage, "console-revoked").sign_in(key)
    assert re.search(r"Leaver\s*·\s*support", console.told()), console.told()
    assert not console.find("Audit"), "support sees the audit"
    admin()("revokeAdminKey", 204, member, key_id)
    console.open("/console/quarantine").awaits("Sign in")
    console.finish()
