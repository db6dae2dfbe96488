"""Outcomes that the sandbox forces by magic amounts: refusals, failures, and what hangs on."""

import base64
from typing import Any

from link import Link
from merchant import payment, to_address
from stage import Stage
from walk import confirm, done, finished, in_order, pay, pick, sign_in


def opened(stage: Stage, label: str, dollars: float) -> tuple[Link, str]:
    """A session of a payment of this amount, signed in."""
    order = stage.merchant.order(label)
    link = Link(stage, label).open(stage.merchant.token(payment(order, to_address(), amountInFiat=dollars)))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)))
    return link, order


def told(log: dict[str, Any], event: str) -> list[Any]:
    return [one["payload"] for one in log["events"] if one["type"] == event]


def check_a_quote_that_is_refused(stage: Stage) -> None:
    # 13.08: InsufficientFunds.
    link, order = opened(stage, "noquote", 13.08)
    link.screen("quoteFailedTitle").press("whatHappened")
    link.awaits(lambda: link.sees("InsufficientFunds"), "the code").judge("quoteFailedDetails", has_focus=False)
    link.press("chooseOther").screen("titlePayment", merchant=stage.merchant.name)
    log = link.log()
    assert len(told(log, "transferPreviewError")) == 1, log["events"]
    link.finish()
    assert stage.merchant.transfer(order) is None


def check_an_account_that_the_exchange_does_not_know_well_enough(stage: Stage) -> None:
    # 13.11: KycRequired.
    link, order = opened(stage, "kyc", 13.11)
    titles = {link.t(key): key for key in ("kycTitle", "quoteFailedTitle")}
    link.awaits(lambda: link.heading() in titles, "the refusal").screen(titles[link.heading() or ""])
    link.finish()
    assert stage.merchant.transfer(order) is None


def check_an_execution_that_is_refused(stage: Stage) -> None:
    # 13.34: AddressNotRegistered.
    link, order = opened(stage, "refusal", 13.34)
    confirm(link.screen("previewTitle"))
    titles = {link.t(key): key for key in ("failedTitle", "transferMfaTitle")}
    link.awaits(lambda: link.heading() in titles, "the refusal")
    if titles[link.heading() or ""] == "transferMfaTitle":
        link.screen("transferMfaTitle").fill("code", "123456").press("confirm")
    link.screen("failedTitle").press("whatHappened")
    link.awaits(lambda: link.sees("AddressNotRegistered"), "the code").judge("failedDetails", has_focus=False)
    log = link.log()
    assert len(told(log, "transferExecutionError")) == 1 and log["finished"] == [], log["events"]
    link.finish()
    transfer = stage.merchant.transfer(order)
    assert transfer is None or transfer["status"] == "failed", transfer


def check_a_transfer_that_fails_after_it_was_taken(stage: Stage) -> None:
    # 13.51: failed.
    link, order = opened(stage, "failing", 13.51)
    pay(link)
    titles = {link.t(key): key for key in ("failedTitle", "pendingTitle", "sentPayment")}
    link.awaits(lambda: link.heading() in titles, "the outcome").screen(titles[link.heading() or ""])
    # A browser that says success would be believed by someone.
    assert titles[link.heading() or ""] != "sentPayment", "a failed transfer is shown as sent"
    log = link.log()
    assert all(one["status"] != "success" for one in log["finished"]), log["finished"]
    link.finish()
    record = stage.merchant.await_transfer(order, "failed")
    assert stage.merchant.await_webhook(order, "failed")["TransferId"] == record["id"]


def check_a_transfer_that_stays_pending(stage: Stage) -> None:
    # 13.52: pending.
    link, order = opened(stage, "pending", 13.52)
    pay(link)
    log = done(link.screen("pendingTitle"))
    payload = finished(log, status="pending")
    in_order(log, "transferInitiated", "transferCompleted")
    link.finish()
    record = stage.merchant.await_transfer(order, "pending")
    assert record["id"] == payload["transferId"], record
    stage.merchant.await_webhook(order, "pending")


def check_an_exchange_that_asks_for_no_code(stage: Stage) -> None:
    # 13.42: no one-time code for the transfer.
    link, order = opened(stage, "nocode", 13.42)
    confirm(link.screen("previewTitle"))
    log = done(link.screen("sentPayment"))
    assert not [one for one in log["events"] if one["type"] == "transferMfaRequired"], log["events"]
    link.finish()
    assert stage.merchant.await_transfer(order, "succeeded")["id"] == finished(log)["transferId"]


def check_a_token_is_used_once(stage: Stage) -> None:
    token = stage.merchant.token(payment(stage.merchant.order("once"), to_address(), amountInFiat=20))
    Link(stage, "once").open(token).screen("titlePayment", merchant=stage.merchant.name).finish()
    link = Link(stage, "used").open(token).screen("usedTitle")
    log = link.press("close").exited()
    assert log["exits"][0]["error"] and log["messages"][-1]["type"] == "close", log["exits"]
    link.finish()


def check_a_token_that_was_never_made(stage: Stage) -> None:
    real = base64.b64decode(stage.merchant.token({"userId": "customer-7"})).decode()
    head, _, code = real.partition("auth_code=")
    made_up = head + "auth_code=" + "A" * len(code.split("&")[0])
    link = Link(stage, "unknown").open(base64.b64encode(made_up.encode()).decode())
    link.screen("unknownTitle").finish()
