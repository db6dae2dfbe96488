"""Payment links: the page that hosts Link for merchants without one, and what it must not host."""

import base64
from typing import Any
from urllib.parse import quote

from link import Link
from merchant import payment, service, to_address
from stage import Stage
from walk import pay, pick, settled, sign_in

PAGE = "/paylink?"


def opened(stage: Stage, label: str) -> tuple[Link, str, str]:
    """A payment link in the browser, with its order and its address."""
    order = stage.merchant.order(label)
    body = payment(order, to_address(), amountInFiat=27.5, generatePayLink=True)
    address = stage.merchant.mint(body)["paymentLink"]
    link = Link(stage, label)
    link.origins = {service().facts["sandboxUrl"]}
    link.browser.open(address)
    return link.enter("iframe"), order, address


def ended(link: Link, title: str) -> Link:
    """Waits for the payment link's own page to say how it came out."""
    link.browser.enter(None)
    text = link.t(title)
    link.awaits(lambda: link.heading() == text, f"the page “{text}”")
    return link.judge(title, where=PAGE)


def check_a_payment_link_is_paid(stage: Stage) -> None:
    link, order, address = opened(stage, "paylink")
    pay(sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name))))
    link.screen("sentPayment").press("done")
    ended(link, "paylinkSuccess").finish()
    record = stage.merchant.await_transfer(order, "succeeded")
    payload: dict[str, Any] = {
        "transferId": record["id"], "symbol": "USDC", "networkName": record["networkName"],
        "toAddress": to_address()["address"], "amount": record["destinationAmount"],
    }
    settled(stage.merchant, order, payload)
    # Whoever opens it again is told that it was used.
    link.browser.open(address)
    link.enter("iframe").screen("usedTitle").finish()


def check_a_payment_link_that_is_left(stage: Stage) -> None:
    link, order, _ = opened(stage, "paylink-left")
    link.screen("titlePayment", merchant=stage.merchant.name).press("close")
    ended(link, "paylinkLeft").finish()
    assert stage.merchant.transfer(order) is None


def check_a_payment_link_hosts_nothing_of_others(stage: Stage) -> None:
    link, _, address = opened(stage, "paylink-bad")
    base, sandbox = address.split("linkToken=")[0], service().facts["sandboxUrl"]
    path = "/b2b-iframe/x/broker-connect?auth_code=abc"
    tokens = {
        "javascript": "javascript:alert(document.domain)",
        "javascript-late": f"javascript://{sandbox.removeprefix('http://')}{path}%0Aalert(1)",
        "data": "data:text/html,<script>alert(1)</script>",
        "other-origin": "https://evil.example" + path,
        "user-info": sandbox.replace("http://", "http://127.0.0.1@evil.example:80/") + path,
        "other-path": sandbox + "/sandbox/v1/clock",
    }
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in tokens.items()}
    for name, token in {**encoded, "nonsense": "%%%", "empty": ""}.items():
        link.browser.open(base + "linkToken=" + quote(token, safe=""))
        link.awaits(lambda: link.heading() == link.t("paylinkInvalid"), f"a refusal of {name}")
        assert link.browser.all("iframe") == [], f"{name} is framed"
    link.judge("paylinkInvalid", where=PAGE).finish()
