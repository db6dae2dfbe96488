"""Checks of Mesh's read calls: what Subgate answers and what its sandbox answers as Mesh, held against each other."""

import base64
import functools
import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import contract
from journey_checks import Merchant, admin, eventually, new_credential, new_merchant, play
from receiver import Receiver
from service import Answer, Caller, judge, send, service

LISTS = ("getNetworks", "getManagedIntegrations", "getTokens", "getIntegrations", "getIntegrationStatus")


def at_sandbox(operation: str, status: int, **query: Any) -> Answer:
    """A call of Mesh's format to the stand-in, with the PSP's own keys, judged by the same contract."""
    found = next(one for one in contract.operations() if one.body["operationId"] == operation)
    state = json.loads((service().data / "demo.json").read_text(encoding="utf-8"))
    headers = {"X-Client-Id": state["upstreamClientId"], "X-Client-Secret": state["upstreamClientSecret"]}
    path = found.path + ("?" + urlencode(query, doseq=True) if query else "")
    answer = send(service().facts["sandboxUrl"], found.method.upper(), path, headers, None)
    assert answer.status == status, f"{operation}: {answer.status}: {answer.body[:300]!r}"
    judge(found, answer)
    return answer


def names(schema: str) -> set[str]:
    return set(contract.document["components"]["schemas"][schema]["properties"])


@functools.cache
def shop() -> tuple[Merchant, Receiver]:
    """A sub-client that was told of two transfers at one endpoint, which answers 204."""
    merchant, receiver = new_merchant("Mesh reads"), Receiver()
    merchant.call("createWebhookEndpoint", 201, body={"url": receiver.url + "/mesh", "payloadFormat": "mesh"})
    for order in ("reads-1", "reads-2"):
        play(merchant, order)
    receiver.wait(lambda taken: sum(b"ucceeded" in one.body for one in taken) >= 2, "both transfers succeeded")
    return merchant, receiver


def transfers(call: Caller, **query: Any) -> dict[str, Any]:
    return call("getMeshTransfers", 200, **query).json["content"]


def check_the_lists_are_the_upstreams_byte_for_byte() -> None:
    call = new_credential(shop()[0].id, "read")[0]
    for operation in LISTS:
        ours, theirs = call(operation, 200).json, at_sandbox(operation, 200).json
        assert ours["content"] == theirs["content"], operation
        assert ours["status"] == theirs["status"] == "ok" and ours["teamCode"] == theirs["teamCode"]


def check_the_lists_hold_every_named_field() -> None:
    shapes = {
        "getNetworks": ("networks", "NetworkModel"),
        "getManagedIntegrations": ("integrations", "ManagedIntegration"),
        "getTokens": ("tokens", "TokenModel"),
        "getIntegrations": ("items", "IntegrationModel"),
    }
    for operation, (member, schema) in shapes.items():
        items = shop()[0].call(operation, 200).json["content"][member]
        assert items and all(set(one) == names(schema) for one in items), operation
    for one in shop()[0].call("getIntegrationStatus", 200).json["content"]:
        assert set(one) == names("IntegrationStatus")


def check_a_transfer_reads_the_same_as_at_the_upstream() -> None:
    merchant, receiver = shop()
    told = next(one.json for one in receiver.taken if b'"reads-1"' in one.body and b"ucceeded" in one.body)
    [ours] = transfers(merchant.call, ClientTransactionId="reads-1")["items"]
    [theirs] = at_sandbox("getMeshTransfers", 200, Id=ours["id"]).json["content"]["items"]
    assert ours["id"] == told["TransferId"]
    assert (ours["clientTransactionId"], ours["userId"]) == ("reads-1", "user-7")
    assert theirs["clientTransactionId"] != "reads-1" and theirs["userId"] != "user-7"
    assert set(ours) == set(theirs) == names("TransferModel") - {"refundInformation"}
    same = ("id", "status", "symbol", "networkName", "hash", "amount", "amountInFiat", "amountInFiatCurrencyCode")
    same += ("sourceAmount", "destinationAmount", "destinationAddress", "refundAddress", "transferType")
    assert [ours[name] for name in same] == [theirs[name] for name in same]
    assert ours["from"]["name"] == theirs["from"]["name"]
    assert abs(ours["createdTimestamp"] - theirs["createdTimestamp"]) <= 5


