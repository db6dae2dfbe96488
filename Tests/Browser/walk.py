"""The ways through Link that several journeys share."""

from typing import Any

from link import Link
from merchant import Merchant
from stage import Stage

PASSWORD = "Pass123"
CODE = "123456"


def pick(link: Link, exchange: str = "Coinbase") -> Link:
    """From the catalogue to an exchange's own page."""
    return link.choose(exchange).screen("loginTitle", name=exchange)


def sign_in(link: Link, user: str = "Mesh", exchange: str = "Coinbase") -> Link:
    """Name, password and one-time code, from the exchange's page on."""
    link.fill("username", user).fill("password", PASSWORD).press("signIn").screen("mfaTitle")
    return link.fill("code", CODE).press("continue")


def confirm(link: Link) -> Link:
    """Presses the one main button of the quote, whose name has the amount in it."""
    [button] = link.browser.all("main button.primary")
    link.browser.click(button)
    return link


def pay(link: Link, code: str = CODE) -> Link:
    """From the quote to the outcome, with the code that the exchange asks for."""
    link.screen("previewTitle")
    confirm(link).screen("transferMfaTitle")
    return link.fill("code", code).press("confirm")


def done(link: Link) -> dict[str, Any]:
    """Leaves by Done; what the merchant's page was told."""
    log = link.press("done").exited()
    [end] = log["exits"]
    assert end["error"] is None, end
    return log


def types(log: dict[str, Any]) -> list[str]:
    return [one["type"] for one in log["events"]]


def in_order(log: dict[str, Any], *wanted: str) -> None:
    """Fails unless these events came, in this order; others may have come between them."""
    told = iter(types(log))
    for one in wanted:
        assert one in told, f"no {one} in its place: {types(log)}"


def finished(log: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    """The one `onTransferFinished`, with these members."""
    [payload] = log["finished"]
    assert {name: payload.get(name) for name in wanted} == wanted, payload
    return payload


def settled(merchant: Merchant, order: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What the server side knows of the transfer that the browser was told of: the API's record and the webhook."""
    record = merchant.await_transfer(order, "succeeded")
    assert record["id"] == payload["transferId"], (record, payload)
    for name, other in (("symbol", "symbol"), ("networkName", "networkName"), ("destinationAddress", "toAddress")):
        assert record[name] == payload[other], f"{name}: {record[name]} and not {payload[other]}"
    assert record["destinationAmount"] == payload["amount"], (record, payload)
    webhook = merchant.await_webhook(order, "succeeded")
    assert webhook["TransferId"] == payload["transferId"] and webhook["Token"] == payload["symbol"], webhook
    assert webhook["DestinationAmount"] == payload["amount"], (webhook, payload)
    return record


def render(stage: Stage) -> dict[str, Any]:
    """At a desk's width the merchant gives Link the whole page; the overlay is as narrow there as on a phone."""
    return {} if stage.is_phone else {"renderType": "embedded"}
