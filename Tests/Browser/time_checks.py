"""What needs the clock or a rule that holds for everybody: run when nobody else plays."""

from link import Link
from merchant import control, payment, to_address
from shop_checks import alone_the_shop_believes_the_webhook, reset
from stage import Stage
from walk import done, finished, pay, pick, sign_in

MINUTE = 60

check_the_shop_believes_the_webhook_alone = alone_the_shop_believes_the_webhook


def advance(seconds: int) -> None:
    control("POST", "/sandbox/v1/clock/advance", {"seconds": seconds})


def check_a_token_expires_after_ten_minutes(stage: Stage) -> None:
    token = stage.merchant.token(payment(stage.merchant.order("late"), to_address(), amountInFiat=20))
    other = stage.merchant.token(payment(stage.merchant.order("early"), to_address(), amountInFiat=20))
    try:
        advance(9 * MINUTE)
        Link(stage, "early").open(other).screen("titlePayment", merchant=stage.merchant.name).finish()
        advance(2 * MINUTE)
        link = Link(stage, "expired").open(token).screen("expiredTitle")
        log = link.press("close").exited()
        assert log["exits"][0]["error"], log["exits"]
        link.finish()
    finally:
        reset()


def check_a_session_expires_after_half_an_hour(stage: Stage) -> None:
    body = payment(stage.merchant.order("slow"), to_address(), amountInFiat=20)
    link = Link(stage, "slow").open(stage.merchant.token(body))
    pick(link.screen("titlePayment", merchant=stage.merchant.name))
    try:
        advance(31 * MINUTE)
        link.fill("username", "Mesh").fill("password", "Pass123").press("signIn").screen("expiredTitle")
        link.finish()
    finally:
        reset()


def check_a_pending_transfer_succeeds_in_its_time(stage: Stage) -> None:
    # 13.53: pending for a minute, then succeeded.
    order = stage.merchant.order("minute")
    link = Link(stage, "minute").open(stage.merchant.token(payment(order, to_address(), amountInFiat=13.53)))
    sign_in(pick(link.screen("titlePayment", merchant=stage.merchant.name)))
    pay(link)
    titles = {link.t(key): key for key in ("pendingTitle", "sentPayment")}
    link.awaits(lambda: link.heading() in titles, "the outcome")
    payload = finished(done(link.screen(titles[link.heading() or ""])))
    link.finish()
    stage.merchant.await_webhook(order, "pending")
    assert stage.merchant.await_transfer(order, "pending")["id"] == payload["transferId"]
    try:
        advance(2 * MINUTE)
        assert stage.merchant.await_webhook(order, "succeeded")["TransferId"] == payload["transferId"]
        assert stage.merchant.await_transfer(order, "succeeded")["id"] == payload["transferId"]
    finally:
        reset()
