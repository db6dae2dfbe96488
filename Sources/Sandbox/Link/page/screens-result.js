// How it came out: sent, waiting, failed, or refused until the exchange knows its user.

import { el } from "./dom.js";
import { stamp } from "./icons.js";
import { amountBlock, button, copyIcon, facts, notice, short } from "./parts.js";
import { reasonKey } from "./reasons.js";
import { home } from "./journey.js";
import { technicalDetails } from "./screens-problem.js";

const titles = { payment: "sentPayment", deposit: "sentDeposit", onramp: "sentOnramp" };

/** The transfer was taken. That it arrived, only the merchant's webhook says. */
export function executed(flow, { status }) {
  const { t, formats } = flow;
  const { session, transfer } = flow.facts;
  const isPending = status === "pending";
  const copied = (text, label) => el("span", { class: "copied-value" }, short(text, 6, 6),
    copyIcon(t, text, label, (words) => flow.frame.announce(words)));
  return {
    page: "transferExecutedPage",
    style: "centred",
    isFinal: true,
    top: stamp(isPending ? "wait" : "good"),
    title: t(isPending ? "pendingTitle" : (titles[session.transferType] ?? "sentDeposit")),
    lead: t(isPending ? "pendingText" : "sentText", { merchant: session.merchant.name }),
    hero: amountBlock(formats.token(transfer.amount, transfer.symbol), formats.money(transfer.amountInFiat)),
    body: [
      facts([
        [t("to"), session.merchant.name],
        [t("network"), transfer.networkName],
        [t("total"), formats.dollars(transfer.totalAmountInFiat)],
        [t("transactionHash"), transfer.txHash ? copied(transfer.txHash, t("copyHash")) : null],
        [t("transferId"), transfer.transferId ? copied(transfer.transferId, t("copyId")) : null],
      ]),
      isPending ? notice("info", t("pendingNote", { merchant: session.merchant.name })) : null,
    ],
    actions: [button(t("done"), "primary", () => flow.finish("done"))],
  };
}

/** It was refused or did not work. `retry` makes a new quote; of a session that is spent only leaving is left. */
export function transferFailed(flow, { code, message, requestId, isSpent, retry }) {
  const t = flow.t;
  return {
    page: "errorPage",
    style: "centred",
    errorMessage: message ?? code,
    top: stamp("bad"),
    title: t("failedTitle"),
    lead: t(code === "failed" ? "failedText" : reasonKey(code), { merchant: flow.facts.session.merchant.name }),
    body: [isSpent ? null : el("p", { class: "centre" }, t("failedSafe")),
      technicalDetails(flow, { code, message, requestId })],
    isFinal: isSpent,
    isProblem: true,
    actions: isSpent ? [button(t("close"), "primary", () => flow.finish("close"))] : [
      retry ? button(t("retry"), "primary", retry) : null,
      button(t("chooseOther"), retry ? "secondary" : "primary", () => home(flow)),
    ],
  };
}

/** There is no quote: nothing was asked of the account yet, so going back to another amount is the first remedy. */
export function quoteFailed(flow, { error, retry }) {
  const t = flow.t;
  return {
    page: "errorPage",
    style: "centred",
    errorMessage: error.message,
    top: stamp("bad"),
    title: t("quoteFailedTitle"),
    lead: t(reasonKey(error.code)),
    body: technicalDetails(flow, error),
    actions: [button(t("retry"), "primary", retry), button(t("chooseOther"), "secondary", () => home(flow))],
  };
}

/** The exchange wants to know its user first. */
export function kyc(flow) {
  const t = flow.t;
  const { integration } = flow.facts;
  return {
    page: "transferKycPage",
    style: "centred",
    errorMessage: "KYC required",
    top: stamp("wait"),
    title: t("kycTitle"),
    lead: t("kycText", { name: integration.name }),
    actions: [
      button(t("chooseOther"), "primary", () => home(flow)),
      button(t("close"), "secondary", () => flow.finish("close")),
    ],
  };
}
