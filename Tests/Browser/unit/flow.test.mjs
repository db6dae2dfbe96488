// The way back and forth: what a late answer may not do, what ends a session, and what is asked before it is left.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const { CallError } = await load("api.js");
const { Flow } = await load("flow.js");
const { translator } = await load("text.js");
const english = (await load("text-en.js")).default;

/** As much of an element as the screens make use of before they are shown. */
const element = () => ({
  setAttribute() {}, addEventListener() {}, append() {}, removeAttribute() {}, replaceChildren() {},
  classList: { toggle() {}, add() {} }, style: { setProperty() {} },
});
globalThis.document = { createElement: element, createElementNS: element };

/** A flow on a frame that notes what is shown. `answers` are those to the question whether to leave. */
function played(answers = []) {
  const told = { shown: [], sent: [], calls: [], asked: 0 };
  const frame = {
    main: element(), announce() {},
    show: (screen, { canGoBack }) => told.shown.push([screen.title, canGoBack]),
    ask: async () => { told.asked += 1; return answers.shift(); },
  };
  const host = { isEmbedded: true, send: (type, payload) => told.sent.push([type, payload?.page]) };
  const api = { sessionKey: "k", call: async (name) => { told.calls.push(name); return {}; } };
  const flow = new Flow({ frame, host, api, t: translator(english), formats: null, address: { isEmbedded: false } });
  return { flow, told, last: () => told.shown.at(-1) };
}

const screen = (title, more = {}) => () => ({ title, page: title, ...more });
const soon = () => new Promise((resolve) => { setTimeout(resolve, 0); });

test("back leads to the screen before, and not out of the first", () => {
  const { flow, last } = played();
  flow.go(screen("a"));
  flow.go(screen("b"));
  assert.deepEqual(last(), ["b", true]);
  flow.back();
  assert.deepEqual(last(), ["a", false]);
  flow.back();
  assert.deepEqual(last(), ["a", false]);
  flow.go(screen("end", { isFinal: true }));
  assert.deepEqual(last(), ["end", false]);
});

test("an answer that comes after one went back is dropped", async () => {
  const { flow, told, last } = played();
  flow.go(screen("a"));
  let answer;
  const loading = flow.load("wait", () => new Promise((resolve) => { answer = resolve; }));
  assert.deepEqual(last(), ["wait", true]);
  flow.back();
  answer(() => flow.go(screen("late")));
  await loading;
  assert.deepEqual(told.shown.map(([title]) => title), ["a", "wait", "a"]);
});

test("what cannot be fetched can be tried again", async () => {
  const { flow, last } = played();
  let tries = 0;
  await flow.load("wait", async () => {
    tries += 1;
    if (tries === 1) throw new CallError("unreachable", "no answer");
    return () => flow.go(screen("there"));
  });
  assert.equal(last()[0], english.unreachableTitle);
  flow.stack.at(-1).input.retry();
  await soon();
  assert.deepEqual(last(), ["there", false]);
});

test("while a button works nothing else goes on", async () => {
  const { flow, last } = played();
  flow.go(screen("a"));
  flow.go(screen("b"));
  let finish;
  const running = flow.run(element(), () => new Promise((resolve) => { finish = resolve; }), assert.fail);
  flow.back();
  flow.go(screen("c"));
  await flow.run(element(), assert.fail, assert.fail);
  assert.deepEqual(last(), ["b", true]);
  finish(() => flow.go(screen("next")));
  await running;
  assert.deepEqual(last(), ["next", true]);
});

test("a failure is explained in place, but for one that ends the session", async () => {
  const { flow, told, last } = played();
  flow.go(screen("form"));
  const texts = [];
  const failing = (code) => flow.run(element(), async () => { throw new CallError(code, code); },
    (text, error) => texts.push([text, error.code]));
  await failing("wrongCode");
  assert.deepEqual(texts, [[english.errorCode, "wrongCode"]]);
  await failing("session");
  assert.equal(texts.length, 1);
  assert.deepEqual(last(), [english.expiredTitle, false]);
  assert.equal(told.sent.length, 0);
});

test("a mistake of ours is not taken for a failed call", async () => {
  const { flow } = played();
  await assert.rejects(flow.run(element(), async () => { throw new TypeError("ours"); }, assert.fail), TypeError);
  assert.equal(flow.isBusy, false);
  await assert.rejects(flow.load("wait", async () => { throw new TypeError("ours"); }), TypeError);
});

test("leaving asks where an account is connected, and tells the host once", async () => {
  const { flow, told, last } = played([false, true]);
  flow.go(screen("catalogue"));
  flow.facts.account = { accountId: "a" };
  flow.go(screen("quote"));
  await flow.requestClose();
  assert.deepEqual([told.asked, told.sent], [1, []]);
  await Promise.all([flow.requestClose(), flow.requestClose()]);
  assert.deepEqual([told.asked, told.sent, told.calls], [2, [["close", "quote"]], ["close"]]);
  assert.deepEqual(last(), [english.closedTitle, false]);
  await flow.requestClose();
  flow.go(screen("more"));
  assert.equal(told.sent.length, 1);
  assert.equal(last()[0], english.closedTitle);
});

test("nothing is asked before there is something to lose, or when all is done", async () => {
  const early = played();
  early.flow.go(screen("catalogue"));
  await early.flow.requestClose();
  assert.deepEqual([early.told.asked, early.told.sent], [0, [["close", "catalogue"]]]);
  const done = played();
  done.flow.facts.account = { accountId: "a" };
  done.flow.go(screen("result", { isFinal: true }));
  await done.flow.requestClose();
  assert.deepEqual([done.told.asked, done.told.sent], [0, [["done", "result"]]]);
  const broken = played();
  broken.flow.go(screen("problem", { isFinal: true, isProblem: true }));
  await broken.flow.requestClose();
  assert.deepEqual(broken.told.sent, [["close", "problem"]]);
});
