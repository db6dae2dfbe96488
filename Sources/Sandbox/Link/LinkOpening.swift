import Domain
import JSON

/// What a session is for.
enum LinkJourney: String, Sendable { case connect, transfer, verify, verifyAndTransfer }

extension StoredLinkToken {
    var journey: LinkJourney {
        if verification != nil { return destinations.isEmpty ? .verify : .verifyAndTransfer }
        return destinations.isEmpty ? .connect : .transfer
    }
}

/// The answer to `open`: all that the page needs to know of its token.
enum LinkOpening {
    static func json(
        _ key: LinkSessionKey, _ token: StoredLinkToken, _ merchant: LinkMerchant, until end: Timestamp
    ) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 2_048)
        json.beginObject()
        json.member("sessionKey", key.text)
        json.member("expiresAt", end.rfc3339(.milliseconds))
        json.key("merchant")
        json.beginObject()
        json.member("name", merchant.name)
        json.member("logoUrl", merchant.logoPath)
        json.endObject()
        json.member("journey", token.journey.rawValue)
        json.member("transferType", token.destinations.isEmpty ? nil : token.transferType)
        json.member("integrationId", token.integrationId?.text)
        json.member("restrictMultipleAccounts", token.restrictsAccounts)
        json.member("disableApiKeyGeneration", token.disablesAPIKeys)
        json.member("fundingEnabled", token.fundingIsEnabled)
        json.member("isInclusiveFeeEnabled", token.feeIsInclusive)
        json.member("amountInFiat", token.amountInFiat?.text)
        json.objects("toAddresses", token.destinations, write)
        json.key("verify")
        if let verification = token.verification { write(verification, to: &json) } else { json.null() }
        json.member("transactionId", token.transactionId)
        json.member("userId", token.userId)
        json.endObject()
        return json.bytes
    }

    private static func write(_ destination: Destination, to json: inout JSONWriter) {
        let network = CatalogueNetwork.all.first { $0.id == destination.networkId }
        json.member("networkId", destination.networkId.text)
        json.member("networkName", network?.name ?? "Unknown network")
        json.member("networkType", network?.type ?? "unknown")
        json.member("symbol", destination.symbol)
        json.member("address", destination.address)
        json.member("addressTag", destination.addressTag)
        json.member("amount", destination.amount?.text)
        json.member("minAmount", destination.minAmount?.text)
        json.member("minAmountInFiat", destination.minAmountInFiat?.text)
    }

    private static func write(_ verification: VerificationOptions, to json: inout JSONWriter) {
        json.beginObject()
        json.member("message", verification.text)
        json.key("addresses")
        json.strings(verification.addresses)
        json.member("networkType", verification.networkType?.rawValue)
        json.endObject()
    }
}
