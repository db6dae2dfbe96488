import Domain
import JSON

/// Writes Mesh's `ExecuteTransferResponse`.
enum ExecutionBody {
    static func failure(_ status: String, _ message: String?) -> [UInt8] {
        ManagedRoutes.object { json in
            json.member("status", status)
            json.member("errorMessage", message)
            json.members(null: "executeTransferResult")
            json.member("fallbackMfaAvailable", false)
        }
    }

    static func codeWanted() -> [UInt8] {
        ManagedRoutes.object { json in
            json.member("status", "mfaRequired")
            json.member("mfaType", "totp")
            json.members(null: "errorMessage", "executeTransferResult")
            json.member("fallbackMfaAvailable", false)
        }
    }

    /// What an execution began.
    static func content(_ transfer: PlayedTransfer) -> [UInt8] {
        succeeded(
            Standing(
                id: transfer.id, status: Array("pending".utf8), hash: nil,
                networkName: Array(transfer.network.name.utf8),
                networkId: transfer.network.id, symbol: transfer.symbol, fromAddress: transfer.sourceAddress,
                toAddress: transfer.destinationAddress, amount: transfer.destinationAmount,
                leaving: transfer.sourceAmount, fees: transfer.fees))
    }

    /// How a transfer stands.
    static func content(_ transfer: StoredTransfer) -> [UInt8] {
        succeeded(
            Standing(
                id: transfer.id, status: transfer.status, hash: transfer.transactionHash,
                networkName: transfer.networkName, networkId: transfer.networkId, symbol: transfer.symbol,
                fromAddress: transfer.sourceAddress, toAddress: transfer.destinationAddress,
                amount: transfer.destinationAmount, leaving: transfer.sourceAmount, fees: transfer.fees))
    }

    private struct Standing {
        let id: UUIDValue
        /// `pending`, `failed` or `succeeded`.
        let status: [UInt8]
        let hash: [UInt8]?
        let networkName: [UInt8]
        let networkId: UUIDValue
        let symbol: [UInt8]
        let fromAddress: [UInt8]
        let toAddress: [UInt8]
        let amount: Amount
        let leaving: Amount
        let fees: PlayedTransfer.Fees
    }

    private static func succeeded(_ standing: Standing) -> [UInt8] {
        ManagedRoutes.object { json in
            json.member("status", "succeeded")
            json.members(null: "errorMessage")
            json.key("executeTransferResult")
            json.beginObject()
            write(standing, &json)
            json.endObject()
            json.member("fallbackMfaAvailable", false)
        }
    }

    private static func write(_ standing: Standing, _ json: inout JSONWriter) {
        let price = Price.dollars(of: standing.symbol)
        let gas = standing.fees.gas
        let apart = Portfolio.matches(gas.symbol, standing.symbol) ? Amount.zero : gas.worth(in: .usd)
        json.member("transferId", standing.id.text)
        json.member("status", standing.status)
        json.member("statusDetails", standing.status == Array("pending".utf8) ? "In progress" : nil)
        json.member("fromAddress", standing.fromAddress)
        json.member("toAddress", standing.toAddress)
        json.member("symbol", standing.symbol)
        json.member("networkName", standing.networkName)
        json.member("networkId", standing.networkId.text)
        json.member("hash", standing.hash)
        json.member("amount", json: standing.amount.text)
        json.member("amountInFiat", json: standing.amount.worth(at: price).text)
        json.member("totalAmountInFiat", json: (standing.leaving.worth(at: price) + apart).text)
        json.member("completedConfirmations", integer: standing.hash == nil ? 0 : 12)
        json.fee(
            "institutionTransferFee", TransferFee(amount: standing.fees.withdrawal, symbol: standing.symbol),
            in: .usd, transferring: standing.symbol)
        json.fee("networkGasFee", gas, in: .usd, transferring: standing.symbol)
    }
}
