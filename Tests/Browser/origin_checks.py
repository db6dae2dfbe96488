"""Where Link may be shown: on the merchant's own pages, if it named any."""

import base64
import time

import traffic
from link import Link
from merchant import Merchant, payment, to_address
from stage import Stage

# How long a frame that must stay silent is listened to.
SILENCE_SECONDS = 1


def check_a_page_that_is_not_allowed_shows_nothing(stage: Stage) -> None:
    merchant = Merchant("The guarded shop")
    merchant.brand(allowedOrigins=["https://shop.example", "http://127.0.0.1:1"])
    body = payment(merchant.order("guarded"), to_address(), amountInFiat=20)
    token = merchant.token(body)
    browser = stage.browser
    browser.log("browser")
    browser.open(stage.host.origin + "/host.html")
    browser.script("openLink(arguments[0], {})", token)
    time.sleep(SILENCE_SECONDS)
    log = browser.script("return window.log")
    assert log["messages"] == [] and log["exits"] == [], log
    said = traffic.complaints(browser)
    assert any("frame-ancestors" in one for one in said), said
    browser.open("about:blank")

    merchant.brand(allowedOrigins=["https://shop.example", stage.host.origin])
    link = Link(stage, "allowed").open(merchant.token(body))
    link.screen("titlePayment", merchant=merchant.name).finish()


def check_a_page_that_lies_about_its_origin_is_not_believed(stage: Stage) -> None:
    """What the SDK's message says counts only as far as the browser says the same."""
    merchant = Merchant("The second guarded shop")
    merchant.brand(allowedOrigins=[stage.host.origin])
    body = payment(merchant.order("lie"), to_address(), amountInFiat=20)
    link = Link(stage, "lie").open(merchant.token(body), claimedOrigin="https://bank.example")
    titles = {link.t("titlePayment", merchant=merchant.name): "titlePayment", link.t("originTitle"): "originTitle"}
    link.awaits(lambda: link.heading() in titles, "a screen")
    sent = [one["url"] for one in traffic.requests(stage.browser)]
    assert any(one.endswith("/link/v1/host") for one in sent), sent
    link.finish()


def check_a_token_that_is_no_address_of_the_web_is_refused_by_the_host(stage: Stage) -> None:
    """The host page of these checks behaves as the SDK does."""
    browser = stage.browser
    for text in ("javascript:alert(1)", "data:text/html,x", "nonsense"):
        browser.open(stage.host.origin + "/host.html")
        browser.script("openLink(arguments[0], {})", base64.b64encode(text.encode()).decode())
        assert browser.script("return window.log.exits") == [{"error": "Invalid link token!", "summary": None}]
        assert browser.all("iframe") == []
