// What the page tells its host: the names and the payloads of Mesh's Link SDK. Amounts are numbers there, as Mesh's
// are: a host shows them, and settles by the webhook.

/** Every name an SDK of 2026 passes on to its `onEvent`; it drops all others. */
export const eventNames = [
  "integrationConnected", "integrationConnectionError", "integrationMfaRequired", "integrationMfaEntered",
  "integrationOAuthStarted", "integrationAccountSelectionRequired", "transferCompleted", "integrationSelected",
  "credentialsEntered", "transferStarted", "transferPreviewed", "transferPreviewError", "transferExecutionError",
  "transferConfigureError", "pageLoaded", "transferAssetSelected", "transferNetworkSelected", "transferAmountEntered",
  "transferMfaRequired", "transferMfaEntered", "transferKycRequired", "transferExecuted", "transferInitiated",
  "transferNoEligibleAssets", "walletMessageSigned", "verifyDonePage", "verifyWalletRejected", "connectionDeclined",
  "connectionUnavailable", "transferDeclined", "done", "close", "SDKinjectedWalletProviders", "legalTermsViewed",
  "seeWhatHappenedClicked", "executeFundingStep", "fundingOptionsUpdated", "fundingOptionsViewed",
  "gasIncreaseWarning", "linkTransferQRGenerated", "methodSelected", "defiWalletError", "homePageLoaded",
];

/** Messages that the SDK itself acts on. */
export const protocolNames = ["loaded", "brokerageAccountAccessToken", "delayedAuthentication", "transferFinished"];

/** The events that the SDK makes itself of protocol messages: a page that sent them too would have them seen twice. */
export const derivedNames = ["pageLoaded", "integrationConnected", "transferCompleted"];

/** Without members that are null or undefined: the SDK's types have them optional, not null. */
export const compact = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));

const number = (text) => (text === null || text === undefined ? undefined : Number(text));

const fee = (fee) =>
  fee
    ? compact({ fee: number(fee.fee), feeCurrency: fee.feeCurrency, feeInFiat: number(fee.feeInFiat) })
    : undefined;

/** `brokerageAccountAccessToken`. `brokerLogo` is the page's own mark as a data URL. */
export function accessToken(account, brokerLogo) {
  return compact({
    accountTokens: [
      compact({
        account: compact({
          meshAccountId: account.meshAccountId,
          frontAccountId: account.frontAccountId,
          accountId: account.accountId,
          accountName: account.accountName,
          fund: number(account.fund),
          cash: number(account.cash),
          isReconnected: account.isReconnected ?? false,
        }),
        accessToken: account.accessToken,
        // A wallet has none.
        tokenId: account.tokenId,
      }),
    ],
    brokerBrandInfo: { brokerLogo },
    expiresInSeconds: account.expiresInSeconds,
    refreshTokenExpiresInSeconds: account.refreshTokenExpiresInSeconds,
    brokerType: account.brokerType,
    brokerName: account.brokerName,
  });
}

export const integrationSelected = (integration, userSearched) =>
  ({ integrationType: integration.type, integrationName: integration.name, userSearched });

export function noEligibleAssets(integration, holdings) {
  return compact({
    integrationType: integration.type,
    integrationName: integration.name,
    noAssetsType: holdings.length === 0 ? "noAssets" : "noSupportedAssets",
    arrayOfTokensHeld: holdings.map((holding) =>
      compact({
        symbol: holding.symbol,
        amount: number(holding.amount),
        amountInFiat: number(holding.amountInFiat),
        ineligibilityReason: holding.ineligibilityReason,
      })),
  });
}

export function transferPreviewed(preview, integration, session) {
  return compact({
    amount: number(preview.amount),
    symbol: preview.symbol,
    toAddress: preview.toAddress,
    networkId: preview.networkId,
    previewId: preview.previewId,
    networkName: preview.networkName,
    amountInFiat: number(preview.amountInFiat),
    // What the server calls "in fiat" is in dollars, whatever the page shows beside it.
    fiatCurrency: "USD",
    integrationType: integration.type,
    integrationName: integration.name,
    estimatedNetworkGasFee: fee(preview.networkFee),
    institutionTransferFee: fee(preview.withdrawalFee),
    customClientFee: fee(preview.clientFee),
    cryptocurrencyFundingOptions: (preview.funding ?? []).map((option) =>
      compact({
        type: option.type,
        fromSymbol: option.fromSymbol,
        fromAmount: number(option.fromAmount),
        toSymbol: option.toSymbol,
        amount: number(option.amount),
        amountInFiat: number(option.amountInFiat),
        fee: fee(option.fee),
      })),
    userId: session.userId,
    clientTransactionId: session.transactionId,
  });
}

export const transferInitiated = (integration) =>
  compact({ integrationType: integration.type, integrationName: integration.name, status: "pending" });

/**
 * `transferFinished`. The SDK's type knows `success` only, which says that the provider took the order; of a transfer
 * that waits for its confirmations Mesh says `pending`.
 */
export function transferFinished(status, transfer) {
  return compact({
    status: status === "pending" ? "pending" : "success",
    txId: transfer.txId,
    fromAddress: transfer.fromAddress,
    toAddress: transfer.toAddress,
    symbol: transfer.symbol,
    amount: number(transfer.amount),
    networkId: transfer.networkId,
    userId: transfer.userId,
    clientTransactionId: transfer.clientTransactionId,
    amountInFiat: number(transfer.amountInFiat),
    totalAmountInFiat: number(transfer.totalAmountInFiat),
    networkName: transfer.networkName,
    txHash: transfer.txHash,
    transferId: transfer.transferId,
    refundAddress: transfer.refundAddress,
  });
}

/** `errorMessage` with the id of the failed request, where there is one. */
export const failure = (errorMessage, requestId) => compact({ errorMessage, requestId });

export function walletMessageSigned(signature) {
  return compact({
    signedMessageHash: signature.signedMessageHash,
    message: signature.message,
    address: signature.address,
    timeStamp: number(signature.timeStamp),
    isVerified: signature.isVerified,
    verifiedAddresses: signature.verifiedAddresses,
  });
}

/** The `SessionSummary` of `close` and `done`. */
export function sessionSummary(page, { integration, preview, transfer, session } = {}, errorMessage) {
  const moved = transfer ?? preview;
  return compact({
    page,
    selectedIntegration: integration
      ? { id: integration.id, name: integration.name, integrationType: integration.type,
          integrationName: integration.name }
      : undefined,
    transfer: moved
      ? compact({
          previewId: preview?.previewId,
          symbol: moved.symbol,
          amount: number(moved.amount),
          amountInFiat: number(moved.amountInFiat),
          transactionId: session?.transactionId,
          networkId: moved.networkId,
        })
      : undefined,
    errorMessage,
  });
}