def check_both_lists_of_transfers_filter_alike() -> None:
    call = shop()[0].call
    mine = transfers(call)["items"]
    ids = {one["id"] for one in mine}
    assert [one["clientTransactionId"] for one in mine] == ["reads-2", "reads-1"]
    coinbase = next(
        one["id"] for one in call("getIntegrations", 200).json["content"]["items"] if one["name"] == "Coinbase"
    )
    for query in (
        {"Statuses": "SUCCEEDED"},
        {"statuses": ["failed", "Succeeded"]},
        {"Statuses": "failed"},
        {"MinAmountInFiat": "25.5", "MaxAmountInFiat": "25.5"},
        {"minamountinfiat": "25.51"},
        {"Hash": mine[0]["hash"]},
        {"IntegrationIds": [coinbase, str(uuid.uuid4())]},
        {"IntegrationIds": str(uuid.uuid4())},
        {"IsSandBox": "true"},
        {"IsSandBox": "false"},
        {"SubClientId": str(uuid.uuid4())},
        {"FromTimestamp": mine[0]["createdTimestamp"] + 60},
        {"OrderBy": "createdTimestamp", "DescendingOrder": "false"},
    ):
        text = urlencode({"Count": 1000, **query}, doseq=True)
        path = f"/api/v1/transfers/managed/mesh?{text}"
        answer = send(service().facts["publicUrl"], "GET", path, call.headers, None)
        assert answer.status == 200, f"{query}: {answer.body[:200]!r}"
        ours = [one["id"] for one in answer.json["content"]["items"]]
        theirs = [
            one["id"]
            for one in at_sandbox("getMeshTransfers", 200, **{"Count": 1000, **query}).json["content"]["items"]
            if one["id"] in ids
        ]
        assert ours == theirs, query


def check_the_list_of_transfers_pages_and_refuses() -> None:
    call = shop()[0].call
    page = transfers(call, Count=1, Offset=1, OrderBy="clientTransferId")
    assert [one["clientTransactionId"] for one in page["items"]] == ["reads-2"]
    assert (page["total"], page["hasMorePages"]) == (2, False)
    assert page["range"] == {"start": 1, "end": 2, "isValid": True, "count": 1}
    for name, value in {"Count": 0, "Id": "x", "Statuses": "done", "MinAmountInFiat": -1, "OrderBy": "price"}.items():
        query = {name: value}
        for refused in (call("getMeshTransfers", 400, **query), at_sandbox("getMeshTransfers", 400, **query)):
            assert refused.json["errorType"] == "invalidField" and name in refused.json["message"]


def check_the_log_of_webhooks_tells_of_our_attempts() -> None:
    merchant, receiver = shop()
    assert all(one["webhookLogs"] is None for one in transfers(merchant.call)["items"])

    def logs() -> list[dict[str, Any]]:
        found = transfers(merchant.call, ClientTransactionId="reads-1", IncludeWebhooksLogs="true")["items"]
        return found[0]["webhookLogs"]

    told = sum(b'"reads-1"' in one.body for one in receiver.taken)
    eventually(lambda: len(logs()) == told, "an entry for each attempt")
    for one in logs():
        assert set(one) == names("TransferWebhookLog")
        assert (one["webhookUri"], one["responseCode"]) == (receiver.url + "/mesh", "NoContent")
    # The upstream's own log names our inbound address, and is none of a merchant's business.
    query = {"Id": transfers(merchant.call)["items"][0]["id"], "IncludeWebhooksLogs": "true"}
    [theirs] = at_sandbox("getMeshTransfers", 200, **query).json["content"]["items"]
    assert {one["webhookUri"] for one in theirs["webhookLogs"]} == {service().facts["upstream"]["inboundUrl"]}


