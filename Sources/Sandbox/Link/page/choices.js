// What a session's facts leave to choose: decided here without a page, so that it can be tested.

import { add, compare, isDecimal, isZero, multiply, typed } from "./decimals.js";

/** Whether an asset or a network can be used, converted into if need be. */
export const isUsable = (option) => option.eligible || option.eligibleWithFunding === true;

/** What an account has: the server also names what the merchant takes and nothing is held of. */
export const held = (holdings) => holdings.filter(({ amount }) => isDecimal(amount) && !isZero(amount));

/** Usable assets first, each part by value, the largest first. */
export function arranged(holdings) {
  const value = (holding) => (isDecimal(holding.amountInFiat) ? holding.amountInFiat : "0");
  return [...holdings].sort(
    (a, b) => Number(isUsable(b)) - Number(isUsable(a)) || compare(value(b), value(a)));
}

/** The networks of a holding that the transfer can take; a funded asset's networks count as the asset does. */
export function usableNetworks(holding) {
  return holding.networks.filter((network) =>
    network.eligible || (holding.eligibleWithFunding && network.ineligibilityReason === "eligibleWithFunding"));
}

/**
 * What comes after an account's holdings are known: `none` that would do, the `asset` or the `network` to choose, or
 * neither (`chosen`). One destination leaves no choice.
 */
export function nextChoice(holdings, toAddresses) {
  const usable = holdings.filter((holding) => isUsable(holding) && usableNetworks(holding).length > 0);
  if (usable.length === 0) return { step: "none" };
  if (toAddresses.length !== 1 || usable.length !== 1) return { step: "asset" };
  return afterAsset(usable[0]);
}

export function afterAsset(holding) {
  const networks = usableNetworks(holding);
  if (networks.length !== 1) return { step: "network", holding };
  return { step: "chosen", holding, network: networks[0] };
}

/** The entry of `toAddresses` that an asset on a network goes to. */
export const destination = (toAddresses, symbol, networkId) =>
  toAddresses.find((entry) => entry.networkId === networkId && entry.symbol.toUpperCase() === symbol.toUpperCase());

/** The amount that the merchant fixed, as the member that `preview` takes, or null where the user says it. */
export function fixedAmount(session, symbol, networkId) {
  if (session.amountInFiat) return { amountInFiat: session.amountInFiat };
  const amount = destination(session.toAddresses, symbol, networkId)?.amount;
  return amount ? { amount } : null;
}

/** The smallest that can be sent, in tokens and in dollars; null where nothing is said. */
export function minimum(session, holding, network) {
  const entry = destination(session.toAddresses, holding.symbol, network.id);
  const amounts = [entry?.minAmount, network.minimumAmount].filter((amount) => isDecimal(amount) && !isZero(amount));
  const largest = amounts.reduce((best, amount) => (best && compare(best, amount) >= 0 ? best : amount), null);
  return { amount: largest, amountInFiat: isDecimal(entry?.minAmountInFiat) ? entry.minAmountInFiat : null };
}

/**
 * Judges a typed amount. `unit` is `fiat` or `token`; `toDollars` makes dollars of the display currency. Answers with
 * `{ request, amount, dollars }`, what `preview` takes and the two readings, or with `{ problem }`.
 */
export function judgeAmount(text, { unit, price, toDollars, least, most }) {
  const value = typed(text, unit === "fiat" ? 2 : 18);
  if (value === null) return { problem: text.trim() === "" ? "missing" : "form" };
  if (isZero(value)) return { problem: "zero" };
  const dollars = unit === "fiat" ? toDollars(value) : isDecimal(price) ? multiply(value, price) : null;
  const request = unit === "fiat" ? { amountInFiat: dollars } : { amount: value };
  const below = (bound, amount) => isDecimal(bound) && amount !== null && compare(amount, bound) < 0;
  const priced = (amount) => (isDecimal(amount) && isDecimal(price) ? multiply(amount, price) : null);
  if (below(least.amountInFiat, dollars)) return { problem: "tooLow" };
  if (unit === "token" ? below(least.amount, value) : below(priced(least.amount), dollars)) {
    return { problem: "tooLow" };
  }
  const limit = unit === "token" ? most : priced(most);
  if (isDecimal(limit) && compare(unit === "token" ? value : dollars, limit) > 0) return { problem: "tooHigh" };
  return { request, amount: unit === "token" ? value : null, dollars };
}

/** The kinds of network to connect a wallet on: what the session needs and the wallet has. */
export function walletNetworkTypes(session, integration) {
  const owned = [...new Set(integration.networks.map((network) => network.networkType))];
  const wanted = session.verify?.networkType
    ? [session.verify.networkType]
    : session.toAddresses.map((entry) => entry.networkType).filter(Boolean);
  const common = owned.filter((type) => wanted.includes(type));
  return common.length > 0 ? common : owned;
}

/** Whether a new quote asks for a higher network fee than the one before. */
export function feeRose(before, after) {
  const [old, now] = [before?.networkFee?.feeInFiat, after.networkFee?.feeInFiat];
  return isDecimal(old) && isDecimal(now) && compare(now, old) > 0;
}

/** All fees of a network or of a quote together in dollars, or null if one has no value. */
export function feesInFiat({ networkFee, withdrawalFee }) {
  return sumInFiat([networkFee, withdrawalFee]);
}

/** What the conversions of a quote cost in dollars, or null if that is not known or nothing. */
export function conversionFee(funding = []) {
  const sum = sumInFiat(funding.map((step) => step.fee));
  return sum === null || isZero(sum) ? null : sum;
}

function sumInFiat(all) {
  const fees = all.filter(Boolean);
  if (!fees.every((fee) => isDecimal(fee.feeInFiat))) return null;
  return fees.reduce((sum, fee) => add(sum, fee.feeInFiat), "0");
}
