// Sending by hand: an address to scan or to copy, for wallets and exchanges that the catalogue does not know.

import { el } from "./dom.js";
import { mark } from "./icons.js";
import { amountBlock, button, copyButton, errorPlace, facts, notice, options } from "./parts.js";
import { clock } from "./formats.js";
import { compact } from "./messages.js";
import { qrImage } from "./qr.js";
import { afterExecute } from "./screens-execute.js";

/** What to send, if the merchant takes several things. */
export function manualChoice(flow) {
  const { t } = flow;
  const entries = flow.facts.session.toAddresses;
  flow.facts.integration = null;
  flow.facts.preview = null;
  if (entries.length === 1) return manualFetch(flow, entries[0]);
  return {
    page: "transferHoldingSelectionPage",
    title: t("manualChoiceTitle"),
    lead: t("manualChoiceLead"),
    body: options(t("manualChoiceTitle"), entries.map((entry) => ({
      mark: mark(entry.symbol, "round"),
      title: entry.symbol,
      note: t("onNetwork", { network: entry.networkName }),
      onclick: () => {
        flow.event("transferAssetSelected", { symbol: entry.symbol });
        flow.event("transferNetworkSelected", { id: entry.networkId, name: entry.networkName });
        flow.go(manualFetch, entry);
      },
    }))),
  };
}

/** Fetches the address in place, so that going back does not stop at a screen that goes forward by itself. */
function manualFetch(flow, entry) {
  const place = el("div", { class: "address-place" }, el("div", { class: "spinner" }));
  const errors = errorPlace();
  const sent = button(flow.t("sentIt"), "primary", () => {
    if (sent.getAttribute("aria-disabled") === "true") return;
    errors.show();
    flow.run(sent, async () => {
      const outcome = await flow.call("paid", { symbol: entry.symbol, networkId: entry.networkId });
      return () => afterExecute(flow, outcome);
    }, (text) => errors.show(text));
  }, { "aria-disabled": "true" });
  let timer = null;
  const fetch = async () => {
    try {
      const deposit = await flow.call("depositAddress", { symbol: entry.symbol, networkId: entry.networkId });
      if (!place.isConnected) return;
      flow.facts.isManual = true;
      sent.setAttribute("aria-disabled", "false");
      timer = showAddress(flow, entry, deposit, place);
    } catch (error) {
      flow.settleFailure(error, (text) => {
        place.replaceChildren(button(flow.t("retry"), "secondary", fetch));
        errors.show(text);
      });
    }
  };
  // After the screen is in the page.
  queueMicrotask(fetch);
  return manualScreen(flow, entry, { body: [errors.node, place], sent, stop: () => clearInterval(timer) });
}

function manualScreen(flow, entry, { body, sent, stop }) {
  const { t, formats } = flow;
  const { session } = flow.facts;
  const asked = session.amountInFiat ? formats.dollars(session.amountInFiat)
    : entry.amount ? formats.token(entry.amount, entry.symbol) : null;
  return {
    page: "transferPreviewPage",
    title: t("manualScreenTitle", { symbol: entry.symbol }),
    lead: t("manualScreenLead", { symbol: entry.symbol, network: entry.networkName }),
    hero: asked ? amountBlock(asked, null) : null,
    body: [notice("warning", t("manualOnly", { symbol: entry.symbol, network: entry.networkName })), ...body],
    actions: [sent],
    dispose: () => {
      stop();
      flow.facts.isManual = false;
    },
  };
}

/** The address with its code, and how long it is watched. Answers with the timer. */
function showAddress(flow, entry, { address, addressTag, amount, watchSeconds }, place) {
  const t = flow.t;
  const announce = (words) => flow.frame.announce(words);
  const source = qrImage(address);
  const line = (label, text, copyLabel) => {
    const shown = el("code", { class: "address" }, text);
    return el("div", { class: "copy-line" }, el("span", { class: "label" }, label), shown,
      copyButton(t, text, copyLabel, announce, shown));
  };
  const left = el("span", {});
  place.replaceChildren(
    // What an amount of dollars is in tokens, where the server says it.
    ...(amount ? [facts([[t("amount"), flow.formats.token(amount, entry.symbol), "total"]])] : []),
    ...(source ? [el("img", { class: "qr", src: source, alt: t("qrLabel", { address }), width: "176", height: "176" })]
      : []),
    line(t("depositAddress", { symbol: entry.symbol }), address, t("copyAddress")),
    ...(addressTag ? [line(t("tag"), addressTag, t("copyTag")), notice("warning", t("tagNeeded"))] : []),
    el("p", { class: "hint centre" }, left));
  flow.event("linkTransferQRGenerated",
    compact({ token: entry.symbol, network: entry.networkName, toAddress: address, qrUrl: source }));
  flow.frame.announce(t("addressReady"));
  const end = performance.now() + watchSeconds * 1000;
  const tick = () => {
    const seconds = (end - performance.now()) / 1000;
    left.textContent = seconds > 0 ? t("watching", { time: clock(seconds) }) : t("watchingOver");
  };
  tick();
  return setInterval(tick, 1000);
}