def check_another_sub_client_finds_none_of_them() -> None:
    stranger, mine = new_merchant("Mesh stranger").call, transfers(shop()[0].call)["items"][0]
    for query in (
        {},
        {"Id": mine["id"]},
        {"ClientTransactionId": mine["clientTransactionId"]},
        {"UserId": mine["userId"]},
        {"Hash": mine["hash"]},
        {"SubClientId": mine["subClientId"]},
    ):
        assert transfers(stranger, **query) == {
            "items": [],
            "total": 0,
            "range": {"start": 0, "end": 0, "isValid": True, "count": 0},
            "hasMorePages": False,
        }, query


class Link:
    """The Link page as a user's browser opens it with a token; its calls are the stand-in's own."""

    def __init__(self, call: Caller, **options: Any) -> None:
        body = {"userId": "user-7", **options}
        token = call("createLinkToken", 200, body=body).json["content"]["linkToken"]
        query = parse_qs(urlsplit(base64.b64decode(token).decode()).query)
        self.headers = {"Content-Type": "application/json"}
        self.headers["X-Link-Session"] = self("open", authCode=query["auth_code"][0])["sessionKey"]

    def __call__(self, call: str, /, **body: Any) -> Any:
        sent = json.dumps(body).encode()
        answer = send(service().facts["sandboxUrl"], "POST", "/link/v1/" + call, self.headers, sent)
        assert answer.status == 200, f"{call}: {answer.status}: {answer.body[:300]!r}"
        return answer.json

    def integration(self, name: str) -> str:
        return next(one["id"] for one in self("catalogue")["integrations"] if one["name"] == name)


def check_accounts_and_wallets_are_passed_on() -> None:
    call = shop()[0].call
    assert call("getWalletVerifications", 200, UserId="user-7").json["content"] == {"verifications": []}
    assert call("getWalletVerifications", 400).json["errorType"] == "missingField"
    body = {"authToken": "a secret", "type": "sandboxCoinbase"}
    refused = call("removeAccount", 400, body=body).json
    assert refused["errorType"] == "invalidIntegrationToken"
    link = Link(call)
    link("connect", integrationId=link.integration("Coinbase"), username="Mesh", password="Pass123")
    account = link("mfa", code="123456")["account"]
    assert account["tokenId"] == account["accessToken"] and account["brokerType"] == body["type"]
    known = {**body, "authToken": account["tokenId"]}
    assert call("removeAccount", 200, body=known).json["status"] == "ok"
    assert call("removeAccount", 400, body=known).json["errorType"] == "invalidIntegrationToken"
    assert "a secret" not in Path(service().log.name).read_text(encoding="utf-8", errors="replace")
    reader = new_credential(shop()[0].id, "read")[0]
    assert reader("removeAccount", 403, body=body).json["status"] == "permissionDenied"
    for operation in (*LISTS, "getMeshTransfers", "getWalletVerifications"):
        Caller()(operation, 401)
        assert admin()(operation, 401)


def check_a_wallet_is_verified_for_its_sub_client_alone() -> None:
    call = shop()[0].call
    options = {"message": "This wallet is mine.", "verificationMethods": ["signedMessage"]}
    link = Link(call, verifyWalletOptions=options)
    wallet = link("connectWallet", integrationId=link.integration("MetaMask"), networkType="evm")["account"]
    signed = link("sign", accountId=wallet["accountId"], accept=True)
    assert signed["isVerified"] and signed["address"] == wallet["address"]
    [found] = call("getWalletVerifications", 200, UserId="user-7").json["content"]["verifications"]
    assert found["userId"] == "user-7" and found["address"] == wallet["address"]
    assert found["signedMessageHash"] == signed["signedMessageHash"] and found["message"] == signed["message"]
    assert call("getWalletVerifications", 200, UserId="user-8").json["content"] == {"verifications": []}
    other = new_merchant("Mesh wallets").call
    assert other("getWalletVerifications", 200, UserId="user-7").json["content"] == {"verifications": []}
