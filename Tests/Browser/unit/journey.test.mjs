// What is left to choose, what an amount is judged by, how a quote renews itself, and how failures arrive.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const choices = await load("choices.js");
const { Quote, renewalDelay } = await load("quote.js");
const { Api, CallError } = await load("api.js");

const network = (id, more = {}) => ({ id, name: id, eligible: true, ineligibilityReason: null, ...more });
const holding = (symbol, networks, more = {}) =>
  ({ symbol, amount: "10", amountInFiat: "10", price: "1", eligible: true, eligibleWithFunding: false, networks,
    ...more });
const to = (symbol, networkId, more = {}) => ({ symbol, networkId, amount: null, ...more });

test("one destination leaves nothing to choose", () => {
  const usdc = holding("USDC", [network("base")]);
  const other = holding("BTC", [], { eligible: false });
  const next = choices.nextChoice([other, usdc], [to("USDC", "base")]);
  assert.equal(next.step, "chosen");
  assert.equal(next.network.id, "base");
});

test("several destinations leave the asset and then the network", () => {
  const usdc = holding("USDC", [network("base"), network("ethereum"), network("solana", { eligible: false })]);
  const all = [to("USDC", "base"), to("USDC", "ethereum")];
  assert.equal(choices.nextChoice([usdc], all).step, "asset");
  assert.equal(choices.afterAsset(usdc).step, "network");
  assert.deepEqual(choices.usableNetworks(usdc).map(({ id }) => id), ["base", "ethereum"]);
});

test("nothing that would do, and what a conversion can mend", () => {
  const refused = holding("USDC", [network("base", { eligible: false })], { eligible: false });
  assert.equal(choices.nextChoice([], [to("USDC", "base")]).step, "none");
  assert.equal(choices.nextChoice([refused], [to("USDC", "base")]).step, "none");
  const short = holding("USDC", [network("base", { eligible: false, ineligibilityReason: "eligibleWithFunding" })],
    { eligible: false, eligibleWithFunding: true });
  assert.equal(choices.nextChoice([short], [to("USDC", "base")]).step, "chosen");
});

test("usable assets come first, each part by value", () => {
  const list = [holding("A", [], { eligible: false, amountInFiat: "99" }), holding("B", [], { amountInFiat: "9" }),
    holding("C", [], { amountInFiat: "10" }), holding("D", [], { amountInFiat: null })];
  assert.deepEqual(choices.arranged(list).map(({ symbol }) => symbol), ["C", "B", "D", "A"]);
});

test("an amount that the merchant fixed", () => {
  const session = { amountInFiat: null, toAddresses: [to("USDC", "base", { amount: "12.5" }), to("ETH", "base")] };
  assert.deepEqual(choices.fixedAmount(session, "usdc", "base"), { amount: "12.5" });
  assert.equal(choices.fixedAmount(session, "ETH", "base"), null);
  assert.deepEqual(choices.fixedAmount({ ...session, amountInFiat: "50" }, "ETH", "base"), { amountInFiat: "50" });
});

test("a typed amount is judged exactly, in both units", () => {
  const judge = (text, more = {}) => choices.judgeAmount(text, { unit: "token", price: "4000", most: "2.5",
    least: { amount: "0.001", amountInFiat: null }, toDollars: (value) => value, ...more });
  assert.deepEqual(judge("0,001").request, { amount: "0.001" });
  assert.equal(judge("0.000999999999999999").problem, "tooLow");
  assert.equal(judge("2.500000000000000001").problem, "tooHigh");
  assert.equal(judge("").problem, "missing");
  assert.equal(judge("1.2.3").problem, "form");
  assert.equal(judge("0,00").problem, "zero");
  assert.deepEqual(judge("10000", { unit: "fiat" }).request, { amountInFiat: "10000" });
  assert.equal(judge("10000.01", { unit: "fiat" }).problem, "tooHigh");
  assert.equal(judge("3.99", { unit: "fiat" }).problem, "tooLow");
  assert.equal(judge("5", { unit: "fiat", least: { amount: null, amountInFiat: "5.01" } }).problem, "tooLow");
  assert.deepEqual(judge("7", { price: null, most: null }).request, { amount: "7" });
});

test("the kinds of network that a wallet is connected on", () => {
  const phantom = { networks: [{ networkType: "solana" }, { networkType: "evm" }, { networkType: "evm" }] };
  const session = (verify, ...types) => ({ verify, toAddresses: types.map((networkType) => ({ networkType })) });
  assert.deepEqual(choices.walletNetworkTypes(session(null, "evm", "bitcoin"), phantom), ["evm"]);
  assert.deepEqual(choices.walletNetworkTypes(session(null, "evm", "solana"), phantom), ["solana", "evm"]);
  assert.deepEqual(choices.walletNetworkTypes(session({ networkType: "solana" }, "evm"), phantom), ["solana"]);
  assert.deepEqual(choices.walletNetworkTypes(session({ networkType: null }), phantom), ["solana", "evm"]);
});

