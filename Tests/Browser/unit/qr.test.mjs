// QR codes: one that a reader of another make was seen to decode, and the rules that every code keeps.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./page.mjs";

const { qrImage, qrMatrix } = await load("qr.js");

// Of "bc1q".
const KNOWN = [
  "111111100100101111111",
  "100000100010001000001",
  "101110101010001011101",
  "101110101000001011101",
  "101110101101101011101",
  "100000101100101000001",
  "111111101010101111111",
  "000000001101100000000",
  "101111100100101111100",
  "111101010110100100101",
  "110001101111010011010",
  "001001000010000110101",
  "011110111111010011000",
  "000000001011111000101",
  "111111100110101101110",
  "100000101011111001100",
  "101110101010100101010",
  "101110101110100100100",
  "101110101101010011100",
  "100000100100000110100",
  "111111101011010010110",
];

const rows = (text) => qrMatrix(text).map((row) => row.map(Number).join(""));

test("a known code", () => {
  assert.deepEqual(rows("bc1q"), KNOWN);
});

test("codes grow with their text up to 180 bytes", () => {
  for (const [length, size] of [[1, 21], [14, 21], [15, 25], [42, 29], [103, 41], [180, 53]]) {
    assert.equal(qrMatrix("a".repeat(length)).length, size);
  }
  assert.equal(qrMatrix("a".repeat(181)), null);
  assert.equal(qrMatrix("é".repeat(91)), null);
  assert.equal(qrImage("a".repeat(181)), null);
});

test("every code has its three finders, its timing lines and the dark module", () => {
  for (const length of [5, 60, 110, 140, 175]) {
    const code = rows("0x7a16fF8270133F063aAb6C9977183D9e72835391".repeat(5).slice(0, length));
    const size = code.length;
    const finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"];
    const at = (row, column) => finder.map((_, index) => code[row + index].slice(column, column + 7));
    for (const corner of [[0, 0], [0, size - 7], [size - 7, 0]]) assert.deepEqual(at(...corner), finder);
    for (let index = 8; index < size - 8; index += 1) {
      assert.equal(code[6][index], String((index + 1) % 2));
      assert.equal(code[index][6], String((index + 1) % 2));
    }
    assert.equal(code[size - 8][8], "1");
  }
});

test("an image is a data URL of SVG", () => {
  assert.match(decodeURIComponent(qrImage("x")), /^data:image\/svg\+xml,<svg [^]*<path d="M0 0h1v1h-1z/);
});
