// What the page's address says, and which link tokens a payment link may open.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const { chooseLanguage, chooseTheme, decodeBase64, decodeStyle, readAddress } = await load("parameters.js");
const { linkURL, tokenOf } = await load("paylink-token.js");
const base64 = (text) => Buffer.from(text).toString("base64");

test("base64 of both alphabets, and nothing else", () => {
  assert.equal(decodeBase64(base64("https://a.example/?x=é")), "https://a.example/?x=é");
  assert.equal(decodeBase64(Buffer.from("~~~???").toString("base64url")), "~~~???");
  for (const text of ["", "a b", "%%%", "a", "====", "YWJj=YWJj", null, undefined, 7, "/////w=="]) {
    assert.equal(decodeBase64(text), null);
  }
});

test("a style is an object, or it is none", () => {
  assert.deepEqual(decodeStyle(base64('{"pc":"#123456","br":4}')), { pc: "#123456", br: 4 });
  for (const text of [null, "", "x", base64("[1]"), base64("null"), base64('"pc"'), base64("{")]) {
    assert.deepEqual(decodeStyle(text), {});
  }
});

test("languages by BCP 47, and English otherwise", () => {
  assert.deepEqual(chooseLanguage("de-CH"), { language: "de", locale: "de-CH" });
  assert.deepEqual(chooseLanguage("pt_BR"), { language: "pt", locale: "pt-BR" });
  assert.deepEqual(chooseLanguage("JA"), { language: "ja", locale: "ja" });
  assert.deepEqual(chooseLanguage("fi-FI"), { language: "en", locale: "en-US" });
  assert.deepEqual(chooseLanguage("x'; drop"), { language: "en", locale: "en-US" });
  assert.deepEqual(chooseLanguage(null, ["fr"]), { language: "en", locale: "en" });
  assert.deepEqual(chooseLanguage("system", ["fi", "fr-CA", "de"]), { language: "fr", locale: "fr-CA" });
  assert.deepEqual(chooseLanguage("system", []), { language: "en", locale: "en-US" });
});

test("the address as a whole", () => {
  const style = encodeURIComponent(base64('{"th":"dark","pc":"#112233"}'));
  const read = readAddress(
    `https://l.example/b2b-iframe/c/broker-connect?auth_code=abc&lng=es&fiatCur=EUR&rt=embedded&link_style=${style}`);
  assert.equal(read.authCode, "abc");
  assert.equal(read.language, "es");
  assert.equal(read.theme, "dark");
  assert.equal(read.currency, "EUR");
  assert.equal(read.isEmbedded, true);
  assert.equal(read.style.pc, "#112233");
  assert.equal(chooseTheme("light", "dark"), "light");
  assert.equal(chooseTheme("purple", undefined), "system");
});

test("a payment link opens Link pages of its own origin only", () => {
  const origin = "https://pay.example";
  const good = `${origin}/b2b-iframe/7a/broker-connect?auth_code=abc&link_style=e30%3D`;
  assert.equal(linkURL(base64(good), origin).href, good);
  const bad = [
    "javascript:alert(1)", "JaVaScRiPt://pay.example/b2b-iframe/7a/broker-connect?auth_code=a", "data:text/html,x",
    "blob:https://pay.example/1", "https://evil.example/b2b-iframe/7a/broker-connect?auth_code=a",
    "http://pay.example/b2b-iframe/7a/broker-connect?auth_code=a",
    "https://pay.example.evil.example/b2b-iframe/7a/broker-connect?auth_code=a",
    "https://pay.example:8443/b2b-iframe/7a/broker-connect?auth_code=a",
    "https://pay.example@evil.example/b2b-iframe/7a/broker-connect?auth_code=a",
    "https://me:secret@pay.example/b2b-iframe/7a/broker-connect?auth_code=a",
    "https://pay.example/b2b-iframe/7a/broker-connect", "https://pay.example/other?auth_code=a",
    "//pay.example/b2b-iframe/7a/broker-connect?auth_code=a", " https://pay.example/", "https://", "",
  ];
  for (const text of bad) assert.equal(linkURL(base64(text), origin), null, text);
  assert.equal(linkURL(good, origin), null);
  assert.equal(linkURL("", origin), null);
});

test("a plus sign that was not escaped is mended", () => {
  assert.equal(tokenOf("?linkToken=ab+c/d=="), "ab+c/d==");
  assert.equal(tokenOf("?linkToken=ab%2Bc%2Fd%3D%3D"), "ab+c/d==");
  assert.equal(tokenOf(""), "");
});
