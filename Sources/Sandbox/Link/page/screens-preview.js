// The quote: what is sent, what it costs, where it goes; renewed while it is looked at, and confirmed.

import { CallError } from "./api.js";
import { el } from "./dom.js";
import { mark } from "./icons.js";
import { amountBlock, button, errorPlace, facts, notice, short } from "./parts.js";
import { clock } from "./formats.js";
import { conversionFee, feeRose } from "./choices.js";
import { failure, transferPreviewed } from "./messages.js";
import { Quote } from "./quote.js";
import { confirmTransfer } from "./screens-execute.js";
import { kyc, quoteFailed } from "./screens-result.js";

/** One call of `preview`, told to the host. `request` is `{ amount }` or `{ amountInFiat }`. */
async function fetchQuote(flow, request) {
  const { account, holding, network, integration, session } = flow.facts;
  try {
    const preview = await flow.call("preview",
      { accountId: account.accountId, symbol: holding.symbol, networkId: network.id, ...request });
    flow.facts.preview = preview;
    flow.facts.quotedAt = performance.now();
    flow.event("transferPreviewed", transferPreviewed(preview, integration, session));
    return preview;
  } catch (error) {
    if (error.code === "KycRequired") flow.event("transferKycRequired");
    else if (error instanceof CallError) flow.event("transferPreviewError", failure(error.message, error.requestId));
    throw error;
  }
}

/** From a known amount to its quote; if something has to be converted first, the conversions are shown before. */
export function askForQuote(flow, request) {
  flow.facts.request = request;
  flow.load(flow.t("loadingQuote"), async () => {
    try {
      const quoted = await fetchQuote(flow, request);
      return () => flow.go(quoted.funding?.length > 0 ? funding : preview);
    } catch (error) {
      if (["unreachable", "unavailable", "session"].includes(error.code) || !(error instanceof CallError)) throw error;
      if (error.code === "KycRequired") return () => flow.go(kyc);
      return () => flow.go(quoteFailed, { error, retry: () => { flow.stack.pop(); askForQuote(flow, request); } });
    }
  });
}

/** One line for each conversion: from, to, and its fee. */
function conversions(flow, steps) {
  const { t, formats } = flow;
  return el("ol", { class: "conversions", "aria-label": t("conversions") }, steps.map((step) => {
    const isFree = !step.fee || !Number(step.fee.fee);
    return el("li", {},
      mark(step.fromSymbol || step.toSymbol, "round"),
      el("span", { class: "option-text" },
        el("span", { class: "option-title" }, step.fromSymbol && step.fromSymbol !== step.toSymbol
          ? t("convertStep", { from: formats.token(step.fromAmount, step.fromSymbol),
              to: formats.token(step.amount, step.toSymbol) })
          : t("useBalance", { amount: formats.token(step.amount, step.toSymbol) })),
        el("span", { class: "option-note" }, isFree ? t("noFee")
          : t("feeAbout", { fee: formats.money(step.fee.feeInFiat)
              || formats.token(step.fee.fee, step.fee.feeCurrency) }))));
  }));
}

/** Explains the conversions, before the quote that contains them is confirmed. */
export function funding(flow) {
  const t = flow.t;
  const quoted = flow.facts.preview;
  flow.event("fundingOptionsViewed");
  return {
    page: "transferFundingPage",
    title: t("fundingTitle", { symbol: quoted.symbol }),
    lead: t("fundingLead", { symbol: quoted.symbol, name: flow.facts.integration.name }),
    body: [conversions(flow, quoted.funding), notice("info", t("fundingNote"))],
    actions: [button(t("continue"), "primary", () => flow.go(preview))],
  };
}

const fee = (flow, cost) => {
  if (!cost) return null;
  if (!Number(cost.fee)) return flow.t("free");
  const dollars = flow.formats.money(cost.feeInFiat);
  return el("span", {}, flow.formats.token(cost.fee, cost.feeCurrency),
    dollars ? el("span", { class: "sub" }, dollars) : null);
};

