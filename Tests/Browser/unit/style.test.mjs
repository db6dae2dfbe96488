// Whatever colours a merchant picks, text on the page can be read.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const { contrast, parseColour, printColour, readableOn, strengthened } = await load("colours.js");
const { properties } = await load("theme.js");

test("colours are hexadecimal and nothing else", () => {
  assert.deepEqual(parseColour("#1f6feb"), [31, 111, 235]);
  assert.deepEqual(parseColour("fff"), [255, 255, 255]);
  for (const text of ["", "#12", "red", "url(x)", "#12345678", "#1f6feb;}", null, 7, {}]) {
    assert.equal(parseColour(text), null);
  }
  assert.equal(printColour([0, 127.6, 255]), "#0080ff");
});

test("contrast as WCAG computes it", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([9, 9, 9], [9, 9, 9]), 1);
  assert.ok(Math.abs(contrast([118, 118, 118], [255, 255, 255]) - 4.54) < 0.01);
});

test("a wanted text colour is kept only where it can be read", () => {
  assert.deepEqual(readableOn([31, 93, 214], [255, 255, 255]), [255, 255, 255]);
  assert.deepEqual(readableOn([255, 221, 0], [255, 255, 255]), [0, 0, 0]);
  assert.ok(contrast(strengthened([255, 230, 0], [255, 255, 255], 4.5), [255, 255, 255]) >= 4.5);
  assert.deepEqual(strengthened([0, 0, 0], [255, 255, 255], 4.5), [0, 0, 0]);
});

test("every pair of colours of every brand has a contrast of 4.5", () => {
  const grounds = { light: [255, 255, 255], dark: [21, 24, 31] };
  // `--info-tint` of the style sheet: what can be unfolded stands on it.
  const boxes = { light: [241, 244, 249], dark: [29, 34, 48] };
  const texts = { light: [[18, 21, 28], [84, 92, 107]], dark: [[242, 244, 248], [168, 176, 190]] };
  for (const scheme of ["light", "dark"]) {
    for (let red = 0; red <= 255; red += 51) {
      for (let green = 0; green <= 255; green += 51) {
        for (let blue = 0; blue <= 255; blue += 51) {
          const colour = printColour([red, green, blue]);
          const made = properties({ pc: colour, pt: colour, sc: colour, st: colour }, scheme);
          const pair = (one, other) => contrast(parseColour(made[one]), parseColour(made[other]));
          assert.ok(pair("--primary", "--on-primary") >= 4.5, `${colour} on ${scheme}: text of the button`);
          assert.ok(pair("--secondary", "--on-secondary") >= 4.5, `${colour} on ${scheme}: second button`);
          assert.ok(contrast(parseColour(made["--accent"]), grounds[scheme]) >= 4.5, `${colour} on ${scheme}: links`);
          for (const ground of [grounds[scheme], boxes[scheme]]) {
            assert.ok(contrast(parseColour(made["--focus"]), ground) >= 3, `${colour} on ${scheme}: focus`);
          }
          // The amount in its box, and what it comes to otherwise in the quieter colour.
          for (const text of texts[scheme]) {
            assert.ok(contrast(parseColour(made["--tint"]), text) >= 4.5, `${colour} on ${scheme}: tint`);
          }
        }
      }
    }
  }
});

test("radii are numbers of pixels with a limit", () => {
  assert.equal(properties({ br: 4, ir: "18" }, "light")["--button-radius"], "4px");
  assert.equal(properties({ ir: "18" }, "light")["--frame-radius"], "18px");
  for (const br of [null, "", "x", -1, Number.NaN, "1px;color:red", {}, [3, 4]]) {
    assert.equal(properties({ br }, "light")["--button-radius"], "12px");
  }
  assert.equal(properties({ br: 9999 }, "light")["--button-radius"], "32px");
});
