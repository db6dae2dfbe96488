// Amounts are exact, whatever their size, and read as people of a language read numbers.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const { add, compare, divide, isDecimal, multiply, plain, round, typed } = await load("decimals.js");
const { Formats, clock, displayCurrency, shortened } = await load("formats.js");

test("what is a decimal string", () => {
  for (const text of ["0", "1.5", "00.10", "123456789012345678901234.000000000000000001"]) assert.ok(isDecimal(text));
  for (const text of ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "NaN", null, 5]) assert.ok(!isDecimal(text));
});

test("arithmetic loses nothing", () => {
  assert.equal(add("0.1", "0.2"), "0.3");
  assert.equal(add("99999999999999999999.999999999999999999", "0.000000000000000001"), "100000000000000000000");
  assert.equal(multiply("2.718281828459045235", "4000"), "10873.12731383618094");
  assert.equal(divide("1", "3", 5), "0.33333");
  assert.equal(divide("2", "3", 2), "0.66");
  assert.equal(divide("1", "0", 2), null);
  assert.equal(compare("0.10", "0.1"), 0);
  assert.equal(compare("9.99", "10"), -1);
  assert.equal(plain("0050.1000"), "50.1");
  assert.deepEqual(round("1.005", 2), { text: "1.01", isExact: false });
  assert.deepEqual(round("1.10", 2), { text: "1.1", isExact: true });
});

test("what is typed, with a point or a comma", () => {
  assert.equal(typed("12,50", 2), "12.5");
  assert.equal(typed(" .5 ", 2), "0.5");
  assert.equal(typed("7.", 2), "7");
  for (const text of ["", "1.234.5", "1,234.50", "12.345", "abc", "-3", "1e2", "0x10"]) {
    assert.equal(typed(text, 2), null);
  }
});

test("tokens keep every digit", () => {
  const german = new Formats("de-DE", "USD");
  assert.equal(german.token("1234567.000000000000000001", "ETH"), "1.234.567,000000000000000001\u00a0ETH");
  assert.equal(new Formats("en-US").token("50.00", "USDC"), "50\u00a0USDC");
  assert.equal(new Formats("en-US").number("90071992547409931234.5"), "90,071,992,547,409,931,234.5");
  assert.equal(new Formats("en-US").number("nonsense"), "nonsense");
});

test("a balance is cut off and says so, and is never more than there is", () => {
  const english = new Formats("en-US");
  assert.equal(english.balance("2.718281828459045235", "ETH"), "2.71828182…\u00a0ETH");
  assert.equal(english.balance("0.999999999", "ETH"), "0.99999999…\u00a0ETH");
  assert.equal(english.balance("1.5", "BTC"), "1.5\u00a0BTC");
});

test("money says when it is rounded or converted", () => {
  const dollars = new Formats("en-US", "USD");
  assert.equal(dollars.money("50"), "$50.00");
  assert.equal(dollars.money("50.009"), "≈\u00a0$50.01");
  assert.equal(dollars.money("0.0042"), "<\u00a0$0.01");
  assert.equal(dollars.money("0"), "$0.00");
  assert.equal(dollars.money("12345678901234567.89"), "$12,345,678,901,234,567.89");
  assert.equal(dollars.money(null), "");
  const euros = new Formats("de-DE", "EUR");
  assert.equal(euros.money("110"), "≈\u00a0100,00\u00a0€");
  assert.equal(euros.dollars("1234.5"), "1.234,50\u00a0$");
  assert.equal(euros.toDollars("100"), "110");
  assert.equal(euros.fromDollars("110"), "100");
  assert.equal(displayCurrency("GBP"), "GBP");
  assert.equal(displayCurrency("constructor"), "USD");
});

test("times and addresses in little room", () => {
  assert.equal(clock(65), "1:05");
  assert.equal(clock(-3), "0:00");
  assert.equal(shortened("0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"), "0x0Ff000…f0F0f0");
  assert.equal(shortened("short"), "short");
});
