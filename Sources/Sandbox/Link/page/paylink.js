// The payment link's page: it does what a merchant's page does with the SDK. It shows the Link page of the token in a
// frame, tells it who hosts it, and shows how it came out.

import { el } from "./dom.js";
import { stamp } from "./icons.js";
import { chooseTheme, chooseLanguage, decodeStyle } from "./parameters.js";
import { linkURL, tokenOf } from "./paylink-token.js";
import { loadWords, translator } from "./text.js";
import { applyTheme } from "./theme.js";

const url = linkURL(tokenOf(location.search), location.origin);
const query = url?.searchParams;
const style = decodeStyle(query?.get("link_style"));
// Without a language of the token's own, a page that a link leads to speaks the browser's.
const { language } = chooseLanguage(query?.get("lng") ?? "system", navigator.languages);
document.documentElement.lang = language;
applyTheme(document.documentElement, chooseTheme(query?.get("th"), style.th), style);

const t = translator(await loadWords(language));
const sheet = document.getElementById("sheet");
let outcome = null;

function show(kind, titleKey, textKey) {
  const heading = el("h1", { tabindex: "-1" }, t(titleKey));
  sheet.removeAttribute("aria-busy");
  sheet.replaceChildren(el("div", { class: "outcome" }, stamp(kind), el("div", {}, heading,
    el("p", { class: "lead" }, t(textKey)))));
  document.title = t(titleKey);
  heading.focus();
}

function receive(event, frame) {
  if (event.source !== frame.contentWindow || event.origin !== location.origin) return;
  const { type, payload } = event.data ?? {};
  if (type === "loaded") {
    frame.contentWindow.postMessage(
      { type: "meshSDKSpecs", payload: { platform: "web", version: "paylink", origin: location.origin } },
      location.origin);
  } else if (type === "transferFinished") {
    outcome = payload?.status === "pending" ? "pending" : "success";
  } else if (type === "close" || type === "done") {
    finish(payload?.page);
  }
}

/**
 * The frame is gone. A session that ended in an error has said why; nothing is claimed of the payment then, for a link
 * that was used before may well have paid.
 */
function finish(page) {
  if (outcome === "success") show("good", "paylinkSuccess", "paylinkSuccessText");
  else if (outcome === "pending") show("wait", "paylinkPending", "paylinkPendingText");
  else if (["integrationConnectedPage", "verifyDonePage"].includes(page)) show("good", "closedTitle", "closedText");
  else if (page === "errorPage") show("wait", "paylinkEnded", "closedText");
  else show("wait", "paylinkLeft", "paylinkLeftText");
}

if (url === null) {
  show("bad", "paylinkInvalid", "paylinkInvalidText");
} else {
  if (!query.has("lng")) query.set("lng", language);
  const frame = el("iframe", { title: t("paylinkFrame"), allow: "clipboard-write", referrerpolicy: "no-referrer" });
  window.addEventListener("message", (event) => receive(event, frame));
  // Listening before it is in the page: `loaded` is not said twice.
  frame.src = url.href;
  sheet.removeAttribute("aria-busy");
  sheet.replaceChildren(frame);
}