function summary(flow, quoted) {
  const { t, formats } = flow;
  const { account, session } = flow.facts;
  const dollars = formats.dollars(quoted.totalAmountInFiat);
  const own = formats.currency === "USD" ? "" : ` (${formats.money(quoted.totalAmountInFiat)})`;
  const converting = conversionFee(quoted.funding);
  return [
    facts([
      [t("from"), el("span", {}, account.brokerName, el("span", { class: "sub" }, account.accountName))],
      [t("to"), el("span", {}, session.merchant.name, el("span", { class: "sub" }, short(quoted.toAddress)))],
      [t("network"), quoted.networkName],
    ]),
    facts([
      [t("amount"), formats.token(quoted.amount, quoted.symbol)],
      [t("networkFee"), fee(flow, quoted.networkFee)],
      [t("withdrawalFee"), Number(quoted.withdrawalFee?.fee) ? fee(flow, quoted.withdrawalFee) : null],
      [t("conversionFee"), converting ? formats.money(converting) : null],
      [t("clientFee", { merchant: session.merchant.name }), fee(flow, quoted.clientFee)],
      // What is converted is paid in other assets: then only dollars say what it comes to.
      [t("total"), converting ? el("span", {}, dollars, own) : el("span", {},
        formats.token(quoted.totalAmount, quoted.symbol), el("span", { class: "sub" }, dollars, own)), "total"],
    ]),
    session.isInclusiveFeeEnabled ? el("p", { class: "hint" }, t("feesIncluded")) : null,
  ];
}

export function preview(flow) {
  const { t, formats } = flow;
  const { session } = flow.facts;
  const [head, body, news] = ["hero", "quoted", "news"].map((name) => el("div", { class: name }));
  const left = el("span", {});
  const ring = el("span", { class: "ring", "aria-hidden": "true" });
  const errors = errorPlace();
  const draw = (quoted) => {
    confirm.textContent = t(session.transferType === "payment" ? "confirmPay" : "confirmSend",
      { amount: formats.token(quoted.totalAmount, quoted.symbol) });
    head.replaceChildren(amountBlock(formats.token(quoted.amount, quoted.symbol),
      [formats.dollars(quoted.amountInFiat), formats.currency === "USD" ? null : formats.money(quoted.amountInFiat)]
        .filter(Boolean).join("  ·  ")));
    body.replaceChildren(...summary(flow, quoted).filter(Boolean),
      ...(quoted.funding?.length ? [el("h2", { class: "small-heading" }, t("conversions")),
        conversions(flow, quoted.funding)] : []));
  };
  const confirm = button("", "primary", () => confirmTransfer(flow, confirm, quote, (text) => errors.show(text)));
  draw(flow.facts.preview);
  if (flow.facts.news) news.replaceChildren(notice("error", flow.facts.news));
  flow.facts.news = null;
  const quote = new Quote(flow.facts.preview, {
    fetch: () => fetchQuote(flow, flow.facts.request),
    onNew: (now, before) => {
      draw(now);
      errors.show();
      renewed(flow, now, before, news);
    },
    onError: (error) => {
      // A session that is over ends here too, and not only when something is pressed.
      flow.settleFailure(error, (text) => errors.show(text));
    },
    onTick: (seconds, share) => {
      left.textContent = t("newQuoteIn", { time: clock(seconds) });
      ring.style.setProperty("--share", String(share));
    },
    isHidden: () => document.hidden,
    // Whoever comes back to this screen finds the quote as old as it is.
    age: (performance.now() - flow.facts.quotedAt) / 1000,
  });
  return {
    page: "transferPreviewPage",
    hero: head,
    title: t("previewTitle"),
    body: [errors.node, news, body, el("p", { class: "quote-timer", "aria-hidden": "true" }, ring, left)],
    actions: [confirm],
    dispose: () => quote.stop(),
  };
}

/** Tells of a renewed quote: quietly, but for what costs more. */
function renewed(flow, now, before, news) {
  const t = flow.t;
  flow.frame.announce(t("quoteRenewed"));
  if (JSON.stringify(now.funding ?? []) !== JSON.stringify(before.funding ?? [])) flow.event("fundingOptionsUpdated");
  if (feeRose(before, now)) {
    flow.event("gasIncreaseWarning");
    news.replaceChildren(notice("warning", t("feeRose")));
  } else {
    news.replaceChildren();
  }
}

/** After a failed or an expired quote: a new one in the place of everything that followed from the old, and why. */
export function quoteAgain(flow, news = null) {
  flow.facts.news = news;
  const first = flow.stack.findIndex(({ screen }) => screen === funding || screen === preview);
  if (first >= 0) flow.stack = flow.stack.slice(0, first);
  askForQuote(flow, flow.facts.request);
}
