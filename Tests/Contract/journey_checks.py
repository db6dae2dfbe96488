"""Checks of a running Subgate through its contract: the main journey, and what must be refused."""

import base64
import functools
import hashlib
import hmac
import json
import time
import uuid
from typing import Any, Callable, NamedTuple

from prometheus_client.parser import text_string_to_metric_families
from standardwebhooks import Webhook as StandardWebhook

import contract
from receiver import Receiver, Webhook
from service import Answer, Caller, send, service

nobody = Caller()


@functools.cache
def admin() -> Caller:
    return Caller(Authorization=f"Bearer {service().facts['adminKey']}")


class Merchant(NamedTuple):
    """An active sub-client with a sandbox credential."""

    id: str
    call: Caller
    credential: dict[str, Any]


def new_merchant(name: str, access: str = "readWrite") -> Merchant:
    made = admin()("createSubClient", 201, body={"legalName": name, "displayName": name, "country": "DE"}).json
    admin()("activateSubClient", 200, made["id"])
    return Merchant(made["id"], *new_credential(made["id"], access))


def new_credential(sub_client: str, access: str) -> tuple[Caller, dict[str, Any]]:
    body = {"environment": "sandbox", "access": access, "name": "contract check"}
    made = admin()("createCredential", 201, sub_client, body=body).json
    return Caller(X_Client_Id=made["clientId"], X_Client_Secret=made["clientSecret"]), made


def link_token_request(transaction: str) -> dict[str, Any]:
    address = {
        "networkId": "e3c7fdd8-b1fc-4e51-85ae-bb276e075611",
        "symbol": "USDC",
        "address": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0",
    }
    options = {"transactionId": transaction, "transferType": "payment", "amountInFiat": 25.5, "toAddresses": [address]}
    return {"userId": "user-7", "transferOptions": options}


def play(merchant: Merchant, transaction: str, **more: Any) -> None:
    token = merchant.call("createLinkToken", 200, body=link_token_request(transaction)).json["content"]["linkToken"]
    nobody("completeLinkToken", 200, body={"linkToken": token, "outcome": "succeeded", **more})


