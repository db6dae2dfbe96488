"""Journeys that move money from an exchange."""

from typing import Any

from link import Link
from merchant import ADDRESSES, NETWORKS, at_sandbox, payment, to_address
from stage import Stage
from walk import done, finished, in_order, pay, pick, render, settled, sign_in


def bought(stage: Stage, label: str, body: dict[str, Any], title: str, **options: Any) -> Link:
    """The shortest way: one address, a fixed amount, a full account."""
    link = Link(stage, label).open(stage.merchant.token(body), **options)
    pick(link.screen(title, merchant=stage.merchant.name))
    return pay(sign_in(link))


def check_a_payment_of_a_fixed_amount(stage: Stage) -> None:
    order = stage.merchant.order("payment")
    body = payment(order, to_address(), amountInFiat=25.5)
    link = bought(stage, "payment", body, "titlePayment", **render(stage))
    link.screen("sentPayment")
    assert link.sees("25.5"), link.told()
    log = done(link)
    in_order(
        log, "pageLoaded", "homePageLoaded", "methodSelected", "integrationSelected", "credentialsEntered",
        "integrationMfaRequired", "integrationMfaEntered", "integrationConnected", "transferStarted",
        "transferPreviewed", "transferMfaRequired", "transferMfaEntered", "transferInitiated", "transferCompleted",
    )
    payload = finished(
        log, status="success", symbol="USDC", networkId=NETWORKS["Ethereum"], toAddress=ADDRESSES["Ethereum"]
    )
    # Mesh knows the order and the customer by names that Subgate gave them, and tells the page those.
    assert payload["clientTransactionId"] not in (None, order) and payload["userId"] != "customer-7", payload
    assert payload["amountInFiat"] == 25.5, payload
    [end] = log["exits"]
    assert end["summary"]["page"] == "transferExecutedPage", end
    assert end["summary"]["transfer"]["transactionId"] == payload["clientTransactionId"], end
    link.finish()
    record = settled(stage.merchant, order, payload)
    assert (record["transferType"], record["amountInFiat"]) == ("payment", 25.5), record


def check_a_deposit(stage: Stage) -> None:
    order = stage.merchant.order("deposit")
    body = payment(order, to_address("Base", amount=12.25), transferType="deposit")
    link = bought(stage, "deposit", body, "titleDeposit")
    log = done(link.screen("sentDeposit"))
    payload = finished(log, symbol="USDC", amount=12.25, networkId=NETWORKS["Base"])
    link.finish()
    assert settled(stage.merchant, order, payload)["transferType"] == "deposit"


def check_an_onramp_at_the_exchange_that_the_merchant_named(stage: Stage) -> None:
    order = stage.merchant.order("onramp")
    catalogue = stage.merchant.call("getIntegrations", 200).json["content"]["items"]
    coinbase = next(one["id"] for one in catalogue if one["name"] == "Coinbase")
    body = {**payment(order, to_address(), transferType="onramp", amountInFiat=40), "integrationId": coinbase}
    link = Link(stage, "onramp").open(stage.merchant.token(body), **render(stage))
    pay(sign_in(link.screen("loginTitle", name="Coinbase")))
    payload = finished(done(link.screen("sentOnramp")), amountInFiat=40)
    link.finish()
    assert settled(stage.merchant, order, payload)["transferType"] == "onramp"


def check_a_payment_of_a_typed_amount(stage: Stage) -> None:
    order = stage.merchant.order("typed")
    link = Link(stage, "typed").open(stage.merchant.token(payment(order, to_address())))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)))
    link.screen("amountTitle")
    field = "amountIn"
    for text, problem in (("", "errorMissing"), ("0", "amountZero"), ("1,2,3x", "amountForm")):
        link.fill(field, text, unit="USD").press("continue")
        link.awaits(lambda: link.sees(link.t(problem)), f"the complaint {problem}")
    link.judge("amountRefused", has_focus=False)
    link.fill(field, "31.40", unit="USD").press("continue")
    pay(link)
    payload = finished(done(link.screen("sentPayment")), symbol="USDC")
    assert payload["amountInFiat"] == 31.4, payload
    link.finish()
    settled(stage.merchant, order, payload)


def check_a_choice_of_asset_and_network(stage: Stage) -> None:
    order = stage.merchant.order("choice")
    places = [to_address("Ethereum"), to_address("Base"), to_address("Polygon"), to_address("Ethereum", "ETH")]
    link = Link(stage, "choice").open(stage.merchant.token(payment(order, *places, amountInFiat=60)), **render(stage))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)))
    link.screen("assetsTitle").choose("USDC").screen("networksTitle").choose("Base")
    # Back leads to the choice and not out of the journey.
    link.screen("previewTitle").press("back").screen("networksTitle").choose("Base")
    pay(link)
    log = done(link.screen("sentPayment"))
    in_order(log, "transferAssetSelected", "transferNetworkSelected", "transferPreviewed", "transferCompleted")
    payload = finished(log, symbol="USDC", networkId=NETWORKS["Base"], toAddress=ADDRESSES["Base"])
    link.finish()
    settled(stage.merchant, order, payload)


