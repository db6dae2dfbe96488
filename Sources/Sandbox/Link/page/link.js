// Starts the Link page: reads its address, dresses it in the merchant's style, opens the session, and checks who it is
// shown by before it shows anything.

import { Api, CallError } from "./api.js";
import { Flow } from "./flow.js";
import { Formats } from "./formats.js";
import { Frame } from "./frame.js";
import { Host } from "./host.js";
import { begin } from "./journey.js";
import { readAddress } from "./parameters.js";
import { originNotAllowed, problemOf, expired, unknown, used } from "./screens-problem.js";
import { loadWords, translator } from "./text.js";
import { applyTheme } from "./theme.js";

const address = readAddress(location.href, navigator.languages);
const root = document.documentElement;
root.lang = address.language;
applyTheme(root, address.theme, address.style);

/** What the SDK hands over of former visits. It comes right after the specs, long before it is needed. */
let tokens = [];
let flow = null;

const host = new Host(window, (type, payload) => {
  if (type === "frontAccessTokens" && Array.isArray(payload)) tokens = payload;
  if (type === "closeRequested") flow?.requestClose();
});
root.dataset.place = host.isEmbedded ? "embedded" : "alone";
host.start();

const t = translator(await loadWords(address.language));
const frame = new Frame(document.getElementById("frame"), t, {
  onBack: () => flow.back(), onClose: () => flow.requestClose(),
});
flow = new Flow({ frame, host, api: new Api(), t, formats: new Formats(address.locale, address.currency), address });

/** A token that is used, expired or unknown has its screen; a server that does not answer can be asked again. */
async function start() {
  try {
    // A second try must not open again: the first has used the token up.
    flow.facts.session ??= await flow.api.open(address.authCode);
    frame.setMerchant(flow.facts.session.merchant);
    await checkHost();
    begin(flow, tokens.length > 0 ? tokens : host.injectedTokens());
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const screen = { used, expired, unknown, originNotAllowed }[error.code] ?? problemOf(error);
    flow.restart(screen, { ...error, message: error.message, error, retry: start });
  }
}

/** Embedded pages are shown to allowed origins only, and to none that does not say who it is. */
async function checkHost() {
  if (!host.isEmbedded) return;
  const origin = await host.specs;
  if (origin === null) throw new CallError("originNotAllowed", "the embedding page did not say its origin");
  await flow.call("host", { origin });
}

start();
