// The four steps beside the shop: what each side did, from what the shop's server tells of the order.
import { block, element, headerLines, indented, shortened, timeOfDay } from "./format.js";

const byId = (id) => document.getElementById(id);

/** What Link's events mean; those that say nothing to a reader are left out. */
const linkWords = {
  pageLoaded: () => "Link is open.",
  integrationSelected: (payload) => `${payload?.integrationName ?? "An account"} was chosen.`,
  integrationMfaRequired: () => "A code is asked for.",
  integrationConnected: (payload) => `${payload?.brokerName ?? "The account"} is connected.`,
  integrationConnectionError: (payload) => `Not connected: ${payload?.errorMessage ?? "an error"}.`,
  transferPreviewed: (payload) => `Previewed: ${payload?.amount ?? ""} ${payload?.symbol ?? ""}`.trim() + ".",
  transferExecutionError: (payload) => `Not sent: ${payload?.errorMessage ?? "an error"}.`,
  transferNoEligibleAssets: () => "This account has nothing to pay with.",
  transferCompleted: () => "Link says: sent.",
};

/** Anybody can make their own browser say so. */
const hearsay = "So says the browser. The shop believes nothing but the signed webhook.";

export function setState(step, state) {
  byId(`step-${step}`).dataset.state = state;
  for (const wire of document.querySelectorAll(`[data-wire="${step}"]`)) wire.dataset.state = state;
}

/** Empties everything for a new order. */
export function reset() {
  for (const step of [1, 2, 3, 4]) setState(step, "idle");
  for (const id of ["step-2-trail", "step-3-trail", "step-4-trail"]) byId(id).replaceChildren();
  for (const id of ["step-1-now", "step-2-now", "forge-result"]) byId(id).textContent = "";
  for (const id of ["step-1-details", "step-4-details"]) {
    byId(id).classList.remove("filled");
    byId(id).querySelector(".sheet").replaceChildren();
  }
  byId("forge").disabled = true;
}

export function asking() {
  setState(1, "active");
  byId("step-1-now").textContent = "Asking…";
}

/** One event of Link's frame. */
export function linkEvent(type, payload) {
  const words = linkWords[type]?.(payload);
  if (!words) return;
  if (byId("step-2").dataset.state !== "done") setState(2, "active");
  const trail = byId("step-2-trail");
  // A preview is quoted anew every half minute.
  if (trail.lastElementChild?.textContent === words) return;
  trail.append(element("li", /error|NoEligible/i.test(type) ? "bad" : "", words));
  if (type === "transferCompleted") byId("step-2-now").textContent = hearsay;
}

export function linkClosed(hasFinished) {
  if (byId("step-2").dataset.state === "done") return;
  setState(2, hasFinished ? "done" : "idle");
  byId("step-2-now").textContent = hasFinished
    ? hearsay
    : "Link was closed without a payment. Press Pay again for a new token: each is used once.";
}

/** Everything that the shop's server knows of the order. */
export function show(order) {
  showExchange(order.exchange);
  if (order.webhooks.length === 0) return;
  setState(2, "done");
  setState(3, "done");
  const isBad = order.status === "failed" || order.status === "review";
  setState(4, order.status === "paid" ? "done" : isBad ? "bad" : "active");
  byId("step-3-trail").replaceChildren(...order.webhooks.map(accepted));
  byId("step-4-trail").replaceChildren(...order.webhooks.map(verified), ...repeats(order.repeats));
  const sheet = byId("step-4-details").querySelector(".sheet");
  if (sheet.dataset.count === `${order.id} ${order.webhooks.length}`) return;
  sheet.dataset.count = `${order.id} ${order.webhooks.length}`;
  const last = order.webhooks.at(-1);
  sheet.replaceChildren(
    block("Headers", headerLines(last.headers)),
    block("Body, in Mesh’s own format", indented(last.body)),
  );
  byId("step-4-details").classList.add("filled");
}

function showExchange(exchange) {
  if (!exchange) return;
  const isGood = exchange.status === 200;
  setState(1, isGood ? "done" : "bad");
  byId("step-1-now").textContent = exchange.status
    ? `Subgate answered ${exchange.status} in ${exchange.milliseconds} ms.`
    : "Subgate did not answer.";
  const sheet = byId("step-1-details").querySelector(".sheet");
  const request = `${exchange.method} ${exchange.url}\n${headerLines(exchange.headers)}\n\n${indented(exchange.body)}`;
  if (sheet.dataset.request === request) return;
  sheet.dataset.request = request;
  sheet.replaceChildren(
    block("The shop’s server asks (the secret is hidden)", request),
    block("Subgate answers", shortened(indented(exchange.answer))),
  );
  byId("step-1-details").classList.add("filled");
}

/** What Subgate's API tells of the event behind a webhook, once the shop's server has asked. */
function accepted(webhook) {
  const row = element("li");
  row.append(element("b", "", webhook.status || "An event"));
  if (!webhook.origin) {
    row.append("accepted by Subgate");
    return row;
  }
  row.append(
    element("time", "", timeOfDay(webhook.origin.receivedAt)),
    element("span", "", "signature right, stored, this shop found"),
    element("span", "id", `Mesh’s event ${webhook.origin.upstreamEventId}`),
  );
  return row;
}

function verified(webhook) {
  const row = element("li", webhook.verdict.includes("not paid") ? "bad" : "");
  row.append(
    element("b", "", webhook.status || "A webhook"),
    element("time", "", timeOfDay(webhook.at)),
    element("span", "", `verified ✓ ${webhook.verdict}`),
    element("span", "id", webhook.id),
  );
  return row;
}

function repeats(count) {
  return count > 0 ? [element("li", "", `${count} more came again: nothing is done twice.`)] : [];
}
