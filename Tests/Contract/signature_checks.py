"""Checks of what signs webhooks, by the libraries that merchants use: during a rotation, after it, by key pairs."""

import base64
import functools
import hashlib
import hmac
import re
import secrets
import time
from typing import Any, Callable, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixVerificationError

import contract
from journey_checks import Merchant, admin, eventually, new_merchant, nobody
from receiver import Receiver, Webhook

# How soon every node signs by what was changed.
FRESH_SECONDS = 1


class Scene(NamedTuple):
    """An endpoint that wants both kinds of signatures."""

    merchant: Merchant
    receiver: Receiver
    made: dict[str, Any]

    def test(self) -> Webhook:
        """A test event, as it arrives."""
        before = len(self.receiver.taken)
        self.merchant.call("testWebhookEndpoint", 202, self.made["id"])
        return self.receiver.wait(lambda taken: len(taken) > before, "webhook.test")[-1]

    def rotate(self, **body: Any) -> dict[str, Any]:
        made = self.merchant.call("rotateWebhookEndpointSecret", 201, self.made["id"], body=body).json
        time.sleep(FRESH_SECONDS)
        return made


def scene(name: str, **more: Any) -> Scene:
    merchant, receiver = new_merchant(name), Receiver()
    body = {"url": receiver.url + "/hook", "signatures": ["v1", "v1a"], **more}
    return Scene(merchant, receiver, merchant.call("createWebhookEndpoint", 201, body=body).json)


def verifies(library: Callable[[str], Any], secret: str, webhook: Webhook) -> bool:
    try:
        library(secret).verify(webhook.body, webhook.headers)
        return True
    except (WebhookVerificationError, SvixVerificationError):
        return False


def by_secret(secret: str, webhook: Webhook) -> bool:
    """What both libraries of `v1` say, which must be the same."""
    said = {verifies(library, secret, webhook) for library in (StandardWebhook, SvixWebhook)}
    assert len(said) == 1, "the libraries differ"
    return said.pop()


