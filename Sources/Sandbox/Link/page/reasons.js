// Which text explains which code. Codes of Mesh that say the same to a person share a text.

// Maps and not objects: a code comes from the server, and "constructor" is a member of every object.
const previewAndExecute = new Map(Object.entries({
  InsufficientFunds: "errorFunds",
  EmptyWalletSymbolBalance: "errorFunds",
  InsufficientFeeFunds: "errorFeeFunds",
  DepositAmountTooLow: "errorTooLow",
  AmountLessThanWithdrawMinimum: "errorTooLow",
  AmountMoreThanWithdrawMaximum: "errorTooHigh",
  WrongPreviewRequestAmount: "errorAmount",
  WrongPreviewRequestNoAmount: "errorAmount",
  InvalidAddressPattern: "errorAddress",
  AddressMissing: "errorAddress",
  WrongPreviewRequestToData: "errorAddress",
  WrongPreviewRequestInvalidToAuthToken: "errorAddress",
  AddressNotRegistered: "errorAddressNotRegistered",
  NetworkIdMissing: "errorNetwork",
  NetworkNotFound: "errorNetwork",
  NetworkDisabled: "errorNetwork",
  WrongPreviewRequestNetwork: "errorNetwork",
  SymbolMissing: "errorAsset",
  UnsupportedSymbolByNetwork: "errorAsset",
  WrongPreviewRequestNoSymbol: "errorAsset",
  WrongPreviewRequestUnsupportedSymbolBySourceWallet: "errorAsset",
  WrongPreviewRequestUnsupportedSymbolByTargetWallet: "errorAsset",
  WrongPreviewRequestFromAuthTokenMissing: "errorAccount",
  KycRequired: "errorKyc",
  PriceNotFound: "errorPrice",
  PreviewExpired: "errorPreviewExpired",
  PreviewNotFound: "errorPreviewExpired",
  TransferIsRequested: "errorRequested",
}));

const ownCodes = new Map(Object.entries({
  wrongCredentials: "errorCredentials",
  wrongCode: "errorCode",
  unreachable: "errorUnreachable",
  unavailable: "errorUnreachable",
  integrationDown: "errorDown",
  invalid: "errorInvalid",
  session: "errorSession",
}));

export const reasonKey = (code) => previewAndExecute.get(code) ?? ownCodes.get(code) ?? "errorOther";

const ineligible = new Map(Object.entries({
  symbolDoesNotMatch: "whyNotAccepted",
  noEligibleNetworks: "whyNoNetwork",
  noTargetNetworkFound: "whyNoNetwork",
  notSupportedForTransferByTarget: "whyNotAccepted",
  notSupportedForTransferBySource: "whyNotSent",
  refusedByInstitution: "whyNotSent",
  amountNotSufficient: "whyTooLittle",
  balanceBelowRequestedAmount: "whyTooLittle",
  balanceBelowMinimum: "whyTooLittle",
  gasFeeAssetBalanceNotEnough: "whyFees",
  gasFeeAssetAndBalanceNotEnough: "whyFees",
  requestedAmountBelowFees: "whyBelowMinimum",
  requestedAmountBelowMinimum: "whyBelowMinimum",
  requestedAmountBelowClientMinimum: "whyBelowMinimum",
  requestedAmountAboveClientMaximum: "whyAboveMaximum",
  noPrice: "whyNoPrice",
  nyCoinbaseUserRestrictions: "whyRegion",
}));

export const ineligibilityKey = (code) => ineligible.get(code) ?? "whyOther";
