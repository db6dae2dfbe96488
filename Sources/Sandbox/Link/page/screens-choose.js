// What to send and over which network, where several of the merchant's addresses fit; and what to do if none does.

import { arranged, feesInFiat, held, isUsable, usableNetworks } from "./choices.js";
import { isZero } from "./decimals.js";
import { el } from "./dom.js";
import { mark, stamp } from "./icons.js";
import { button, details, options } from "./parts.js";
import { ineligibilityKey } from "./reasons.js";
import { chooseAsset, chooseNetwork, home } from "./journey.js";
import { manualChoice } from "./screens-manual.js";

function assetItem(flow, holding, onclick) {
  const { t, formats } = flow;
  const isFunded = !holding.eligible && holding.eligibleWithFunding;
  return {
    mark: mark(holding.symbol, "round"),
    title: holding.symbol,
    note: !onclick ? t(ineligibilityKey(holding.ineligibilityReason)) : isFunded ? t("byConversion") : null,
    value: formats.money(holding.amountInFiat),
    subvalue: formats.balance(holding.amount, holding.symbol),
    onclick,
    disabled: !onclick,
  };
}

export function assets(flow) {
  const t = flow.t;
  const all = arranged(flow.facts.holdings);
  const usable = all.filter((holding) => isUsable(holding) && usableNetworks(holding).length > 0);
  const others = held(all).filter((holding) => !usable.includes(holding));
  return {
    page: "transferHoldingSelectionPage",
    title: t("assetsTitle"),
    lead: t("assetsLead", { account: flow.facts.account.accountName }),
    body: [
      options(t("assetsTitle"), usable.map((holding) => assetItem(flow, holding, () => {
        flow.event("transferAssetSelected", { symbol: holding.symbol });
        chooseAsset(flow, holding);
      }))),
      others.length > 0
        ? details(t("notUsable", { count: flow.formats.number(String(others.length)) }),
            options(t("assetsLabel"), others.map((holding) => assetItem(flow, holding, null))))
        : null,
    ],
  };
}

export function networks(flow) {
  const { t, formats } = flow;
  const { holding } = flow.facts;
  const usable = usableNetworks(holding);
  const fee = (network) => {
    const cost = feesInFiat(network);
    const { fee: tokens, feeCurrency } = network.networkFee;
    if (cost === null) return t("feeAbout", { fee: formats.token(tokens, feeCurrency) });
    return isZero(cost) ? t("noFee") : t("feeAbout", { fee: formats.money(cost) });
  };
  return {
    page: "transferNetworkSelectionPage",
    title: t("networksTitle"),
    lead: t("networksLead", { symbol: holding.symbol }),
    body: options(t("networksTitle"), usable.map((network) => ({
      mark: mark(network.name, "round"),
      title: network.name,
      note: fee(network),
      onclick: () => {
        flow.event("transferNetworkSelected", { id: network.id, name: network.name });
        chooseNetwork(flow, network);
      },
    }))),
  };
}

/** Nothing in the account would do. What there is stands below, each with its reason. */
export function noAssets(flow) {
  const t = flow.t;
  const { session, account } = flow.facts;
  const holdings = arranged(held(flow.facts.holdings));
  const isEmpty = holdings.length === 0 && !(Number(account.cash) > 0);
  const wanted = [...new Set(session.toAddresses.map((entry) => entry.symbol))].join(", ");
  return {
    page: "transferHoldingSelectionPage",
    style: "centred",
    errorMessage: "No eligible assets",
    top: stamp("wait"),
    title: t("noAssetsTitle"),
    lead: t(isEmpty ? "noAssetsEmpty" : "noAssetsText", { symbols: wanted }),
    body: holdings.length > 0
      ? el("div", { class: "start" },
          options(t("assetsLabel"), holdings.map((holding) => assetItem(flow, holding, null))))
      : null,
    actions: [
      button(t("chooseOther"), "primary", () => home(flow)),
      // By hand nobody can be verified first.
      session.journey === "transfer" ? button(t("manualTitle"), "secondary", () => {
        flow.event("methodSelected", { method: "manual" });
        flow.go(manualChoice);
      }) : null,
    ],
  };
}
