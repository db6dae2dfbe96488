// The order of the screens: what follows the opening, a connected account, a signature, and a choice.

import { afterAsset, fixedAmount, held, nextChoice } from "./choices.js";
import { markImage } from "./icons.js";
import { accessToken, failure, noEligibleAssets } from "./messages.js";
import { catalogue, nothingToOffer, returning, select } from "./screens-catalogue.js";
import { connected } from "./screens-login.js";
import { sign, verified } from "./screens-wallet.js";
import { assets, networks, noAssets } from "./screens-choose.js";
import { amount } from "./screens-amount.js";
import { askForQuote } from "./screens-preview.js";

const movesMoney = (flow) => ["transfer", "verifyAndTransfer"].includes(flow.facts.session.journey);

/** The first screen of an opened session. `tokens` are what the host kept from a former visit, or nothing. */
export function begin(flow, tokens) {
  flow.load(flow.t("loading"), async () => {
    const { integrations } = await flow.call("catalogue");
    flow.facts.integrations = integrations;
    const accounts = movesMoney(flow) && tokens.length > 0 ? await resume(flow, tokens) : [];
    return () => {
      if (accounts.length > 0) returning(flow, accounts, integrations);
      else home(flow);
    };
  });
}

/** Stored accounts that are still good. One that is not is no reason to stop: the person signs in anew. */
async function resume(flow, tokens) {
  try {
    const known = tokens.filter((token) => typeof token?.accessToken === "string").map((token) => ({
      accountId: String(token.accountId ?? ""), accountName: String(token.accountName ?? ""),
      accessToken: token.accessToken, brokerType: String(token.brokerType ?? ""),
      brokerName: String(token.brokerName ?? ""),
    }));
    return known.length > 0 ? (await flow.call("resume", { accessTokens: known })).accounts : [];
  } catch (error) {
    if (error.code === "session") throw error;
    return [];
  }
}

/** Back to the choice of where the money comes from, which the merchant may have made already. */
export function home(flow) {
  const { integrations, session } = flow.facts;
  flow.stack = [];
  flow.facts.account = null;
  const named = session.integrationId && integrations.find((one) => one.id === session.integrationId);
  if (named) select(flow, named);
  else if (integrations.length === 0) flow.go(nothingToOffer);
  else flow.go(catalogue, { integrations });
}

/** Leaves only the first screen to go back to: what led to a connected account is done with. */
function settle(flow) {
  flow.stack = flow.stack.slice(0, 1);
}

export function afterConnect(flow, account) {
  const { session, integration } = flow.facts;
  flow.facts.account = account;
  flow.host.send("brokerageAccountAccessToken", accessToken(account, markImage(integration.name)));
  settle(flow);
  // Only a wallet can sign: with an exchange the merchant's wish to verify has no effect, as at Mesh.
  if (session.verify && account.kind === "wallet") flow.go(sign);
  else if (movesMoney(flow)) startTransfer(flow);
  else flow.go(connected, { another: () => home(flow) });
}

export function afterVerify(flow, signature) {
  settle(flow);
  if (movesMoney(flow)) startTransfer(flow);
  else flow.go(verified, signature);
}

/** From a connected account to what can be sent from it. */
export function startTransfer(flow) {
  flow.event("transferStarted");
  flow.load(flow.t("loadingAssets"), async () => {
    try {
      const { holdings } = await flow.call("options", { accountId: flow.facts.account.accountId });
      return () => chooseFrom(flow, holdings);
    } catch (error) {
      flow.event("transferConfigureError", failure(error.message, error.requestId));
      throw error;
    }
  });
}

function chooseFrom(flow, holdings) {
  flow.facts.holdings = holdings;
  const next = nextChoice(holdings, flow.facts.session.toAddresses);
  if (next.step === "none") {
    flow.event("transferNoEligibleAssets", noEligibleAssets(flow.facts.integration, held(holdings)));
    flow.go(noAssets);
  } else if (next.step === "asset") {
    flow.go(assets);
  } else {
    follow(flow, next);
  }
}

/** After an asset was chosen, or was the only one. */
export const chooseAsset = (flow, holding) => follow(flow, afterAsset(holding));

function follow(flow, { step, holding, network }) {
  flow.facts.holding = holding;
  if (step === "network") flow.go(networks);
  else chooseNetwork(flow, network);
}

export function chooseNetwork(flow, network) {
  const { session, holding } = flow.facts;
  flow.facts.network = network;
  const fixed = fixedAmount(session, holding.symbol, network.id);
  if (fixed) askForQuote(flow, fixed);
  else flow.go(amount);
}
