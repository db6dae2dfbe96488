"""The demo shop of `subgate dev`, as someone tries it who has never heard of Subgate."""

from typing import Any

from link import Link
from merchant import control, eventually, service
from stage import Stage
from walk import pay, pick, sign_in
from webdriver import wait

FRAME = "iframe#mesh-link-popup__iframe"


def visited(stage: Stage, label: str) -> Link:
    """The shop's page, judged. No page of these checks is around it."""
    link = Link(stage, label, expected=(r"/webhooks - Failed to load resource: .* status of 401 ",))
    link.origins = {service().facts["shopUrl"], service().facts["sandboxUrl"]}
    link.browser.open(service().facts["shopUrl"])
    link.browser.script("sessionStorage.clear()")
    wait(lambda: link.browser.all("#pay-mug"), "something to buy")
    return link


def order_status(link: Link) -> str:
    return link.browser.script('return document.getElementById("order-status").dataset.status')


def bought(link: Link, sku: str) -> Link:
    """From the Pay button to Link's last screen."""
    link.browser.click(link.browser.all(f"#pay-{sku}")[0])
    link.enter(FRAME)
    link.awaits(lambda: link.sees("Coinbase"), "the catalogue").judge("catalogue")
    pay(sign_in(pick(link)))
    return link.screen("sentPayment")


def judged(link: Link, name: str) -> Link:
    return link.judge(name, has_focus=False, where=service().facts["shopUrl"])


def check_a_stranger_buys_in_the_demo_shop(stage: Stage) -> None:
    link = judged(visited(stage, "shop"), "front")
    bought(link, "mug").press("done")
    link.browser.enter(None)
    wait(lambda: not link.browser.all(FRAME), "the shop without Link")
    wait(lambda: order_status(link) == "paid", lambda: f"a paid order: {link.told()}")
    wait(lambda: link.browser.script(
        'return [1, 2, 3, 4].every((step) => document.getElementById(`step-${step}`).dataset.state === "done")'),
        lambda: f"four steps done: {link.told()}")
    judged(link, "paid")
    # A cheat's webhook changes nothing, and says so.
    link.browser.click(link.browser.all("#forge")[0])
    told = 'return document.getElementById("forge-result").textContent'
    wait(lambda: "401" in link.browser.script(told), "a refusal")
    assert order_status(link) == "paid"
    judged(link, "forged")
    for opened in link.browser.all("details > summary"):
        link.browser.click(opened)
    judged(link, "details")
    # The shop comes back to the order after a reload.
    link.browser.call("POST", "/refresh")
    wait(lambda: order_status(link) == "paid", "the order after a reload")
    link.finish()


def check_a_shop_without_a_payment_stays_unpaid(stage: Stage) -> None:
    link = visited(stage, "shop-left")
    link.browser.click(link.browser.all("#pay-beans")[0])
    link.enter(FRAME)
    link.awaits(lambda: link.sees("Coinbase"), "the catalogue").press("close")
    link.browser.enter(None)
    wait(lambda: not link.browser.all(FRAME), "the shop without Link")
    assert order_status(link) == "waiting", link.told()
    judged(link, "waiting")
    link.finish()


def alone_the_shop_believes_the_webhook(stage: Stage) -> None:
    """Run alone: the rule holds for whoever pays next."""
    control("PUT", "/sandbox/v1/faults", {"rules": [{"uses": 1, "webhooks": {"delayMs": 3_600_000}}]})
    try:
        link = visited(stage, "shop-late")
        bought(link, "beans").press("done")
        link.browser.enter(None)
        wait(lambda: not link.browser.all(FRAME), "the shop without Link")
        assert order_status(link) == "waiting", link.told()
        judged(link, "unpaid")
        control("POST", "/sandbox/v1/clock/advance", {"seconds": 3_600})
        wait(lambda: order_status(link) == "paid", lambda: f"a paid order: {link.told()}")
        link.finish()
    finally:
        reset()


def reset() -> Any:
    """The sandbox as it was: no rule waits, and its clock shows the machine's time."""
    control("POST", "/sandbox/v1/reset", {})
    return eventually(lambda: control("GET", "/sandbox/v1/clock")["offsetSeconds"] == 0, "the machine's time")
