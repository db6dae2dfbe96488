// Loads the page's modules. They end in `.js`, for browsers; a Node.js that does not look into a file takes those for
// CommonJS, so it is told what they are.

import { register } from "node:module";

const folder = new URL("../../../Sources/Sandbox/Link/page/", import.meta.url);
const hook = `export const load = (url, context, next) =>
  next(url, url.startsWith(${JSON.stringify(folder.href)}) ? { ...context, format: "module" } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

export const pageFolder = folder;
export const load = (name) => import(new URL(name, folder));
