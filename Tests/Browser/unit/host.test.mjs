// Who is listened to, and who is spoken to.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const { Host } = await load("host.js");

/** A window in a frame of a shop, whose parent notes what it gets. */
function framed({ ancestor = null, referrer = "" } = {}) {
  const sent = [];
  const parent = { postMessage: (message, target) => sent.push({ message, target }) };
  const heard = [];
  const page = {
    parent, sent, heard, listeners: [], timers: [],
    location: { ancestorOrigins: ancestor ? [ancestor] : undefined },
    document: { referrer },
    addEventListener: (_, listener) => page.listeners.push(listener),
    setTimeout: (work) => page.timers.push(work),
    say: (data, origin, source = parent) => page.listeners.forEach((listener) => listener({ data, origin, source })),
  };
  page.host = new Host(page, (type, payload) => heard.push([type, payload]));
  page.host.start();
  return page;
}

const specs = (origin) => ({ type: "meshSDKSpecs", payload: { platform: "web", version: "3.12.0", origin } });

test("`loaded` comes first, without a payload, to whoever is there", () => {
  assert.deepEqual(framed().sent, [{ message: { type: "loaded" }, target: "*" }]);
});

test("after the specs only their origin is spoken and listened to", async () => {
  const page = framed({ ancestor: "https://shop.example" });
  page.say(specs("https://shop.example"), "https://shop.example");
  assert.equal(await page.host.specs, "https://shop.example");
  page.host.send("close", { page: "startPage" });
  assert.deepEqual(page.sent[1],
    { message: { type: "close", payload: { page: "startPage" } }, target: "https://shop.example" });
  page.say({ type: "closeRequested" }, "https://evil.example");
  page.say({ type: "frontAccessTokens", payload: [1] }, "https://shop.example");
  assert.deepEqual(page.heard, [["frontAccessTokens", [1]]]);
});

test("other windows, other origins and lies are not believed", () => {
  const page = framed({ ancestor: "https://shop.example" });
  page.say(specs("https://shop.example"), "https://shop.example", {});
  page.say(specs("https://shop.example"), "https://evil.example");
  page.say(specs("https://evil.example"), "https://evil.example");
  page.say(specs("https://evil.example"), "https://shop.example");
  page.say({ type: "closeRequested" }, "https://evil.example");
  page.say({ type: "closeRequested" }, "https://shop.example", {});
  for (const data of [null, "closeRequested", 7, { type: 5 }, {}]) page.say(data, "https://shop.example");
  assert.equal(page.host.origin, null);
  assert.deepEqual(page.heard, []);
});

test("specs are said once", () => {
  const page = framed();
  page.say(specs("https://shop.example"), "https://shop.example");
  page.say(specs("https://other.example"), "https://other.example");
  assert.equal(page.host.origin, "https://shop.example");
});

test("an SDK that sends no specs is known by the browser, or not at all", async () => {
  const old = framed({ referrer: "https://shop.example/cart?x=1" });
  old.timers.forEach((work) => work());
  assert.equal(await old.host.specs, "https://shop.example");
  old.say({ type: "frontAccessTokens", payload: [] }, "https://shop.example");
  assert.equal(old.heard.length, 1);
  const silent = framed();
  silent.timers.forEach((work) => work());
  assert.equal(await silent.host.specs, null);
});

test("opened by itself there is nobody, or the app around it", async () => {
  const native = [];
  const page = { location: {}, document: { referrer: "" }, addEventListener: () => {},
    accessTokens: '[{"accessToken":"t"}]',
    ReactNativeWebView: { postMessage: (text) => native.push(JSON.parse(text)) },
    JSBridge: { sendNativeMessage: (text) => native.push(JSON.parse(text)) } };
  page.parent = page;
  const host = new Host(page, () => assert.fail("nobody speaks"));
  host.start();
  assert.equal(await host.specs, null);
  assert.equal(host.isEmbedded, false);
  host.send("done", { page: "x" });
  const done = { type: "done", payload: { page: "x" } };
  assert.deepEqual(native, [{ type: "loaded" }, { type: "loaded" }, done, done]);
  assert.deepEqual(host.injectedTokens(), [{ accessToken: "t" }]);
  for (const text of ["{}", "nonsense", "null", undefined]) {
    page.accessTokens = text;
    assert.deepEqual(host.injectedTokens(), []);
  }
});