def check_a_payment_in_another_asset_at_its_price(stage: Stage) -> None:
    order = stage.merchant.order("ether")
    places = [to_address("Ethereum"), to_address("Ethereum", "ETH")]
    link = Link(stage, "ether").open(stage.merchant.token(payment(order, *places, amountInFiat=60)))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)))
    pay(link.screen("assetsTitle").choose("ETH"))
    payload = finished(done(link.screen("sentPayment")), symbol="ETH")
    assert 0 < payload["amount"] < 1, payload
    link.finish()
    settled(stage.merchant, order, payload)


def check_smart_funding_of_an_account_with_cash_alone(stage: Stage) -> None:
    order = stage.merchant.order("funding")
    body = payment(order, to_address(), amountInFiat=35, fundingOptions={"enabled": True})
    link = Link(stage, "funding").open(stage.merchant.token(body), **render(stage))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)), "Mesh3")
    if link.awaits(lambda: link.heading() in (link.t("assetsTitle"), link.t("fundingTitle", symbol="USDC")),
                   "assets or funding").heading() == link.t("assetsTitle"):
        link.screen("assetsTitle").choose("USDC")
    link.screen("fundingTitle", symbol="USDC").press("continue")
    pay(link)
    log = done(link.screen("sentPayment"))
    in_order(log, "transferPreviewed", "fundingOptionsViewed", "executeFundingStep", "transferCompleted")
    previewed = next(one["payload"] for one in log["events"] if one["type"] == "transferPreviewed")
    assert previewed["cryptocurrencyFundingOptions"], previewed
    payload = finished(log, symbol="USDC")
    link.finish()
    record = settled(stage.merchant, order, payload)
    # Webhooks say nothing of the way the money went; the upstream's own record does.
    [upstream] = at_sandbox("getMeshTransfers", 200, Id=record["id"]).json["content"]["items"]
    assert upstream["isSmartFundingTransfer"] and upstream["fundingMethods"], upstream


def check_an_account_with_cash_alone_and_no_smart_funding(stage: Stage) -> None:
    body = payment(stage.merchant.order("cash"), to_address(), amountInFiat=35, fundingOptions={"enabled": False})
    link = Link(stage, "cash").open(stage.merchant.token(body))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)), "Mesh3")
    link.screen("noAssetsTitle")
    in_order(link.log(), "transferNoEligibleAssets")
    link.finish()


def check_an_empty_account(stage: Stage) -> None:
    order = stage.merchant.order("empty")
    link = Link(stage, "empty").open(stage.merchant.token(payment(order, to_address(), amountInFiat=35)))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)), "Mesh2")
    link.screen("noAssetsTitle").press("chooseOther").screen("titlePayment", merchant=stage.merchant.name)
    log = link.log()
    [told] = [one["payload"] for one in log["events"] if one["type"] == "transferNoEligibleAssets"]
    assert told["integrationName"] == "Coinbase" and isinstance(told["arrayOfTokensHeld"], list), told
    link.finish()
    assert stage.merchant.transfer(order) is None


def check_wrong_passwords_and_codes_can_be_mended(stage: Stage) -> None:
    order = stage.merchant.order("mended")
    link = Link(stage, "mended").open(stage.merchant.token(payment(order, to_address(), amountInFiat=20)))
    pick(link.screen("titlePayment", merchant=stage.merchant.name))
    link.press("signIn").awaits(lambda: link.sees(link.t("errorMissing")), "what is missing")
    link.judge("loginMissing", has_focus=False)
    link.fill("username", "Mesh").fill("password", "wrong").press("signIn")
    link.awaits(lambda: link.browser.script(_ALERT), "what is wrong with the password")
    link.judge("loginRefused", has_focus=False)
    link.fill("password", "Pass123").press("signIn").screen("mfaTitle")
    link.fill("code", "000000").press("continue")
    link.awaits(lambda: link.browser.script(_ALERT), "what is wrong with the code").judge("mfaRefused", has_focus=False)
    link.fill("code", "123456").press("continue")
    pay(link, "999999").awaits(lambda: link.browser.script(_ALERT), "what is wrong with the code")
    link.judge("transferMfaRefused", has_focus=False)
    log = done(link.fill("code", "123456").press("confirm").screen("sentPayment"))
    in_order(log, "integrationConnectionError", "integrationMfaEntered", "integrationConnected", "transferMfaEntered",
             "transferMfaEntered", "transferCompleted")
    payload = finished(log)
    link.finish()
    settled(stage.merchant, order, payload)


_ALERT = "return [...document.querySelectorAll('[role=alert]')].some((one) => one.textContent.trim())"
