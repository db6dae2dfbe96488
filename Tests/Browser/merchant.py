"""A merchant with a key, a webhook endpoint and a web page, at the Subgate that these checks started."""

import base64
import hashlib
import hmac
import itertools
import json
import sys
from pathlib import Path
from typing import Any

# The harness of the contract's checks starts `subgate dev` and holds each answer against openapi.yaml.
sys.path.append(str(Path(__file__).resolve().parents[1] / "Contract"))

from journey_checks import admin, eventually, new_merchant  # noqa: E402
from mesh_checks import at_sandbox  # noqa: E402, F401
from receiver import Receiver, Webhook  # noqa: E402
from service import Answer, send, service  # noqa: E402
from standardwebhooks import Webhook as StandardWebhook  # noqa: E402

NETWORKS = {
    "Ethereum": "e3c7fdd8-b1fc-4e51-85ae-bb276e075611",
    "Polygon": "7436e9d0-ba42-4d2b-b4c0-8e4e606b2c12",
    "Base": "aa883b03-120d-477c-a588-37c2afd3ca71",
    "Solana": "0291810a-5947-424d-9a59-e88bb33e999d",
    "Bitcoin": "0880db06-7c7c-4738-898f-cf74efc03c47",
}
ADDRESSES = {
    "Ethereum": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0",
    "Polygon": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0",
    "Base": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0",
    "Solana": "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM",
    "Bitcoin": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
}

_numbers = itertools.count(1)


def to_address(network: str = "Ethereum", symbol: str = "USDC", **more: Any) -> dict[str, Any]:
    return {"networkId": NETWORKS[network], "symbol": symbol, "address": ADDRESSES[network], **more}


def control(method: str, path: str, body: Any = None, status: int | None = None) -> Any:
    """A call of the sandbox's control API. The body of its answer, or None where it has none."""
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if body is not None else {}
    answer: Answer = send(service().facts["sandboxUrl"], method, path, headers, sent)
    wanted = {status} if status else {200, 204}
    assert answer.status in wanted, f"{method} {path}: {answer.status}: {answer.body[:300]!r}"
    return answer.json if answer.body else None


class Merchant:
    """One sub-client of its own, whose webhooks come here in Mesh's format."""

    def __init__(self, name: str) -> None:
        made = new_merchant(name)
        self.id, self.call, self.name = made.id, made.call, name
        self.receiver = Receiver()
        body = {"url": self.receiver.url + "/webhooks", "payloadFormat": "mesh", "eventTypes": ["transfer.*"]}
        self.secret: str = self.call("createWebhookEndpoint", 201, body=body).json["secret"]
        self.await_registration()

    def await_registration(self) -> None:
        """Waits until the upstream knows the merchant as it is now: its name and its origins are what Link shows."""

        def is_known() -> bool:
            entries = admin()("getRegistrations", 200, self.id).json["data"]
            return bool(entries) and all(one["state"] == "synced" for one in entries)

        eventually(is_known, f"the registration of {self.name}")

    def order(self, what: str) -> str:
        """An order number that no other transfer has."""
        return f"{what}-{next(_numbers)}"

    def mint(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.call("createLinkToken", 200, body=body).json["content"]

    def token(self, body: dict[str, Any]) -> str:
        return self.mint(body)["linkToken"]

    def brand(self, **fields: Any) -> None:
        """Sets the branding; what is not named is unset."""
        current = admin()("getBranding", 200, self.id)
        headers = {"If-Match": current.headers["etag"]} if "etag" in current.headers else {}
        admin()("putBranding", 200, self.id, body=fields, headers=headers)
        self.await_registration()

    def transfer(self, order: str) -> dict[str, Any] | None:
        """The one transfer of an order, as the merchant's own Mesh client would read it."""
        items = self.call("getMeshTransfers", 200, ClientTransactionId=order).json["content"]["items"]
        assert len(items) <= 1, items
        return items[0] if items else None

    def await_transfer(self, order: str, status: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            one = self.transfer(order)
            return one if one and one["status"] == status else None

        return eventually(found, f"a transfer of {order} that is {status}")

    def await_webhook(self, order: str, status: str) -> dict[str, Any]:
        """The webhook of an order, once it came and was found to be signed by Subgate."""

        def of_order(taken: list[Webhook]) -> list[Webhook]:
            matching = [one for one in taken if one.json["TransactionId"] == order]
            return [one for one in matching if one.json["TransferStatus"].lower() == status]

        taken = self.receiver.wait(lambda all: bool(of_order(all)), f"webhook of {order}: {status}")
        webhook = of_order(taken)[0]
        StandardWebhook(self.secret).verify(webhook.body, webhook.headers)
        wanted = base64.b64encode(hmac.digest(self.secret.encode(), webhook.body, hashlib.sha256)).decode()
        assert hmac.compare_digest(wanted, webhook.headers["x-mesh-signature-256"]), "the drop-in signature is wrong"
        return webhook.json


def payment(order: str, *addresses: dict[str, Any], user: str = "customer-7", **options: Any) -> dict[str, Any]:
    """The body of a link token for a transfer."""
    transfer = {"transactionId": order, "transferType": "payment", "toAddresses": list(addresses), **options}
    return {"userId": user, "transferOptions": transfer}
