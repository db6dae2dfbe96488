// Wallets. A real one opens its own window; the sandbox shows what such a window would ask, and says that it is none.

import { el } from "./dom.js";
import { mark, stamp } from "./icons.js";
import { button, details, errorPlace, facts, options, short } from "./parts.js";
import { walletNetworkTypes } from "./choices.js";
import { failure, walletMessageSigned } from "./messages.js";
import { afterConnect, afterVerify, home } from "./journey.js";
import { place } from "./screens-login.js";

const typeNames = { evm: "Ethereum (EVM)", solana: "Solana", bitcoin: "Bitcoin", cardano: "Cardano", tron: "Tron",
  avalancheX: "Avalanche X", tezos: "Tezos", dogecoin: "Dogecoin", ripple: "XRP Ledger", stellar: "Stellar",
  litecoin: "Litecoin", sui: "Sui", aptos: "Aptos", tvm: "TON", injective: "Injective" };

/** The imitation of a wallet's own window. */
export function walletWindow(flow, ...children) {
  const { integration } = flow.facts;
  return el("section", { class: "wallet", "aria-label": flow.t("walletWindow", { name: integration.name }) },
    el("div", { class: "wallet-bar" }, mark(integration.name), el("strong", {}, integration.name),
      el("span", { class: "tag" }, flow.t("simulated"))),
    el("div", { class: "wallet-body" }, children));
}

/** First which network, if the wallet has several that would do. */
export function walletConnect(flow) {
  const types = walletNetworkTypes(flow.facts.session, flow.facts.integration);
  if (types.length === 1) return approveConnect(flow, types[0]);
  const t = flow.t;
  return {
    page: "integrationLoginPage",
    top: place(flow),
    title: t("walletNetworkTitle"),
    lead: t("walletNetworkLead", { name: flow.facts.integration.name }),
    body: options(t("walletNetworkTitle"), types.map((type) => ({
      mark: mark(typeNames[type] ?? type, "round"), title: typeNames[type] ?? type,
      onclick: () => flow.go(approveConnect, type),
    }))),
  };
}

function approveConnect(flow, networkType) {
  const t = flow.t;
  const { integration, session } = flow.facts;
  const errors = errorPlace();
  const approve = button(t("approve"), "primary", () => {
    errors.show();
    flow.run(approve, async () => {
      const { account } = await flow.call("connectWallet", { integrationId: integration.id, networkType });
      return () => afterConnect(flow, account);
    }, (text, error) => {
      const event = error.code === "integrationDown"
        ? ["connectionUnavailable", { integrationName: integration.name, reason: "integrationDown" }]
        : ["integrationConnectionError", failure(error.message, error.requestId)];
      flow.event(...event);
      errors.show(text);
    });
  });
  return {
    page: "integrationLoginPage",
    title: t("walletTitle", { name: integration.name }),
    lead: t("walletLead", { name: integration.name }),
    body: [errors.node, walletWindow(flow,
      el("p", {}, t("walletAsks", { merchant: session.merchant.name })),
      facts([[t("network"), typeNames[networkType] ?? networkType], [t("walletSees"), t("walletSeesText")]]))],
    actions: [approve, button(t("decline"), "secondary", () => {
      flow.event("connectionDeclined", { integrationName: integration.name });
      flow.go(declined, { title: t("declinedConnectTitle"), text: t("declinedConnectText") });
    })],
  };
}

/** The person said no in the wallet. Going back asks the wallet again. */
export function declined(flow, { title, text }) {
  const t = flow.t;
  return {
    page: "errorPage",
    style: "centred",
    top: stamp("wait"),
    title,
    lead: text,
    actions: [button(t("retry"), "primary", () => flow.back()),
      button(t("chooseOther"), "secondary", () => home(flow))],
  };
}

/** Signs the merchant's message with the connected wallet, which proves whose wallet it is. */
export function sign(flow) {
  const t = flow.t;
  const { account, session, integration } = flow.facts;
  const errors = errorPlace();
  const answer = (control, accept) => flow.run(control, async () => {
    const result = await flow.call("sign", { accountId: account.accountId, accept });
    return result.rejected ? () => rejected(flow) : () => signed(flow, result);
  }, (text) => errors.show(text));
  const agree = button(t("sign"), "primary", () => { errors.show(); answer(agree, true); });
  const refuse = button(t("decline"), "secondary", () => { errors.show(); answer(refuse, false); });
  return {
    page: "verifyWalletPage",
    title: t("signTitle"),
    lead: t("signLead", { merchant: session.merchant.name }),
    body: [errors.node, walletWindow(flow,
      facts([[t("walletAddress"), short(account.address ?? "")]]),
      el("h2", { class: "small-heading" }, t("message")),
      // Focusable, so that a long message can be scrolled by keyboard.
      el("pre", { class: "message", tabindex: "0", "aria-label": t("message") },
        session.verify?.message || t("genericMessage", { merchant: session.merchant.name })),
      el("p", { class: "hint" }, t("signNoCost", { name: integration.name })))],
    actions: [agree, refuse],
  };
}

function rejected(flow) {
  flow.event("verifyWalletRejected");
  flow.go(declined, { title: flow.t("declinedSignTitle"), text: flow.t("declinedSignText") });
}

function signed(flow, signature) {
  flow.event("walletMessageSigned", walletMessageSigned(signature));
  if (signature.isVerified) {
    flow.event("verifyDonePage");
    afterVerify(flow, signature);
    return;
  }
  flow.event("defiWalletError", { integrationName: flow.facts.integration.name, errorType: "verifyMismatch",
    details: `${signature.address} is not one of the expected addresses`, timeStamp: Number(signature.timeStamp) });
  flow.go(mismatch, signature);
}

/** The wallet signed, but it is not the one the merchant knows. */
function mismatch(flow, signature) {
  const t = flow.t;
  return {
    page: "errorPage",
    style: "centred",
    errorMessage: "The wallet's address is not one of the expected addresses",
    top: stamp("bad"),
    title: t("mismatchTitle"),
    lead: t("mismatchText", { merchant: flow.facts.session.merchant.name }),
    body: facts([[t("walletAddress"), short(signature.address)]]),
    actions: [button(t("chooseOther"), "primary", () => home(flow))],
  };
}

export function verified(flow, signature) {
  const t = flow.t;
  return {
    page: "verifyDonePage",
    style: "centred",
    isFinal: true,
    top: stamp("good"),
    title: t("verifiedTitle"),
    lead: t("verifiedText", { merchant: flow.facts.session.merchant.name }),
    body: [facts([[t("walletAddress"), short(signature.address)]]),
      details(t("signature"), el("p", { class: "code wrap" }, signature.signedMessageHash))],
    actions: [button(t("done"), "primary", () => flow.finish("done"))],
  };
}
