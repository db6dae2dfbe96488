"""Journeys around an account: connecting it alone, coming back to it, leaving before the end, keyboard and search."""

from link import Link
from merchant import payment, to_address
from stage import Stage
from walk import CODE, PASSWORD, done, finished, in_order, pay, pick, render, settled, sign_in
from webdriver import Browser


def check_connecting_alone_for_a_withdrawal(stage: Stage) -> None:
    link = Link(stage, "connect").open(stage.merchant.token({"userId": "customer-9"}), **render(stage))
    sign_in(pick(link.screen("titleConnect", merchant=stage.merchant.name)))
    log = done(link.screen("connectedTitle"))
    assert log["finished"] == [] and len(log["connected"]) == 1, log
    [account] = log["connected"][0]["accessToken"]["accountTokens"]
    assert account["accessToken"] and account["tokenId"], account
    assert log["connected"][0]["accessToken"]["brokerName"] == "Coinbase", log["connected"]
    assert log["exits"][0]["summary"]["page"] == "integrationConnectedPage", log["exits"]
    link.finish()


def check_a_returning_customer_needs_no_password(stage: Stage) -> None:
    first = stage.merchant.order("first")
    body = payment(first, to_address(), amountInFiat=22, user="customer-back")
    link = Link(stage, "first").open(stage.merchant.token(body))
    pay(sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name))))
    kept = done(link.screen("sentPayment"))["connected"][0]["accessToken"]
    link.finish()
    [token] = kept["accountTokens"]
    stored = {
        "accountId": token["account"]["accountId"], "accountName": token["account"]["accountName"],
        "accessToken": token["tokenId"], "brokerType": kept["brokerType"], "brokerName": kept["brokerName"],
    }

    order = stage.merchant.order("back")
    body = payment(order, to_address(), amountInFiat=23, user="customer-back")
    link = Link(stage, "back").open(stage.merchant.token(body), accessTokens=[stored])
    pay(link)
    log = done(link.screen("sentPayment"))
    assert "credentialsEntered" not in [one["type"] for one in log["events"]], log["events"]
    payload = finished(log)
    link.finish()
    settled(stage.merchant, order, payload)

    # Of another customer the same token is worth nothing.
    body = payment(stage.merchant.order("thief"), to_address(), amountInFiat=23, user="customer-other")
    link = Link(stage, "thief").open(stage.merchant.token(body), accessTokens=[stored])
    link.screen("titlePayment", merchant=stage.merchant.name).finish()


def check_leaving_asks_first_where_something_would_be_lost(stage: Stage) -> None:
    body = payment(stage.merchant.order("left"), to_address(), amountInFiat=20)
    link = Link(stage, "left").open(stage.merchant.token(body))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)))
    link.screen("previewTitle").press("close")
    link.awaits(lambda: link.sees(link.t("leaveText")), "the question").judge("leave", has_focus=False)
    link.press("leaveNo").screen("previewTitle")
    # The merchant's page may ask the same.
    link.browser.enter(None)
    link.browser.script("closeLinkRequested()")
    link.browser.enter(link.browser.all("iframe")[0])
    log = link.press("leaveYes").exited()
    [end] = log["exits"]
    assert end["summary"]["page"] == "transferPreviewPage", end
    assert log["messages"][-1]["type"] == "close", log["messages"][-1]
    link.finish()


def check_the_catalogue_is_searched(stage: Stage) -> None:
    body = payment(stage.merchant.order("search"), to_address(), amountInFiat=20)
    link = Link(stage, "search").open(stage.merchant.token(body), **render(stage))
    link.screen("titlePayment", merchant=stage.merchant.name)
    link.fill("search", "coinb").awaits(lambda: not link.sees("Binance"), "only what was searched for")
    link.judge("searchFound", has_focus=False)
    link.fill("search", "qqq").awaits(lambda: link.sees(link.t("nothingFound", search="qqq")), "nothing found")
    link.judge("searchEmpty", has_focus=False)
    link.press("clearSearch").awaits(lambda: link.sees("Binance"), "all of them again")
    pick(link)
    log = link.log()
    [selected] = [one["payload"] for one in log["events"] if one["type"] == "integrationSelected"]
    assert selected["integrationName"] == "Coinbase", selected
    link.finish()


def check_a_whole_payment_by_keyboard(stage: Stage) -> None:
    order = stage.merchant.order("keys")
    link = Link(stage, "keys").open(stage.merchant.token(payment(order, to_address(), amountInFiat=21)))
    link.screen("titlePayment", merchant=stage.merchant.name)
    reach(link, "Coinbase").press("Enter")
    link.screen("loginTitle", name="Coinbase")
    reach(link, link.t("username")).write("Mesh")
    link.browser.press("Tab")
    link.browser.write(PASSWORD)
    link.browser.press("Enter")
    link.screen("mfaTitle")
    reach(link, link.t("code")).write(CODE)
    link.browser.press("Enter")
    link.screen("previewTitle")
    reach(link, link.t("confirmPay").split("{")[0].strip()).press("Space")
    link.screen("transferMfaTitle")
    reach(link, link.t("code")).write(CODE)
    link.browser.press("Enter")
    link.screen("sentPayment")
    reach(link, link.t("done")).press("Enter")
    payload = finished(link.exited())
    link.finish()
    settled(stage.merchant, order, payload)


def reach(link: Link, name: str) -> Browser:
    """Presses Tab until the control with this accessible name has the focus, and gives the keyboard."""
    for _ in range(40):
        link.browser.press("Tab")
        if link.browser.focused_name().startswith(name):
            return link.browser
    raise AssertionError(f"Tab never comes to {name}; the page says {link.told()}")


def check_events_come_in_the_order_of_the_journey(stage: Stage) -> None:
    link = Link(stage, "events").open(stage.merchant.token({"userId": "customer-9"}))
    pick(link.screen("titleConnect", merchant=stage.merchant.name))
    link.press("back").screen("titleConnect", merchant=stage.merchant.name)
    log = link.press("close").exited()
    in_order(log, "pageLoaded", "homePageLoaded", "integrationSelected", "homePageLoaded")
    assert log["exits"][0]["summary"]["page"] == "integrationsCatalogPage", log["exits"]
    link.finish()
