// Where the money comes from: the catalogue of exchanges and wallets with its search, and accounts of former visits.

import { el } from "./dom.js";
import { icon, mark } from "./icons.js";
import { amountBlock, iconButton, notice, options } from "./parts.js";
import { integrationDown } from "./screens-problem.js";
import { accounts as accountScreen, login } from "./screens-login.js";
import { walletConnect } from "./screens-wallet.js";
import { manualChoice } from "./screens-manual.js";
import { integrationSelected } from "./messages.js";
import { startTransfer } from "./journey.js";

const titles = { payment: "titlePayment", deposit: "titleDeposit", onramp: "titleOnramp" };

/** The title of the journey: what the person came for. */
export function journeyTitle(flow) {
  const { journey, transferType, merchant } = flow.facts.session;
  const key = journey === "verify" ? "titleVerify" : journey === "connect" ? "titleConnect"
    : (titles[transferType] ?? "titleDeposit");
  return flow.t(key, { merchant: merchant.name });
}

/** The amount that is asked for, if it is fixed. */
export function askedAmount(flow) {
  const { session } = flow.facts;
  if (session.journey === "connect" || session.journey === "verify") return null;
  if (session.amountInFiat) {
    const shown = flow.formats.money(session.amountInFiat);
    return amountBlock(flow.formats.dollars(session.amountInFiat), flow.formats.currency === "USD" ? null : shown);
  }
  const only = session.toAddresses.length === 1 ? session.toAddresses[0] : null;
  return only?.amount ? amountBlock(flow.formats.token(only.amount, only.symbol), only.networkName) : null;
}

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Those whose name has every word of the search in it. */
export function matching(integrations, search, category) {
  const words = folded(search).split(/\s+/).filter(Boolean);
  return integrations.filter((integration) => (category === "all" || integration.category === category)
    && words.every((word) => folded(integration.name).includes(word)));
}

export function catalogue(flow, { integrations }) {
  const t = flow.t;
  const { session } = flow.facts;
  let [search, category] = ["", "all"];
  const list = el("div", { class: "list" });
  const categories = ["exchange", "wallet"].filter((name) => integrations.some((one) => one.category === name));
  const refresh = (isTyped) => {
    const found = matching(integrations, search, category);
    list.replaceChildren(found.length > 0 ? options(t("catalogueLabel"), found.map((one) => item(flow, one, search)))
      : emptySearch(flow, search));
    if (isTyped) flow.frame.announce(t("foundCount", { count: flow.formats.number(String(found.length)) }));
  };
  refresh(false);
  flow.event("homePageLoaded");
  return {
    page: "integrationsCatalogPage",
    title: journeyTitle(flow),
    hero: askedAmount(flow),
    lead: t(session.journey === "connect" ? "leadConnect" : session.journey === "verify" ? "leadVerify" : "leadPick"),
    body: [
      searchField(flow, (text) => { search = text; refresh(true); }),
      categories.length > 1 ? tabs(flow, categories, (name) => { category = name; refresh(true); }) : null,
      list,
      session.toAddresses.length > 0 && session.journey === "transfer" ? manualEntry(flow) : null,
    ],
  };
}

function searchField(flow, onSearch) {
  const t = flow.t;
  const input = el("input", { class: "input with-icon", type: "search", "aria-label": t("search"),
    placeholder: t("search"), autocomplete: "off", spellcheck: "false", enterkeyhint: "search",
    oninput: () => { clear.hidden = input.value === ""; onSearch(input.value); } });
  const clear = iconButton("close", t("clearSearch"), () => {
    input.value = "";
    clear.hidden = true;
    input.focus();
    onSearch("");
  }, { hidden: true });
  return el("div", { class: "search", role: "search" }, icon("search"), input, clear);
}

/** Buttons of which one is pressed: a filter, and not tabs, for what they show is one list. */
function tabs(flow, categories, onChoice) {
  const labels = { all: "categoryAll", exchange: "categoryExchange", wallet: "categoryWallet" };
  const buttons = ["all", ...categories].map((name) => el("button", { type: "button", class: "pill",
    "aria-pressed": String(name === "all"), onclick: (event) => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      onChoice(name);
    } }, flow.t(labels[name])));
  return el("div", { class: "pills", role: "group", "aria-label": flow.t("categoryLabel") }, buttons);
}

function item(flow, integration, search) {
  return {
    mark: mark(integration.name),
    title: integration.name,
    note: integration.isUp ? null : flow.t("unavailable"),
    onclick: () => select(flow, integration, search.trim() !== ""),
  };
}

function emptySearch(flow, search) {
  return el("div", { class: "empty" }, icon("search"),
    el("p", {}, search.trim() ? flow.t("nothingFound", { search: search.trim() }) : flow.t("nothingOffered")));
}

function manualEntry(flow) {
  const t = flow.t;
  return el("div", { class: "separated" }, options(t("otherWays"), [{
    mark: el("span", { class: "mark square plain-mark", "aria-hidden": "true" }, icon("grid")),
    title: t("manualTitle"),
    note: t("manualNote"),
    onclick: () => {
      flow.event("methodSelected", { method: "manual" });
      flow.go(manualChoice);
    },
  }]));
}

/** Goes on with an exchange or a wallet, from the catalogue or because the merchant named it. */
export function select(flow, integration, userSearched = false) {
  flow.facts.integration = integration;
  flow.facts.account = null;
  flow.event("methodSelected", { method: "embedded" });
  flow.event("integrationSelected", integrationSelected(integration, userSearched));
  if (!integration.isUp) {
    flow.event("connectionUnavailable", { integrationName: integration.name, reason: "integrationDown" });
    flow.go(integrationDown, { integration });
  } else {
    flow.go(integration.category === "wallet" ? walletConnect : login);
  }
}

/** Accounts of former visits: one is taken at once in a transfer, of several one is chosen. */
export function returning(flow, accounts, integrations) {
  flow.facts.accounts = accounts;
  const other = () => flow.go(catalogue, { integrations });
  const take = (account) => {
    flow.facts.integration = integrations.find((one) => one.id === account.integrationId)
      ?? { id: account.integrationId, name: account.brokerName, type: account.brokerType, category: account.kind };
    flow.facts.account = account;
    startTransfer(flow);
  };
  if (accounts.length > 1) {
    flow.event("integrationAccountSelectionRequired");
    flow.go(accountScreen, { accounts, take, other });
    return;
  }
  // The way back leads to the choice, and from there to another account.
  flow.stack.push({ screen: accountScreen, input: { accounts, take, other } });
  take(accounts[0]);
}

export const nothingToOffer = (flow) => ({
  page: "integrationsCatalogPage",
  title: journeyTitle(flow),
  body: notice("warning", flow.t("nothingOffered")),
});