def by_key(public_key: str, webhook: Webhook) -> bool:
    """Whether a `v1a` signature is by the key, as `cryptography` says."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_"), validate=True))
    signed = f"{webhook.id}.{webhook.headers['webhook-timestamp']}.".encode() + webhook.body
    for part in webhook.headers["webhook-signature"].split(" "):
        scheme, text = part.split(",")
        try:
            if scheme == "v1a":
                key.verify(base64.b64decode(text, validate=True), signed)
                return True
        except InvalidSignature:
            continue
    return False


def by_mesh(secret: str, webhook: Webhook) -> bool:
    expected = base64.b64encode(hmac.new(secret.encode(), webhook.body, hashlib.sha256).digest()).decode()
    return webhook.headers["x-mesh-signature-256"] == expected


def supplied(count: int) -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(count)).decode()


@functools.cache
def rotation() -> tuple[Scene, dict[str, Any], list[Webhook]]:
    """A secret that is rotated, and then its predecessor ended: a test event before, during and after."""
    place = scene("Rotation")
    before = place.test()
    rotated = place.rotate(overlapSeconds=600)
    during = place.test()
    place.merchant.call("revokePreviousWebhookSecrets", 204, place.made["id"])
    time.sleep(FRESH_SECONDS)
    return place, rotated, [before, during, place.test()]


def check_both_secrets_verify_while_one_is_exchanged() -> None:
    place, rotated, webhooks = rotation()
    assert [by_secret(place.made["secret"], one) for one in webhooks] == [True, True, False]
    assert [by_secret(rotated["secret"], one) for one in webhooks] == [False, True, True]


def check_both_key_pairs_verify_while_one_is_exchanged() -> None:
    place, rotated, webhooks = rotation()
    assert [by_key(place.made["publicKey"], one) for one in webhooks] == [True, True, False]
    assert [by_key(rotated["publicKey"], one) for one in webhooks] == [False, True, True]
    kinds = [[part.split(",")[0] for part in one.headers["webhook-signature"].split(" ")] for one in webhooks]
    assert kinds == [["v1", "v1a"], ["v1", "v1", "v1a", "v1a"], ["v1", "v1a"]]


def check_signatures_are_written_as_the_contract_says() -> None:
    pattern = contract.document["components"]["parameters"]["WebhookSignature"]["schema"]["pattern"]
    for webhook in rotation()[2]:
        assert re.search(pattern, webhook.headers["webhook-signature"]), webhook.headers


def check_the_signature_of_mesh_changes_when_the_old_secret_ends() -> None:
    place, rotated, webhooks = rotation()
    assert [by_mesh(place.made["secret"], one) for one in webhooks] == [True, True, False]
    assert [by_mesh(rotated["secret"], one) for one in webhooks] == [False, False, True]


def check_a_changed_byte_verifies_nowhere() -> None:
    place, _, webhooks = rotation()
    changed = webhooks[0]._replace(body=webhooks[0].body + b" ")
    assert not by_secret(place.made["secret"], changed) and not by_key(place.made["publicKey"], changed)
    moved = webhooks[0]._replace(headers={**webhooks[0].headers, "webhook-id": "evt_other"})
    assert not by_secret(place.made["secret"], moved) and not by_key(place.made["publicKey"], moved)


def check_the_key_set_verifies_webhooks() -> None:
    place = scene("Key set", signatures=["v1a"])
    webhook = place.test()
    assert [part.split(",")[0] for part in webhook.headers["webhook-signature"].split(" ")] == ["v1a"]
    answer = nobody("getWebhookKeys", 200, place.merchant.id)
    [key] = answer.json["keys"]
    assert (key["endpointId"], key["publicKey"]) == (place.made["id"], place.made["publicKey"])
    assert base64.urlsafe_b64decode(key["x"] + "=") == base64.b64decode(key["publicKey"].removeprefix("whpk_"))
    assert by_key(key["publicKey"], webhook)
    nobody("getWebhookKeys", 304, place.merchant.id, headers={"If-None-Match": answer.headers["etag"]})
    place.rotate()
    keys = nobody("getWebhookKeys", 200, place.merchant.id).json["keys"]
    assert [by_key(one["publicKey"], place.test()) for one in keys] == [True, True]
    empty = nobody("getWebhookKeys", 200, new_merchant("No keys").id)
    unknown = nobody("getWebhookKeys", 200, "sc_01k5x3v8q2f7r9t0w4y6z8a1b3")
    assert empty.json == unknown.json == {"keys": []} and empty.headers["etag"] == unknown.headers["etag"]


def check_secrets_of_24_and_64_bytes_are_taken() -> None:
    for count in (24, 64):
        place = scene(f"Secret of {count}", secret=supplied(count))
        assert by_secret(place.made["secret"], place.test())
        own = supplied(count)
        assert place.rotate(secret=own, overlapSeconds=0)["secret"] == own
        webhook = place.test()
        assert by_secret(own, webhook) and not by_secret(place.made["secret"], webhook) and by_mesh(own, webhook)


def check_secrets_of_23_and_65_bytes_are_refused_by_name() -> None:
    place = scene("Secrets of the wrong size")
    for count in (23, 65):
        own = supplied(count)
        for refused in (
            place.merchant.call("createWebhookEndpoint", 400, body={"url": "https://a.example/", "secret": own}),
            place.merchant.call("rotateWebhookEndpointSecret", 400, place.made["id"], body={"secret": own}),
        ):
            assert [one["field"] for one in refused.json["errors"]] == ["secret"]
            assert own not in refused.body.decode()


def check_a_registration_is_verified_by_a_test() -> None:
    place = scene("Verified", verify=True, eventTypes=["transfer.failed"], payloadFormat="standard")
    [webhook] = place.receiver.wait(lambda taken: len(taken) == 1, "the test of the registration")
    assert webhook.json["type"] == "webhook.test" and by_secret(place.made["secret"], webhook)

    def delivered() -> bool:
        found = place.merchant.call("getDelivery", 200, place.made["testDeliveryId"]).json
        return found["status"] == "delivered" and found["endpointId"] == place.made["id"]

    eventually(delivered, "the test delivered")


def check_an_admin_does_it_for_a_sub_client() -> None:
    merchant, receiver = new_merchant("By the PSP"), Receiver()
    body = {"environment": "sandbox", "url": receiver.url + "/hook", "signatures": ["v1", "v1a"]}
    made = admin()("createSubClientWebhookEndpoint", 201, merchant.id, body=body).json
    place = (merchant.id, made["id"])
    rotated = admin()("rotateSubClientWebhookEndpointSecret", 201, *place, body={"overlapSeconds": 0}).json
    changed = {"retrySchedule": [1, 2], "ordering": "transfer", "supersede": True, "maxConcurrency": 2}
    assert changed.items() <= admin()("updateSubClientWebhookEndpoint", 200, *place, body=changed).json.items()
    assert admin()("disableSubClientWebhookEndpoint", 200, *place).json["enabled"] is False
    assert admin()("enableSubClientWebhookEndpoint", 200, *place).json["enabled"] is True
    time.sleep(FRESH_SECONDS)
    admin()("testSubClientWebhookEndpoint", 202, *place)
    [webhook] = receiver.wait(lambda taken: len(taken) == 1, "the admin's test")
    assert by_secret(rotated["secret"], webhook) and by_key(rotated["publicKey"], webhook)
    admin()("revokeSubClientPreviousWebhookSecrets", 204, *place)

    def both_see_the_same() -> bool:
        # The test that was received is recorded in its own time, which may lie between the two reads.
        shown = admin()("getSubClientWebhookEndpoint", 200, *place).json
        return shown == merchant.call("getWebhookEndpoint", 200, made["id"]).json

    eventually(both_see_the_same, "the PSP shown what the merchant is")
    admin()("deleteSubClientWebhookEndpoint", 204, *place)
    admin()("getSubClientWebhookEndpoint", 404, *place)