test("a network fee that rose", () => {
  const quote = (feeInFiat) => ({ networkFee: { feeInFiat } });
  assert.ok(choices.feeRose(quote("0.09"), quote("0.1")));
  assert.ok(!choices.feeRose(quote("0.10"), quote("0.1")));
  assert.ok(!choices.feeRose(quote(null), quote("5")));
});

/** A quote whose seconds pass by hand. */
function playedQuote(fetch, more = {}) {
  const told = [];
  let tick = null;
  const timer = { setInterval: (work) => { tick = work; return 1; }, clearInterval: () => { tick = null; } };
  const quote = new Quote({ previewExpiresIn: 300, id: 0 }, { fetch, timer, ...more, onTick: () => {},
    onNew: (now, old) => told.push(["new", now.id, old.id]), onError: (error) => told.push(["error", error.message]) });
  return { quote, told, pass: async (seconds) => {
    for (let second = 0; second < seconds; second += 1) {
      tick?.();
      await null;
      await null;
    }
  } };
}

test("a quote renews itself every half minute, and well before it expires", async () => {
  let id = 0;
  const { quote, told, pass } = playedQuote(async () => ({ previewExpiresIn: 12, id: (id += 1) }));
  await pass(29);
  assert.deepEqual(told, []);
  await pass(1);
  assert.deepEqual(told, [["new", 1, 0]]);
  await pass(7);
  assert.deepEqual(told, [["new", 1, 0], ["new", 2, 1]]);
  quote.stop();
  await pass(60);
  assert.equal(told.length, 2);
  assert.equal(renewalDelay(300), 30);
  assert.equal(renewalDelay(20), 15);
  assert.equal(renewalDelay(1), 5);
  assert.equal(renewalDelay(undefined), 25);
});

test("a renewal that fails is told, and tried again later", async () => {
  const { told, pass } = playedQuote(async () => { throw new Error("down"); });
  await pass(30);
  assert.deepEqual(told, [["error", "down"]]);
  await pass(30);
  assert.equal(told.length, 2);
});

test("a hidden page asks for nothing, and an old quote is renewed sooner", async () => {
  let hidden = true;
  const { told, pass } = playedQuote(async () => ({ previewExpiresIn: 300, id: 1 }),
    { isHidden: () => hidden, age: 20 });
  await pass(60);
  assert.deepEqual(told, []);
  hidden = false;
  await pass(1);
  assert.equal(told.length, 1);
});

const answering = (status, body) => async () => ({
  ok: status < 300, status, headers: new Headers({ "X-Request-Id": "req_1" }),
  json: async () => { if (body === undefined) throw new SyntaxError("no JSON"); return body; },
});

test("the session's key goes with every call after the first", async () => {
  const calls = [];
  const api = new Api(async (url, options) => {
    calls.push([url, options.headers["X-Link-Session"], options.body]);
    return answering(200, { sessionKey: "k" })();
  });
  await api.open("code");
  await api.call("catalogue");
  assert.deepEqual(calls, [["/link/v1/open", undefined, '{"authCode":"code"}'], ["/link/v1/catalogue", "k", "{}"]]);
});

test("failures have a code, whatever they are", async () => {
  const code = async (fetching) => {
    try {
      await new Api(fetching, 50).call("x");
      return "none";
    } catch (error) {
      assert.ok(error instanceof CallError);
      return `${error.code} ${error.requestId}`;
    }
  };
  assert.equal(await code(answering(410, { error: { code: "used", message: "m" } })), "used req_1");
  assert.equal(await code(answering(500, {})), "unreachable req_1");
  assert.equal(await code(answering(502)), "unreachable null");
  assert.equal(await code(async () => { throw new TypeError("offline"); }), "unreachable null");
  // A server that hangs. The timer keeps Node.js waiting, which a deadline alone does not.
  const awake = setInterval(() => {}, 1000);
  assert.equal(await code((_, { signal }) => new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason)))), "unreachable null");
  clearInterval(awake);
});

test("fees are added up exactly, and unknown ones are not taken for nothing", () => {
  const fee = (feeInFiat) => ({ fee: "1", feeCurrency: "X", feeInFiat });
  assert.equal(choices.feesInFiat({ networkFee: fee("0.1"), withdrawalFee: fee("0.2") }), "0.3");
  assert.equal(choices.feesInFiat({ networkFee: fee("0.1"), withdrawalFee: fee(null) }), null);
  assert.equal(choices.conversionFee([{ fee: fee("0") }, { fee: fee("0.25") }]), "0.25");
  assert.equal(choices.conversionFee([{ fee: fee("0") }]), null);
  assert.equal(choices.conversionFee(undefined), null);
});

test("what is not held is no holding", () => {
  const list = [holding("A", []), holding("B", [], { amount: "0" }), holding("C", [], { amount: "0.0" })];
  assert.deepEqual(choices.held(list).map(({ symbol }) => symbol), ["A"]);
});
