"""Journeys with a wallet: proving whose it is, saying no, paying from it; and sending by hand."""

from typing import Any

from link import Link
from merchant import ADDRESSES, NETWORKS, payment, to_address
from stage import Stage
from walk import confirm, done, finished, in_order, render, settled, types

MESSAGE = "I am customer 7 of this shop, and this wallet is mine."


def verification(user: str, **more: Any) -> dict[str, Any]:
    options = {"message": MESSAGE, "verificationMethods": ["signedMessage"], **more}
    return {"userId": user, "verifyWalletOptions": options}


def connected(link: Link, wallet: str = "MetaMask") -> Link:
    """From the catalogue to what follows the wallet's yes, over the choice of a network where there is one."""
    link.choose(wallet)
    titles = (link.t("walletTitle", name=wallet), link.t("walletNetworkTitle"))
    link.awaits(lambda: link.heading() in titles, "the wallet")
    if link.heading() == titles[1]:
        link.screen("walletNetworkTitle").choose("EVM")
    return link.screen("walletTitle", name=wallet).press("approve")


def check_a_wallet_is_verified_by_a_signature(stage: Stage) -> None:
    user = stage.merchant.order("signer")
    link = Link(stage, "verify").open(stage.merchant.token(verification(user)), **render(stage))
    connected(link.screen("titleVerify", merchant=stage.merchant.name)).screen("signTitle")
    assert link.sees(MESSAGE), link.told()
    log = done(link.press("sign").screen("verifiedTitle"))
    in_order(log, "integrationConnected", "walletMessageSigned", "verifyDonePage")
    [signed] = [one["payload"] for one in log["events"] if one["type"] == "walletMessageSigned"]
    assert signed["isVerified"] and signed["message"] == MESSAGE, signed
    assert log["exits"][0]["summary"]["page"] == "verifyDonePage", log["exits"]
    [account] = log["connected"][0]["accessToken"]["accountTokens"]
    assert "tokenId" not in account, "a wallet has no tokenId"
    link.finish()
    [stored] = stage.merchant.call("getWalletVerifications", 200, UserId=user).json["content"]["verifications"]
    assert stored["signedMessageHash"] == signed["signedMessageHash"], stored
    assert (stored["address"], stored["message"]) == (signed["address"], MESSAGE), stored


def check_a_refused_signature_verifies_nothing(stage: Stage) -> None:
    user = stage.merchant.order("refuser")
    link = Link(stage, "refused").open(stage.merchant.token(verification(user)))
    connected(link.screen("titleVerify", merchant=stage.merchant.name)).screen("signTitle")
    link.press("decline").screen("declinedSignTitle")
    log = link.log()
    in_order(log, "integrationConnected", "verifyWalletRejected")
    assert "walletMessageSigned" not in types(log)
    link.finish()
    content = stage.merchant.call("getWalletVerifications", 200, UserId=user).json["content"]
    assert content == {"verifications": []}, content


def check_a_wallet_that_is_not_the_expected_one_is_told(stage: Stage) -> None:
    user = stage.merchant.order("stranger")
    body = verification(user, addresses=[ADDRESSES["Ethereum"]], networkType="evm")
    link = Link(stage, "mismatch").open(stage.merchant.token(body))
    connected(link.screen("titleVerify", merchant=stage.merchant.name)).screen("signTitle").press("sign")
    link.screen("mismatchTitle")
    log = link.log()
    assert not next(one["payload"]["isVerified"] for one in log["events"] if one["type"] == "walletMessageSigned")
    in_order(log, "walletMessageSigned", "defiWalletError")
    link.finish()


def check_a_refused_connection_leads_back(stage: Stage) -> None:
    body = payment(stage.merchant.order("no"), to_address(), amountInFiat=20)
    link = Link(stage, "declined").open(stage.merchant.token(body))
    link.screen("titlePayment", merchant=stage.merchant.name).choose("MetaMask")
    link.screen("walletTitle", name="MetaMask").press("decline").screen("declinedConnectTitle")
    in_order(link.log(), "integrationSelected", "connectionDeclined")
    link.finish()


def check_a_payment_from_a_verified_wallet(stage: Stage) -> None:
    order = stage.merchant.order("wallet")
    body = {**payment(order, to_address(), amountInFiat=24), **verification("customer-7")}
    link = Link(stage, "wallet").open(stage.merchant.token(body), **render(stage))
    connected(link.screen("titlePayment", merchant=stage.merchant.name)).screen("signTitle").press("sign")
    confirm(link.screen("previewTitle")).screen("walletConfirmTitle", name="MetaMask").press("approve")
    log = done(link.screen("sentPayment"))
    in_order(log, "walletMessageSigned", "transferPreviewed", "transferInitiated", "transferCompleted")
    payload = finished(log, symbol="USDC", networkId=NETWORKS["Ethereum"])
    link.finish()
    settled(stage.merchant, order, payload)


def check_a_transfer_declined_in_the_wallet_is_not_made(stage: Stage) -> None:
    order = stage.merchant.order("unsigned")
    link = Link(stage, "unsigned").open(stage.merchant.token(payment(order, to_address(), amountInFiat=24)))
    connected(link.screen("titlePayment", merchant=stage.merchant.name))
    confirm(link.screen("previewTitle")).screen("walletConfirmTitle", name="MetaMask").press("decline")
    link.screen("declinedTransferTitle")
    log = link.log()
    in_order(log, "transferPreviewed", "transferDeclined")
    assert log["finished"] == [], log["finished"]
    link.finish()
    assert stage.merchant.transfer(order) is None


def check_sending_by_hand(stage: Stage) -> None:
    order = stage.merchant.order("manual")
    body = payment(order, to_address(amount=18), transferType="deposit")
    link = Link(stage, "manual").open(stage.merchant.token(body), **render(stage))
    link.screen("titleDeposit", merchant=stage.merchant.name).choose(link.t("manualTitle"))
    link.screen("manualScreenTitle", symbol="USDC")
    link.awaits(lambda: link.browser.all("img.qr, svg.qr"), "the address as a picture")
    shown = link.browser.script("return document.querySelector('code.address').textContent.trim()")
    link.judge("manualAddress", has_focus=False).press("sentIt")
    titles = (link.t("sentDeposit"), link.t("pendingTitle"))
    link.awaits(lambda: link.heading() in titles, "the outcome")
    log = done(link.screen("sentDeposit" if link.heading() == titles[0] else "pendingTitle"))
    in_order(log, "methodSelected", "linkTransferQRGenerated", "transferCompleted")
    [drawn] = [one["payload"] for one in log["events"] if one["type"] == "linkTransferQRGenerated"]
    assert drawn["toAddress"] == shown and drawn["token"] == "USDC", drawn
    payload = finished(log, symbol="USDC", toAddress=shown)
    link.finish()
    settled(stage.merchant, order, payload)
