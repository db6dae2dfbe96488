// The payloads that a merchant's page gets: numbers for amounts, and no member that is null.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const messages = await load("messages.js");

const session = { userId: "user-1", transactionId: "order-7" };
const integration = { id: "721a5035-029f-4e05-bf3c-009da2fe381b", type: "sandboxCoinbase", name: "Coinbase" };
const account = {
  accountId: "a", accountName: "Mesh", meshAccountId: "m", frontAccountId: "f", integrationId: integration.id,
  brokerType: "sandboxCoinbase", brokerName: "Coinbase", kind: "exchange", address: null, accessToken: "secret",
  tokenId: "t", fund: "1.5", cash: "0", expiresInSeconds: 60, refreshTokenExpiresInSeconds: null,
};
const preview = {
  previewId: "p", previewExpiresIn: 300, symbol: "USDC", networkId: "n", networkName: "Base", amount: "50",
  amountInFiat: "50.00", fromAddress: "0x1", toAddress: "0x2", refundAddress: "0x3", totalAmount: "50.01",
  totalAmountInFiat: "50.01", networkFee: { fee: "0.1", feeCurrency: "ETH", feeInFiat: null },
  withdrawalFee: { fee: "0", feeCurrency: "USDC", feeInFiat: "0" }, clientFee: null,
  funding: [{ type: "cryptocurrencyConversion", fromSymbol: "ETH", fromAmount: "0.01", toSymbol: "USDC",
    amount: "40", amountInFiat: "40", fee: { fee: "0.2", feeCurrency: "USDC", feeInFiat: "0.2" } }],
};

/** Every member of an object and of what is in it. */
function members(value) {
  return value !== null && typeof value === "object"
    ? Object.entries(value).flatMap(([name, member]) => [[name, member], ...members(member)])
    : [];
}

test("the connected account", () => {
  assert.deepEqual(messages.accessToken(account, "data:x"), {
    accountTokens: [{
      account: { meshAccountId: "m", frontAccountId: "f", accountId: "a", accountName: "Mesh", fund: 1.5, cash: 0,
        isReconnected: false },
      accessToken: "secret", tokenId: "t",
    }],
    brokerBrandInfo: { brokerLogo: "data:x" }, expiresInSeconds: 60, brokerType: "sandboxCoinbase",
    brokerName: "Coinbase",
  });
  const wallet = messages.accessToken({ ...account, tokenId: null }, "data:x");
  assert.ok(!("tokenId" in wallet.accountTokens[0]));
});

test("a quote", () => {
  const payload = messages.transferPreviewed(preview, integration, session);
  assert.equal(payload.amount, 50);
  assert.equal(payload.fiatCurrency, "USD");
  assert.deepEqual(payload.estimatedNetworkGasFee, { fee: 0.1, feeCurrency: "ETH" });
  assert.ok(!("customClientFee" in payload));
  assert.deepEqual(payload.cryptocurrencyFundingOptions, [{ type: "cryptocurrencyConversion", fromSymbol: "ETH",
    fromAmount: 0.01, toSymbol: "USDC", amount: 40, amountInFiat: 40,
    fee: { fee: 0.2, feeCurrency: "USDC", feeInFiat: 0.2 } }]);
  assert.equal(payload.clientTransactionId, "order-7");
  assert.ok(members(payload).every(([, member]) => member !== null && member !== undefined));
});

test("a finished transfer", () => {
  const transfer = { transferId: "i", txId: "x", txHash: null, fromAddress: "0x1", toAddress: "0x2", symbol: "USDC",
    amount: "50", amountInFiat: "50", totalAmountInFiat: "50.01", networkId: "n", networkName: "Base",
    refundAddress: "0x3", clientTransactionId: null, userId: "user-1" };
  assert.deepEqual(messages.transferFinished("succeeded", transfer), { status: "success", txId: "x",
    fromAddress: "0x1", toAddress: "0x2", symbol: "USDC", amount: 50, networkId: "n", userId: "user-1",
    amountInFiat: 50, totalAmountInFiat: 50.01, networkName: "Base", transferId: "i", refundAddress: "0x3" });
  assert.equal(messages.transferFinished("pending", transfer).status, "pending");
});

test("assets that would not do", () => {
  const holdings = [
    { symbol: "BTC", amount: "1.5", amountInFiat: "150000", ineligibilityReason: "symbolDoesNotMatch" }];
  const payload = messages.noEligibleAssets(integration, holdings);
  assert.deepEqual(payload.arrayOfTokensHeld, [
    { symbol: "BTC", amount: 1.5, amountInFiat: 150000, ineligibilityReason: "symbolDoesNotMatch" }]);
  assert.equal(payload.integrationName, "Coinbase");
  assert.deepEqual(messages.noEligibleAssets(integration, []).arrayOfTokensHeld, []);
});

test("the summary at the end", () => {
  assert.deepEqual(messages.sessionSummary("startPage"), { page: "startPage" });
  assert.deepEqual(messages.sessionSummary("transferPreviewPage", { integration, preview, session }, "no"), {
    page: "transferPreviewPage",
    selectedIntegration: { id: integration.id, name: "Coinbase", integrationType: "sandboxCoinbase",
      integrationName: "Coinbase" },
    transfer: { previewId: "p", symbol: "USDC", amount: 50, amountInFiat: 50, transactionId: "order-7",
      networkId: "n" },
    errorMessage: "no",
  });
});

test("only names that the SDK knows are sent, and none that it makes itself", async () => {
  const { readdir, readFile } = await import("node:fs/promises");
  const { pageFolder } = await import("./page.mjs");
  const known = new Set([...messages.eventNames, ...messages.protocolNames]);
  const names = [];
  for (const file of (await readdir(pageFolder)).filter((name) => name.endsWith(".js"))) {
    const code = await readFile(new URL(file, pageFolder), "utf8");
    names.push(...[...code.matchAll(/\.(?:event|send)\(\s*"(\w+)"/g)].map((match) => match[1]));
  }
  assert.ok(names.length > 25, `${names.length} names found`);
  for (const name of names) {
    assert.ok(known.has(name), name);
    assert.ok(!messages.derivedNames.includes(name), `${name} would arrive twice`);
  }
  assert.equal(new Set(messages.eventNames).size, 43);
});
