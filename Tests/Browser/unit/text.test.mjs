// Every language says everything: the same keys, the same places for values, and nothing left in English.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";
import { load, pageFolder } from "./page.mjs";

const languages = ["de", "es", "fr", "ja", "pt"];
const english = (await load("text-en.js")).default;
const { loadWords, translator } = await load("text.js");
const reasons = await load("reasons.js");
const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

for (const language of languages) {
  test(`${language} has every text, with the same values`, async () => {
    const words = await loadWords(language);
    assert.notEqual(words, english);
    assert.deepEqual(Object.keys(words), Object.keys(english));
    for (const [key, text] of Object.entries(words)) {
      assert.ok(text.trim() === text && text !== "", key);
      // A name may be said twice or by a word for it, but nothing may be filled in that is not given.
      for (const place of places(text)) assert.ok(places(english[key]).includes(place), `${key}: ${place}`);
      if (key !== "kycText") assert.deepEqual([...new Set(places(text))], [...new Set(places(english[key]))], key);
    }
  });

  test(`${language} is translated`, async () => {
    const words = await loadWords(language);
    const same = Object.keys(english).filter((key) => words[key] === english[key] && english[key].includes(" "));
    assert.deepEqual(same, []);
  });
}

test("every text that is asked for exists, and every text is asked for", async () => {
  const files = (await readdir(pageFolder)).filter((name) => name.endsWith(".js") && !name.startsWith("text-"));
  const code = (await Promise.all(files.map((name) => readFile(new URL(name, pageFolder), "utf8")))).join("\n");
  for (const [, key] of code.matchAll(/\bt\(\s*"(\w+)"/g)) assert.ok(Object.hasOwn(english, key), `no text ${key}`);
  for (const key of Object.keys(english)) assert.ok(code.includes(`"${key}"`), `${key} is never shown`);
});

test("every code of a failure has a text", () => {
  // The codes of Mesh's preview and execution, each with a text of its own or a shared one, but never the vague one.
  const wrong = ["FromAuthTokenMissing", "NoSymbol", "InvalidToAuthToken", "ToData", "Amount", "NoAmount",
    "UnsupportedSymbolBySourceWallet", "UnsupportedSymbolByTargetWallet", "Network"];
  const codes = ["NetworkIdMissing", "AddressMissing", "SymbolMissing", "UnsupportedSymbolByNetwork",
    "InvalidAddressPattern", "NetworkNotFound", "NetworkDisabled", "InsufficientFunds", "InsufficientFeeFunds",
    "EmptyWalletSymbolBalance", "KycRequired", "DepositAmountTooLow", "PriceNotFound", "AmountMoreThanWithdrawMaximum",
    "AmountLessThanWithdrawMinimum", ...wrong.map((name) => `WrongPreviewRequest${name}`), "PreviewExpired",
    "TransferIsRequested", "PreviewNotFound", "AddressNotRegistered", "wrongCredentials", "wrongCode", "unreachable",
    "unavailable", "integrationDown", "invalid", "session"];
  for (const code of codes) {
    assert.ok(english[reasons.reasonKey(code)], code);
    assert.notEqual(reasons.reasonKey(code), "errorOther", code);
  }
  for (const code of ["constructor", undefined]) assert.equal(reasons.reasonKey(code), "errorOther");
  assert.equal(reasons.reasonKey("nothing that we know"), "errorOther");
  for (const code of ["noPrice", "symbolDoesNotMatch", "new", null]) assert.ok(english[reasons.ineligibilityKey(code)]);
});

test("values are put in as they are, once", () => {
  const t = translator(english);
  assert.equal(t("loginTitle", { name: "{merchant} $& <b>" }), "Sign in to {merchant} $& <b>");
  assert.equal(t("loginTitle"), "Sign in to {name}");
  assert.throws(() => t("noSuchText"), RangeError);
});

test("a language that we do not speak is English", async () => {
  assert.equal(await loadWords("fi"), english);
  assert.equal(await loadWords("constructor"), english);
});
