"""The messages of Link to its host, as Mesh's SDKs know them: names and shapes."""

from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
UUID: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}


def shape(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these members and no other."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def many(item: Schema) -> Schema:
    return {"type": "array", "items": item}


FEE = shape({"fee": NUMBER, "feeCurrency": TEXT}, {"feeInFiat": NUMBER})
INTEGRATION = shape({"integrationName": TEXT}, {"integrationType": TEXT})
FAILURE = shape({"errorMessage": TEXT}, {"requestId": TEXT})

_ACCOUNT = shape(
    {"accountId": TEXT, "accountName": TEXT},
    {"meshAccountId": TEXT, "frontAccountId": TEXT, "fund": NUMBER, "cash": NUMBER, "isReconnected": FLAG},
)
_TOKEN = shape({"account": _ACCOUNT, "accessToken": TEXT}, {"tokenId": TEXT, "refreshToken": TEXT})
ACCESS_TOKEN = shape(
    {
        "accountTokens": {**many(_TOKEN), "minItems": 1},
        "brokerType": TEXT,
        "brokerName": TEXT,
        "brokerBrandInfo": shape({"brokerLogo": TEXT}, {"brokerLogoUrl": TEXT, "brokerPrimaryColor": TEXT}),
    },
    {"expiresInSeconds": NUMBER, "refreshTokenExpiresInSeconds": NUMBER},
)

TRANSFER_FINISHED = shape(
    {
        "status": {"enum": ["success", "pending", "succeeded", "failed"]},
        "txId": TEXT,
        "fromAddress": TEXT,
        "toAddress": TEXT,
        "symbol": TEXT,
        "amount": NUMBER,
        "networkId": UUID,
    },
    {
        "userId": TEXT,
        "clientTransactionId": TEXT,
        "amountInFiat": NUMBER,
        "totalAmountInFiat": NUMBER,
        "networkName": TEXT,
        "txHash": TEXT,
        "transferId": UUID,
        "refundAddress": TEXT,
    },
)

_FUNDING = shape(
    {"type": TEXT, "fromSymbol": TEXT, "fromAmount": NUMBER, "toSymbol": TEXT, "amount": NUMBER},
    {"amountInFiat": NUMBER, "fee": FEE},
)
TRANSFER_PREVIEWED = shape(
    {"amount": NUMBER, "symbol": TEXT, "toAddress": TEXT, "networkId": UUID, "previewId": TEXT},
    {
        "networkName": TEXT,
        "amountInFiat": NUMBER,
        "fiatCurrency": {"enum": ["USD", "EUR", "GBP"]},
        "integrationType": TEXT,
        "integrationName": TEXT,
        "estimatedNetworkGasFee": FEE,
        "institutionTransferFee": FEE,
        "customClientFee": FEE,
        "cryptocurrencyFundingOptions": many(_FUNDING),
        "userId": TEXT,
        "clientTransactionId": TEXT,
    },
)

_HELD = shape({"symbol": TEXT, "amount": NUMBER}, {"amountInFiat": NUMBER, "ineligibilityReason": TEXT})
NO_ELIGIBLE_ASSETS = shape(
    {"integrationName": TEXT, "arrayOfTokensHeld": many(_HELD)}, {"integrationType": TEXT, "noAssetsType": TEXT}
)

WALLET_SIGNED = shape(
    {"signedMessageHash": TEXT, "message": TEXT, "address": TEXT, "timeStamp": NUMBER, "isVerified": FLAG},
    {"verifiedAddresses": many(TEXT)},
)

SUMMARY = shape(
    {"page": TEXT},
    {
        "selectedIntegration": shape({}, {"id": UUID, "name": TEXT, "integrationType": TEXT, "integrationName": TEXT}),
        "transfer": shape(
            {},
            {
                "previewId": TEXT,
                "symbol": TEXT,
                "amount": NUMBER,
                "amountInFiat": NUMBER,
                "transactionId": TEXT,
                "networkId": UUID,
            },
        ),
        "errorMessage": TEXT,
    },
)

NOTHING = None
# Of each message that Link may send: the shape of its payload, or that it has none. `{}` is one that nobody describes.
PAYLOADS: dict[str, Schema | None] = {
    "loaded": NOTHING,
    "brokerageAccountAccessToken": ACCESS_TOKEN,
    "transferFinished": TRANSFER_FINISHED,
    "close": SUMMARY,
    "done": SUMMARY,
    "integrationConnectionError": FAILURE,
    "integrationMfaRequired": NOTHING,
    "integrationMfaEntered": NOTHING,
    "integrationAccountSelectionRequired": NOTHING,
    "integrationSelected": shape(
        {"integrationType": TEXT, "integrationName": TEXT}, {"nativeLink": TEXT, "userSearched": FLAG}
    ),
    "credentialsEntered": NOTHING,
    "transferStarted": NOTHING,
    "transferPreviewed": TRANSFER_PREVIEWED,
    "transferPreviewError": FAILURE,
    "transferExecutionError": FAILURE,
    "transferConfigureError": FAILURE,
    "transferAssetSelected": shape({"symbol": TEXT}),
    "transferNetworkSelected": shape({"id": UUID, "name": TEXT}),
    "transferAmountEntered": NOTHING,
    "transferMfaRequired": NOTHING,
    "transferMfaEntered": NOTHING,
    "transferKycRequired": NOTHING,
    "transferInitiated": shape({"integrationName": TEXT, "status": {"const": "pending"}}, {"integrationType": TEXT}),
    "transferNoEligibleAssets": NO_ELIGIBLE_ASSETS,
    "walletMessageSigned": WALLET_SIGNED,
    "verifyDonePage": NOTHING,
    "verifyWalletRejected": NOTHING,
    "connectionDeclined": {},
    "connectionUnavailable": shape({"integrationName": TEXT, "reason": TEXT}),
    "transferDeclined": {},
    "legalTermsViewed": NOTHING,
    "seeWhatHappenedClicked": NOTHING,
    "executeFundingStep": {},
    "fundingOptionsUpdated": {},
    "fundingOptionsViewed": {},
    "gasIncreaseWarning": {},
    "linkTransferQRGenerated": shape({}, {"token": TEXT, "network": TEXT, "toAddress": TEXT, "qrUrl": TEXT}),
    "methodSelected": shape({"method": {"enum": ["embedded", "manual", "buy"]}}),
    "defiWalletError": shape(
        {"integrationName": TEXT, "errorType": {"enum": ["timeout", "verifyMismatch"]}},
        {"details": TEXT, "timeStamp": NUMBER},
    ),
    "homePageLoaded": NOTHING,
}

# Names that the SDK makes itself of `loaded`, `brokerageAccountAccessToken` and `transferFinished`: sent by Link too,
# they would reach the merchant twice.
DERIVED = ("pageLoaded", "integrationConnected", "transferCompleted")


def complaints(messages: list[Any]) -> list[str]:
    """What is wrong with messages, in the order they came."""
    return [found for message in messages for found in _judge(message)]


def _judge(message: Any) -> list[str]:
    if not isinstance(message, dict) or message.get("type") not in PAYLOADS:
        return [f"no message of the protocol: {message}"]
    kind, schema = message["type"], PAYLOADS[message["type"]]
    if set(message) - {"type", "payload"}:
        return [f"{kind}: members {sorted(set(message) - {'type', 'payload'})}"]
    if schema is None:
        return [f"{kind}: an unexpected payload {message['payload']}"] if message.get("payload") else []
    if schema and "payload" not in message:
        return [f"{kind}: no payload"]
    found = Draft202012Validator(schema).iter_errors(message.get("payload"))
    return [f"{kind}: {'.'.join(map(str, one.absolute_path)) or 'payload'}: {one.message[:300]}" for one in found]
