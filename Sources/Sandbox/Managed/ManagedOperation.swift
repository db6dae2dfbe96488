/// A call of Mesh's that works on a connected account, or tells what would come of one. Faults name it by the raw
/// value.
package enum ManagedOperation: String, CaseIterable, Sendable {
    case configure = "configureTransfer"
    case preview = "previewTransfer"
    case execute = "executeTransfer"
    case update = "updateTransfer"
    case quote = "quoteTransfer"
    case verifyTransfer
    case getAddress = "getDepositAddress"
    case listAddresses = "listDepositAddresses"
    case holdings, holdingsValue, balance
    case identity = "verifyIdentity"
    case refreshToken, removeAccount, walletVerifications
}