def eventually(found: Callable[[], Any], what: str) -> Any:
    """For what is recorded just after a webhook was sent."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


class Journey(NamedTuple):
    merchant: Merchant
    receiver: Receiver
    secrets: dict[str, str]
    webhooks: list[Webhook]


@functools.cache
def journey() -> Journey:
    """One completed transfer, told to one endpoint of each payload format; the upstream repeats itself."""
    merchant, receiver, secrets = new_merchant("Journey"), Receiver(), {}
    for form in ("mesh", "standard"):
        body = {"url": f"{receiver.url}/{form}", "payloadFormat": form, "eventTypes": ["transfer.*"]}
        secrets[form] = merchant.call("createWebhookEndpoint", 201, body=body).json["secret"]
    play(merchant, "order-1", duplicates=2)
    # Two events to two endpoints, in any order.
    kinds = {(path, has_succeeded) for path in ("/mesh", "/standard") for has_succeeded in (False, True)}
    webhooks = receiver.wait(
        lambda taken: {(one.path, b"ucceeded" in one.body) for one in taken} >= kinds, "one webhook of the journey"
    )
    return Journey(merchant, receiver, secrets, webhooks)


def check_dev_json_says_all_and_only_to_its_owner() -> None:
    facts = service().facts
    urls = {"publicUrl", "adminUrl", "opsUrl", "sandboxUrl", "receiverUrl", "shopUrl", "postgresUrl"}
    assert urls | {"adminKey"} <= facts.keys()
    assert facts["subClient"].keys() == {"id", "clientId", "clientSecret"}
    assert facts["upstream"].keys() == {"id", "inboundUrl", "webhookSecret"}
    assert (service().data / "dev.json").stat().st_mode & 0o777 == 0o600


def check_the_ops_listener_answers() -> None:
    for operation in ("getLiveness", "getReadiness", "getVersion"):
        nobody(operation, 200)
    families = list(text_string_to_metric_families(nobody("getMetrics", 200).body.decode()))
    assert len(families) > 3


def check_each_payload_format_has_its_body() -> None:
    for webhook in journey().webhooks:
        name = "StandardWebhook" if webhook.path == "/standard" else "MeshWebhook"
        assert not contract.complaints(webhook.json, f"/components/schemas/{name}"), webhook.body
        if name == "MeshWebhook":
            assert (webhook.json["TransactionId"], webhook.json["UserId"]) == ("order-1", "user-7")
        else:
            assert webhook.json["data"]["transactionId"] == "order-1"


def check_every_webhook_verifies_by_both_signatures() -> None:
    for webhook in journey().webhooks:
        secret = journey().secrets[webhook.path.removeprefix("/")]
        StandardWebhook(secret).verify(webhook.body, webhook.headers)
        expected = base64.b64encode(hmac.new(secret.encode(), webhook.body, hashlib.sha256).digest()).decode()
        assert webhook.headers["x-mesh-signature-256"] == expected


def check_a_repeated_event_is_delivered_once() -> None:
    seen = [(webhook.path, webhook.id) for webhook in journey().webhooks]
    assert len(seen) == len(set(seen))
    ids = {path: {found for place, found in seen if place == path} for path in ("/mesh", "/standard")}
    assert ids["/mesh"] == ids["/standard"]


def check_the_journey_is_on_record() -> None:
    call = journey().merchant.call
    assert call("getMe", 200).json["subClientId"] == journey().merchant.id
    [session] = call("listLinkSessions", 200).json["data"]
    assert (session["transactionId"], session["status"], session["transferStatus"]) == ("order-1", "used", "succeeded")
    assert session["amountInFiat"] == "25.5"
    [transfer] = call("listTransfers", 200).json["data"]
    assert (transfer["status"], transfer["linkSessionId"]) == ("succeeded", session["id"])
    events = call("listEvents", 200).json["data"]
    assert {one["id"] for one in events} == {webhook.id for webhook in journey().webhooks}
    call("getLinkSession", 200, session["id"])
    call("getTransfer", 200, transfer["id"])
    call("getEvent", 200, events[0]["id"])


def check_deliveries_carry_their_attempts() -> None:
    call = journey().merchant.call
    listed = eventually(lambda: _all_delivered(call), "all deliveries delivered")
    assert len(listed) == len(journey().webhooks)
    for one in listed:
        detail = call("getDelivery", 200, one["id"]).json
        assert not contract.complaints(detail["attemptLog"][0], "/components/schemas/Attempt")
        assert [attempt["outcome"] for attempt in detail["attemptLog"]] == ["succeeded"]
    assert call("listDeliveries", 200, status="failed").json["data"] == []


def _all_delivered(call: Caller) -> list[dict[str, Any]] | None:
    listed = call("listDeliveries", 200).json["data"]
    return listed if all(one["status"] == "delivered" for one in listed) else None


def check_the_admin_sees_what_the_tenant_sees() -> None:
    for operation in ("LinkSessions", "Transfers", "Events", "WebhookEndpoints"):
        mine = journey().merchant.call(f"list{operation}", 200).json
        assert admin()(f"listSubClient{operation}", 200, journey().merchant.id).json == mine


def check_a_failed_attempt_is_tried_again_on_request() -> None:
    statuses = iter([503])
    merchant, receiver = new_merchant("Retry"), Receiver(lambda _: next(statuses, 200))
    endpoint = merchant.call("createWebhookEndpoint", 201, body={"url": receiver.url + "/a"}).json
    delivery = merchant.call("testWebhookEndpoint", 202, endpoint["id"]).json
    assert delivery["eventType"] == "webhook.test"
    state = lambda: merchant.call("getDelivery", 200, delivery["id"]).json  # noqa: E731
    first = eventually(lambda: state() if state()["status"] == "retrying" else None, "a delivery to be retried")
    assert (first["lastStatusCode"], first["attempts"]) == (503, 1)
    merchant.call("retryDelivery", 202, delivery["id"])
    taken = receiver.wait(lambda taken: len(taken) == 2, "second attempt")
    assert taken[0].id == taken[1].id == delivery["eventId"]
    eventually(lambda: state()["status"] == "delivered", "the delivery delivered")


def check_a_disabled_endpoint_holds_its_deliveries() -> None:
    merchant, receiver = new_merchant("Hold"), Receiver()
    endpoint = merchant.call("createWebhookEndpoint", 201, body={"url": receiver.url + "/a"}).json["id"]
    merchant.call("disableWebhookEndpoint", 200, endpoint)
    play(merchant, "order-2")
    held = lambda: merchant.call("listDeliveries", 200, status="held", endpointId=endpoint).json["data"]  # noqa: E731
    eventually(held, "a held delivery")
    assert receiver.taken == []
    merchant.call("enableWebhookEndpoint", 200, endpoint)
    receiver.wait(lambda taken: len(taken) >= 1, "delivery of what was held")
    merchant.call("deleteWebhookEndpoint", 204, endpoint)
    merchant.call("getWebhookEndpoint", 404, endpoint)


def check_another_sub_clients_things_look_like_missing_ones() -> None:
    def answer(operation: str, identifier: str) -> dict[str, Any]:
        found = stranger.call(operation, 404, identifier).json
        return {key: value for key, value in found.items() if key != "requestId"}

    stranger, owner = new_merchant("Stranger"), journey().merchant.call
    missing = "01k5x3v8q2f7r9t0w4y6z8a1b3"
    things = {"LinkSession": "ls", "Transfer": "tr", "Event": "evt", "WebhookEndpoint": "we"}
    for noun, prefix in things.items():
        theirs = owner(f"list{noun}s", 200).json["data"][0]["id"]
        assert answer(f"get{noun}", theirs) == answer(f"get{noun}", f"{prefix}_{missing}") == answer(f"get{noun}", "x")
        assert stranger.call(f"list{noun}s", 200).json == {"data": [], "nextCursor": None}
    delivery = owner("listDeliveries", 200).json["data"][0]["id"]
    assert answer("getDelivery", delivery) == answer("getDelivery", f"dlv_{missing}")
    stranger.call("retryDelivery", 404, delivery)
    endpoint = owner("listWebhookEndpoints", 200).json["data"][0]["id"]
    stranger.call("updateWebhookEndpoint", 404, endpoint, body={"enabled": False})
    stranger.call("deleteWebhookEndpoint", 404, endpoint)


def check_requests_that_are_not_right_are_refused() -> None:
    good = {"legalName": "A", "displayName": "A", "country": "DE"}
    for body, field in (
        ({**good, "color": "red"}, "color"),
        ({**good, "country": "de"}, "country"),
        ({**good, "legalName": ""}, "legalName"),
        ({**good, "legalName": "A" * 301}, "legalName"),
        ({**good, "website": "http://a.example"}, "website"),
        ({"legalName": "A", "country": "DE"}, "displayName"),
    ):
        problem = admin()("createSubClient", 400, body=body).json
        assert (problem["code"], [one["field"] for one in problem["errors"]]) == ("invalid", [field])
    for body in (b"", b"{", b'{"country":"DE","country":"FR"}', b'"a"', b'{"legalName":"\xff"}'):
        assert admin()("createSubClient", 400, body=body).json["code"] == "invalid"
    text = {"Content-Type": "text/plain"}
    assert admin()("createSubClient", 415, body=b"{}", headers=text).json["code"] == "unsupportedMediaType"
    large = {"Content-Length": "20000000", "Expect": "100-continue"}
    assert admin()("createSubClient", 413, body=b"", headers=large).json["code"] == "tooLarge"
    for query in ({"limit": 0}, {"limit": 101}, {"limit": "+5"}, {"cursor": "x"}, {"colour": 1}, {"status": "new"}):
        assert admin()("listSubClients", 400, **query).json["code"] == "invalid"


def check_endpoint_urls_and_headers_are_judged() -> None:
    call = new_merchant("Judge").call
    for url in ("ftp://a.example", "https://a@b.example/", "https://a.example/#b", "https://ä.example/", "https://"):
        assert call("createWebhookEndpoint", 400, body={"url": url}).json["errors"][0]["field"] == "url"
    for headers in ({"Host": "a"}, {"webhook-id": "a"}, {"A": "1", "a": "2"}, {"a": "b\r\nc: d"}, {"a b": "c"}):
        call("createWebhookEndpoint", 400, body={"url": "https://a.example/", "headers": headers})
    for secret in ("whsec_", "whsec_AAAA", "AAAA"):
        call("createWebhookEndpoint", 400, body={"url": "https://a.example/", "secret": secret})
    call("createWebhookEndpoint", 400, body={"url": "https://a.example/", "eventTypes": ["transfer.none"]})


def check_nobody_gets_in_without_a_key() -> None:
    tenant = journey().merchant
    wrong = Caller(X_Client_Id=tenant.credential["clientId"], X_Client_Secret="sk_sandbox_" + "0" * 49)
    other = Caller(X_Client_Id=str(uuid.uuid4()), X_Client_Secret=tenant.credential["clientSecret"])
    crossed = Caller(Authorization=f"Bearer {tenant.credential['clientSecret']}")
    for caller in (nobody, wrong, other):
        caller("getMe", 401)
        caller("createLinkToken", 401, body=link_token_request("order-3"))
        caller("listSubClients", 401)
    crossed("listSubClients", 401)
    crossed("getMe", 200)
    admin()("getMe", 401)


def check_unknown_paths_and_methods_are_problems() -> None:
    facts = service().facts
    for base, path in ((facts["publicUrl"], "/v1/none"), (facts["adminUrl"], "/v1/me"), (facts["opsUrl"], "/v1/me")):
        assert send(base, "GET", path, {}, None).status == 404
    refused = send(facts["publicUrl"], "DELETE", "/v1/me", journey().merchant.call.headers, None)
    assert (refused.status, refused.json["code"]) == (405, "methodNotAllowed")
    assert "GET" in refused.headers["allow"]
    head = send(facts["publicUrl"], "HEAD", "/v1/me", journey().merchant.call.headers, None)
    assert (head.status, head.body) == (200, b"")


def check_an_idempotency_key_repeats_the_first_answer() -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    call, body = new_merchant("Idempotency").call, {"url": "https://a.example/"}
    first: Answer = call("createWebhookEndpoint", 201, body=body, headers=key)
    second = call("createWebhookEndpoint", 201, body=body, headers=key)
    assert first.body == second.body
    assert (first.headers.get("idempotency-replayed"), second.headers.get("idempotency-replayed")) == (None, "true")
    other = call("createWebhookEndpoint", 422, body={"url": "https://b.example/"}, headers=key)
    assert other.json["code"] == "idempotencyMismatch"
    assert len(call("listWebhookEndpoints", 200).json["data"]) == 1
    new_merchant("Idempotency of another").call("createWebhookEndpoint", 201, body=body, headers=key)


def check_a_change_from_an_old_version_is_refused() -> None:
    call = new_merchant("Versions").call
    made = call("createWebhookEndpoint", 201, body={"url": "https://a.example/"})
    old, path = made.headers["etag"], made.json["id"]
    changed = call("updateWebhookEndpoint", 200, path, body={"description": "a"}, headers={"If-Match": old})
    assert changed.headers["etag"] != old
    call("updateWebhookEndpoint", 412, path, body={"description": "b"}, headers={"If-Match": old})
    call("updateWebhookEndpoint", 200, path, body={"description": None}, headers={"If-Match": "*"})
    assert call("getWebhookEndpoint", 200, path).json["description"] is None


def check_a_reading_credential_only_reads() -> None:
    call = new_merchant("Reader", access="read").call
    call("getMe", 200)
    call("createWebhookEndpoint", 403, body={"url": "https://a.example/"})
    refused = call("createLinkToken", 403, body=link_token_request("order-4")).json
    assert refused["status"] == "permissionDenied"


def check_a_revoked_credential_ends_within_a_second() -> None:
    merchant = new_merchant("Revoked")
    merchant.call("getMe", 200)
    admin()("revokeCredential", 204, merchant.id, merchant.credential["id"])
    time.sleep(1)
    merchant.call("getMe", 401)


def check_a_secret_is_exchanged_under_its_client_id() -> None:
    merchant = new_merchant("Rotated")
    place = (merchant.id, merchant.credential["id"])
    made = admin()("rotateCredential", 201, *place, body={"overlapSeconds": 60}).json
    assert made["clientId"] == merchant.credential["clientId"]
    Caller(X_Client_Id=made["clientId"], X_Client_Secret=made["clientSecret"])("getMe", 200)
    merchant.call("getMe", 200)
    secrets = admin()("getCredential", 200, *place).json["secrets"]
    assert [one["id"] for one in secrets] == [made["secretId"], merchant.credential["secretId"]]
    admin()("revokeCredentialSecret", 204, *place, merchant.credential["secretId"])
    time.sleep(1)
    merchant.call("getMe", 401)


def check_a_credential_is_bound_to_its_addresses() -> None:
    body = {"environment": "sandbox", "access": "readWrite", "name": "bound", "allowedIps": ["192.0.2.0/24"]}
    made = admin()("createCredential", 201, new_merchant("Bound").id, body=body).json
    bound = Caller(X_Client_Id=made["clientId"], X_Client_Secret=made["clientSecret"], X_Forwarded_For="192.0.2.1")
    bound("getMe", 403)
    assert bound("createLinkToken", 403, body=link_token_request("order-9")).json["status"] == "permissionDenied"


def check_an_import_sent_again_makes_nothing_twice() -> None:
    name = f"import-{uuid.uuid4()}"
    line = {"externalId": name, "legalName": name, "displayName": "Imported", "country": "NL"}
    body = "\n".join([json.dumps(line), "", "{", json.dumps({**line, "displayName": "Other"})]).encode()
    lines = {"Content-Type": "application/x-ndjson"}
    for status in ("created", "exists"):
        answer = admin()("importSubClients", 200, body=body, headers=lines).body.decode()
        told = [json.loads(one) for one in answer.splitlines()]
        assert [(one["line"], one["status"]) for one in told] == [(1, status), (3, "failed"), (4, "conflict")]
        for one in told:
            assert not contract.complaints(one, "/components/schemas/ImportedLine"), one
    [found] = admin()("listSubClients", 200, text=name.upper(), country="NL", status="onboarding").json["data"]
    assert found["id"] == told[0]["id"]


def check_a_suspended_sub_client_mints_nothing() -> None:
    merchant = new_merchant("Suspended")
    merchant.call("createLinkToken", 200, body=link_token_request("order-5"))
    admin()("suspendSubClient", 200, merchant.id, body={"reason": "a check"})
    time.sleep(1)
    merchant.call("createLinkToken", 403, body=link_token_request("order-6"))
    merchant.call("listLinkSessions", 200)
    admin()("closeSubClient", 204, merchant.id)
    admin()("activateSubClient", 409, merchant.id)


def check_a_policy_forbids_what_it_names_and_is_kept_in_revisions() -> None:
    merchant = new_merchant("Policy")
    fresh = admin()("getCompliance", 200, merchant.id)
    assert (fresh.json["revision"], fresh.headers["etag"]) == (0, '"0"')
    network, address = "e3c7fdd8-b1fc-4e51-85ae-bb276e075611", "0x0ff0000f0a0f0000f0f000000000fffff00f0f0f"
    rules = {
        "transferTypes": ["deposit"],
        "assets": [{"networkId": network, "symbols": ["USDC"]}],
        "destinations": [{"networkId": network, "address": address, "label": "Till"}],
        "perTransfer": {"maxFiat": "25.49"},
        "perDay": {"maxFiat": "25.49"},
        "maxClientFee": "0.02",
        "integrations": {"deny": ["47624467-e52e-4938-a41a-7926b6c27acf"]},
        "walletVerification": {"aboveFiat": "25"},
        "countries": {"allow": ["DE"]},
    }
    body = {"kyb": {"status": "pending", "legalEntity": "Policy GmbH"}, "rules": rules}
    put = admin()("replaceCompliance", 200, merchant.id, body=body, headers={"If-Match": '"0"'})
    admin()("replaceCompliance", 412, merchant.id, body=body, headers={"If-Match": '"0"'})
    admin()("replaceCompliance", 400, merchant.id, body={**body, "rules": {"perDay": {"maxFiat": 5}}})
    assert admin()("getCompliance", 200, merchant.id).json["rules"] == put.json["rules"]
    told = ["transferTypes", "destinations", "perTransfer", "perDay", "walletVerification", "countries"]
    question = {"environment": "sandbox", "linkToken": link_token_request("order-8")}
    verdict = admin()("evaluateCompliance", 200, merchant.id, body=question).json
    assert [one["rule"] for one in verdict["violations"]] == told and not verdict["allowed"]
    time.sleep(1)
    refused = merchant.call("createLinkToken", 451, body=link_token_request("order-8")).json
    assert [one["rule"] for one in refused["errorData"]["violations"]] == told
    admin()("replaceCompliance", 200, merchant.id, body={**body, "rules": {}}, headers={"If-Match": '"1"'})
    merchant.call("createLinkToken", 200, body=link_token_request("order-8"))
    [session] = merchant.call("listLinkSessions", 200).json["data"]
    assert session["complianceRevision"] == 2
    revisions = admin()("listComplianceRevisions", 200, merchant.id).json["data"]
    assert [one["revision"] for one in revisions] == [2, 1]
    live = {"environment": "production", "access": "read", "name": "live"}
    admin()("createCredential", 409, merchant.id, body=live)
    admin()("replaceCompliance", 200, merchant.id, body={"kyb": {"status": "approved"}, "rules": {}})
    admin()("createCredential", 201, merchant.id, body=live)


def check_the_mesh_format_reads_names_without_case() -> None:
    call = new_merchant("Any case").call
    body = {"USERID": "user-8", "TransferOptions": {"TransactionID": "order-7", "transfertype": "deposit"}}
    call("createLinkToken", 200, body=json.dumps(body).encode())
    [session] = call("listLinkSessions", 200).json["data"]
    assert (session["userId"], session["transactionId"]) == ("user-8", "order-7")
    call("createLinkToken", 400, body={"userId": "a", "UserId": "b"})
    assert call("createLinkToken", 400, body={}).json["status"] == "badRequest"
    fee = {"userId": "a", "transferOptions": {"clientFee": 2}}
    call("createLinkToken", 400, body=fee)


def check_pages_hold_every_item_once() -> None:
    call = new_merchant("Pages").call
    made = [call("createWebhookEndpoint", 201, body={"url": f"https://a.example/{n}"}).json["id"] for n in range(5)]
    seen, cursor = [], {}
    while True:
        page = call("listWebhookEndpoints", 200, limit=2, **cursor).json
        seen += [one["id"] for one in page["data"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == made[::-1]


def check_only_signed_events_come_in() -> None:
    upstream = service().facts["upstream"]
    body = json.dumps({"EventId": str(uuid.uuid4()), "TransferId": str(uuid.uuid4()), "TransferStatus": "Pending"})
    signed = lambda text: {  # noqa: E731
        "X-Mesh-Signature-256": base64.b64encode(
            hmac.new(upstream["webhookSecret"].encode(), text.encode(), hashlib.sha256).digest()
        ).decode()
    }
    nobody("receiveMeshEvent", 401, upstream["id"], body=body.encode())
    nobody("receiveMeshEvent", 401, upstream["id"], body=body.encode(), headers=signed(body + " "))
    nobody("receiveMeshEvent", 404, "up_01k5x3v8q2f7r9t0w4y6z8a1b3", body=body.encode(), headers=signed(body))
    nobody("receiveMeshEvent", 400, upstream["id"], body=b"[]", headers=signed("[]"))
    for _ in range(2):
        nobody("receiveMeshEvent", 200, upstream["id"], body=body.encode(), headers=signed(body))
    kept = admin()("listQuarantine", 200).json["data"]
    assert [one["upstreamEventId"] for one in kept].count(json.loads(body)["EventId"]) == 1


def check_secrets_of_upstreams_never_come_out() -> None:
    upstream = service().facts["upstream"]
    text = admin()("getUpstream", 200, upstream["id"]).body.decode() + admin()("listUpstreams", 200).body.decode()
    assert upstream["webhookSecret"] not in text
    changed = {"webhookSecrets": [upstream["webhookSecret"], "another secret"]}
    assert admin()("updateUpstream", 200, upstream["id"], body=changed).json["webhookSecretCount"] == 2
