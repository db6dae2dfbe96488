// A host page's part of Mesh's Link protocol, as Mesh's Web SDK plays it. What it saw is in `window.log`.
"use strict";

// What the SDK passes on to `onEvent`; it drops all other names.
const eventNames = new Set(`integrationConnected integrationConnectionError integrationMfaRequired integrationMfaEntered
  integrationOAuthStarted integrationAccountSelectionRequired transferCompleted integrationSelected credentialsEntered
  transferStarted transferPreviewed transferPreviewError transferExecutionError transferConfigureError pageLoaded
  transferAssetSelected transferNetworkSelected transferAmountEntered transferMfaRequired transferMfaEntered
  transferKycRequired transferExecuted transferInitiated transferNoEligibleAssets walletMessageSigned verifyDonePage
  verifyWalletRejected connectionDeclined connectionUnavailable transferDeclined done close SDKinjectedWalletProviders
  legalTermsViewed seeWhatHappenedClicked executeFundingStep fundingOptionsUpdated fundingOptionsViewed
  gasIncreaseWarning linkTransferQRGenerated methodSelected defiWalletError homePageLoaded`.split(/\s+/));

window.log = { messages: [], events: [], connected: [], finished: [], exits: [], refused: [], url: null };
let options = {};
let linkOrigin = null;
let frame = null;

const tell = (type, payload) => {
  const message = payload === undefined ? { type } : { type, payload };
  frame?.contentWindow?.postMessage(message, linkOrigin);
};

const onEvent = (type, payload) => window.log.events.push(payload === undefined ? { type } : { type, payload });

function onExit(error, summary) {
  window.log.exits.push({ error: error ?? null, summary: summary ?? null });
}

function removePopup() {
  document.getElementById("mesh-link-popup")?.remove();
  document.getElementById("embedded")?.remove();
  frame = null;
}

function receive(event) {
  if (event.origin !== location.origin && event.origin !== linkOrigin) {
    window.log.refused.push(event.origin);
    return;
  }
  const { type, payload } = event.data ?? {};
  window.log.messages.push(event.data);
  switch (type) {
    case "brokerageAccountAccessToken":
      onEvent("integrationConnected", { accessToken: payload });
      window.log.connected.push({ accessToken: payload });
      break;
    case "delayedAuthentication":
      onEvent("integrationConnected", { delayedAuth: payload });
      window.log.connected.push({ delayedAuth: payload });
      break;
    case "transferFinished":
      onEvent("transferCompleted", payload);
      window.log.finished.push(payload);
      break;
    case "close":
    case "done":
      onExit(payload?.errorMessage, payload);
      removePopup();
      break;
    case "loaded":
      tell("meshSDKSpecs", { platform: "web", version: "3.12.0", origin: options.claimedOrigin ?? location.origin });
      tell("SDKinjectedWalletProviders", []);
      if (options.accessTokens) tell("frontAccessTokens", options.accessTokens);
      onEvent("pageLoaded");
      break;
    default:
      if (eventNames.has(type)) window.log.events.push(event.data);
  }
}

// The address as the SDK completes it, or null for a token that is none.
function linkAddress(token) {
  let text;
  try {
    text = atob(token);
  } catch {
    return null;
  }
  if (!/^https?:\/\//.test(text)) return null;
  const address = new URL(text);
  const language = options.language === "system" ? navigator.language : options.language;
  address.searchParams.set("lng", language || "en");
  if (options.displayFiatCurrency) address.searchParams.set("fiatCur", options.displayFiatCurrency);
  if (options.theme) address.searchParams.set("th", options.theme);
  if (options.renderType === "embedded") address.searchParams.set("rt", "embedded");
  return address;
}

function makeFrame(id, address) {
  const made = document.createElement("iframe");
  made.id = id;
  made.title = "Link";
  const { origin } = address;
  made.allow = `clipboard-read *; clipboard-write *; camera ${origin}; microphone ${origin}`;
  made.src = address.href;
  return made;
}

// Link opens by a press of Pay, so that the page has the focus as it has with a person.
window.prepare = (token, chosen) => {
  document.getElementById("pay").onclick = () => window.openLink(token, chosen);
};

window.openLink = (token, chosen) => {
  options = chosen ?? {};
  const address = linkAddress(token);
  if (address === null) {
    onExit("Invalid link token!");
    return;
  }
  window.log.url = address.href;
  linkOrigin = address.origin;
  removePopup();
  window.addEventListener("message", receive);
  if (options.renderType === "embedded") {
    frame = makeFrame("embedded", address);
    const place = document.getElementById("place");
    place.hidden = false;
    place.append(frame);
    return;
  }
  const popup = document.createElement("div");
  popup.id = "mesh-link-popup";
  const container = document.createElement("div");
  container.id = "mesh-link-popup__popup-container";
  frame = makeFrame("mesh-link-popup__iframe", address);
  container.append(frame);
  popup.append(container);
  document.body.insertBefore(popup, document.body.lastElementChild);
};

window.closeLink = () => {
  removePopup();
  window.removeEventListener("message", receive);
  onExit();
};

window.closeLinkRequested = () => tell("closeRequested");
