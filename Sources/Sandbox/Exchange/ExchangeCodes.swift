/// Why Mesh's preview of a transfer fails, spelled as on the wire.
enum PreviewCode: String, CaseIterable, Error {
    case networkIdMissing = "NetworkIdMissing"
    case addressMissing = "AddressMissing"
    case symbolMissing = "SymbolMissing"
    case unsupportedSymbolByNetwork = "UnsupportedSymbolByNetwork"
    case invalidAddressPattern = "InvalidAddressPattern"
    case networkNotFound = "NetworkNotFound"
    case networkDisabled = "NetworkDisabled"
    case insufficientFunds = "InsufficientFunds"
    case insufficientFeeFunds = "InsufficientFeeFunds"
    case emptyWalletSymbolBalance = "EmptyWalletSymbolBalance"
    case kycRequired = "KycRequired"
    case depositAmountTooLow = "DepositAmountTooLow"
    case priceNotFound = "PriceNotFound"
    case amountMoreThanWithdrawMaximum = "AmountMoreThanWithdrawMaximum"
    case amountLessThanWithdrawMinimum = "AmountLessThanWithdrawMinimum"
    case fromAuthTokenMissing = "WrongPreviewRequestFromAuthTokenMissing"
    case noSymbol = "WrongPreviewRequestNoSymbol"
    case invalidToAuthToken = "WrongPreviewRequestInvalidToAuthToken"
    case toData = "WrongPreviewRequestToData"
    case bothAmounts = "WrongPreviewRequestAmount"
    case noAmount = "WrongPreviewRequestNoAmount"
    case unsupportedSymbolBySource = "WrongPreviewRequestUnsupportedSymbolBySourceWallet"
    case unsupportedSymbolByTarget = "WrongPreviewRequestUnsupportedSymbolByTargetWallet"
    case network = "WrongPreviewRequestNetwork"
}

/// Why Mesh's execution of a previewed transfer fails, spelled as on the wire.
enum ExecuteCode: String, CaseIterable, Error {
    case previewExpired = "PreviewExpired"
    case transferIsRequested = "TransferIsRequested"
    case previewNotFound = "PreviewNotFound"
    case addressNotRegistered = "AddressNotRegistered"
}
