// The host's side of Link, as Mesh's Web SDK has it: decodes the link token, opens the frame, speaks its protocol. A
// merchant's page uses the SDK; this module stands here so that the shop loads nothing from elsewhere.

const version = "subgate-demo-shop";
const frameId = "mesh-link-popup__iframe";
/** Milliseconds after which a frame that said nothing is called stuck: a page that may not be framed stays silent. */
const patience = 8000;

/** The URL inside a link token; throws for anything that is no http(s) URL, such as javascript:. */
export function linkUrl(linkToken) {
  const url = new URL(atob(linkToken));
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("Invalid link token!");
  return url;
}

/** What link_style in the URL says of the frame: corner radius in pixels, overlay opacity from 0 to 1. */
function styleOf(url) {
  try {
    const style = JSON.parse(atob(url.searchParams.get("link_style") ?? ""));
    const number = (value, high, otherwise) => (value >= 0 && value <= high ? Number(value) : otherwise);
    return { radius: number(style.ir, 64, 24), opacity: number(style.io, 1, 0.6) };
  } catch {
    return { radius: 24, opacity: 0.6 };
  }
}

/**
 * Opens Link over the page. Options: `language`, `theme`, `displayFiatCurrency`, `accessTokens`, and the callbacks
 * `onEvent(type, payload)`, `onIntegrationConnected(payload)`, `onTransferFinished(payload)`, `onExit(error, summary)`.
 * Returns a function that closes it. Throws for a token that is none.
 */
export function openLink(linkToken, options) {
  const url = linkUrl(linkToken);
  const style = styleOf(url);
  url.searchParams.set("lng", options.language ?? "en");
  if (options.displayFiatCurrency) url.searchParams.set("fiatCur", options.displayFiatCurrency);
  if (options.theme) url.searchParams.set("th", options.theme);

  const dialog = document.createElement("dialog");
  dialog.className = "link";
  dialog.setAttribute("aria-label", "Payment");
  dialog.style.setProperty("--link-radius", `${style.radius}px`);
  dialog.style.setProperty("--link-overlay", String(style.opacity));
  const frame = document.createElement("iframe");
  frame.id = frameId;
  frame.title = "Pay with Link";
  frame.allow = `clipboard-read *; clipboard-write *; camera ${url.origin}; microphone ${url.origin}`;
  frame.src = url.href;
  dialog.append(frame);

  let isOpen = true;
  const timer = setTimeout(() => dialog.append(stuckNote(() => exit("Link did not answer"))), patience);
  function post(type, payload) {
    frame.contentWindow?.postMessage({ type, payload }, url.origin);
  }
  function exit(error, summary) {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    window.removeEventListener("message", receive);
    document.body.classList.remove("has-overlay");
    dialog.close();
    dialog.remove();
    options.onExit?.(error, summary);
  }
  function receive(event) {
    // Only this frame, and only while it shows Link: any other window could say that money was sent.
    if (event.source !== frame.contentWindow || event.origin !== url.origin) return;
    const { type, payload } = event.data ?? {};
    if (typeof type !== "string") return;
    switch (type) {
      case "loaded":
        clearTimeout(timer);
        dialog.querySelector(".stuck")?.remove();
        post("meshSDKSpecs", { platform: "web", version, origin: window.location.origin });
        if (options.accessTokens) post("frontAccessTokens", options.accessTokens);
        options.onEvent?.("pageLoaded");
        break;
      case "brokerageAccountAccessToken":
        options.onEvent?.("integrationConnected", payload);
        options.onIntegrationConnected?.({ accessToken: payload });
        break;
      case "delayedAuthentication":
        options.onEvent?.("integrationConnected", payload);
        options.onIntegrationConnected?.({ delayedAuth: payload });
        break;
      case "transferFinished":
        options.onEvent?.("transferCompleted", payload);
        options.onTransferFinished?.(payload);
        break;
      case "close":
      case "done":
        exit(payload?.errorMessage, payload);
        break;
      default:
        options.onEvent?.(type, payload);
    }
  }
  window.addEventListener("message", receive);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    exit(undefined, { page: "hostClosed" });
  });
  // A browser closes it by force when Escape is pressed again.
  dialog.addEventListener("close", () => exit(undefined, { page: "hostClosed" }));
  document.body.append(dialog);
  document.body.classList.add("has-overlay");
  dialog.showModal();
  frame.focus();
  return () => exit();
}

function stuckNote(close) {
  const note = document.createElement("div");
  note.className = "stuck";
  note.setAttribute("role", "alert");
  const text = document.createElement("p");
  text.textContent = "Link does not answer: is this page’s origin allowed for the shop?";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Close";
  button.addEventListener("click", close);
  note.append(text, button);
  return note;
}
