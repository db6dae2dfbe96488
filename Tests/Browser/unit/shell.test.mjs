// The shells ask for every module at once: found one by one, each import would wait for the file before it.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";
import { pageFolder } from "./page.mjs";

const read = (name) => readFile(new URL(name, pageFolder), "utf8");
const importing = /^(?:import|export)[^;]*? from "\.\/([\w-]+\.js)";/gm;
const imports = (code) => [...code.matchAll(importing)].map(([, name]) => name);

/** The modules that a module needs, itself too, but for those that it may load later. */
async function needed(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const other of imports(await read(name))) await needed(other, found);
  return found;
}

for (const page of ["link", "paylink"]) {
  test(`${page}.html preloads what ${page}.js imports`, async () => {
    const shell = await read(`${page}.html`);
    const preloaded = [...shell.matchAll(/<link rel="modulepreload" href="\/link\/assets\/([\w-]+\.js)">/g)];
    const modules = await needed(`${page}.js`);
    modules.delete(`${page}.js`);
    assert.deepEqual(preloaded.map(([, name]) => name), [...modules].sort());
  });

  test(`${page}.html keeps to the policy`, async () => {
    const shell = await read(`${page}.html`);
    assert.doesNotMatch(shell, /style=|<style|\son\w+=|<script(?![^>]* src="\/link\/assets\/)|https?:/);
  });
}

test("every file is used, and nothing is asked of other places", async () => {
  const files = await readdir(pageFolder);
  const used = new Set(["link.html", "paylink.html", ...(await needed("link.js")), ...(await needed("paylink.js"))]);
  for (const page of ["link.html", "paylink.html"]) {
    for (const [, name] of (await read(page)).matchAll(/href="\/link\/assets\/([\w-]+\.css)"/g)) used.add(name);
  }
  for (const [, name] of (await read("text.js")).matchAll(/import\("\.\/([\w-]+\.js)"\)/g)) used.add(name);
  assert.deepEqual(files.sort(), [...used].sort());
  for (const name of files) {
    const text = (await read(name)).replaceAll("http://www.w3.org/2000/svg", "");
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/, name);
    assert.doesNotMatch(text, /\beval\(|new Function|@import/, name);
    if (!name.startsWith("paylink-token")) assert.doesNotMatch(text, /["'(]https?:\/\//, name);
  }
});
