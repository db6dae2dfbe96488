// The shop's page: products, Pay buttons, one order at a time, and the news of it.
import { openLink } from "./link-host.js";
import * as steps from "./steps.js";

const byId = (id) => document.getElementById(id);
const statusWords = {
  waiting: "Waiting for the payment",
  processing: "The payment is on its way…",
  paid: "Paid. Thank you!",
  failed: "The payment failed. Nothing was taken.",
  review: "Not paid: what arrived is not what was ordered.",
};
const remembered = "subgate-demo-order";
let stream;
let current;

/** A plain decimal with two places at least: 12.5 is 12.50. */
function priceText(amount, symbol) {
  return `${amount.replace(/^(\d+)$/, "$1.00").replace(/\.(\d)$/, ".$10")} ${symbol}`;
}

async function showProducts() {
  const answer = await fetch("/products");
  const catalogue = await answer.json();
  const template = byId("product-template");
  for (const product of catalogue.data) {
    const card = template.content.cloneNode(true);
    const price = priceText(product.price, catalogue.symbol);
    card.querySelector("use").setAttribute("href", `#art-${product.sku}`);
    card.querySelector("h2").textContent = product.name;
    card.querySelector("p").textContent = product.detail;
    card.querySelector(".price").textContent = price;
    const button = card.querySelector("button");
    button.id = `pay-${product.sku}`;
    button.setAttribute("aria-label", `Pay ${price} for ${product.name}`);
    button.addEventListener("click", () => buy(product.sku));
    byId("products").append(card);
  }
}

function setBusy(isBusy) {
  for (const button of document.querySelectorAll(".pay")) button.disabled = isBusy;
}

function complain(text) {
  byId("order-problem").textContent = text;
}

async function buy(sku) {
  stream?.close();
  current = undefined;
  complain("");
  steps.reset();
  steps.asking();
  setBusy(true);
  try {
    const answer = await fetch("/orders", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ sku }),
    });
    const made = await answer.json();
    if (made.order) show(made.order);
    if (!answer.ok) throw new Error(made.detail);
    follow(made.order.id);
    pay(made.linkToken);
  } catch (error) {
    complain(`The order could not be made: ${error.message}`);
  } finally {
    setBusy(false);
  }
}

function pay(linkToken) {
  let hasFinished = false;
  const opener = document.activeElement;
  steps.setState(2, "active");
  openLink(linkToken, {
    language: navigator.language || "en",
    theme: "system",
    onEvent: steps.linkEvent,
    onTransferFinished: () => { hasFinished = true; },
    onExit: (error) => {
      steps.linkClosed(hasFinished);
      if (error) complain(`Link was left: ${error}`);
      opener?.focus?.({ preventScroll: true });
      document.querySelector(".order").scrollIntoView({ block: "nearest" });
    },
  });
}

/** Listens for news of an order. The server ends each answer, and the browser asks again with the last id it saw. */
function follow(id) {
  stream?.close();
  sessionStorage.setItem(remembered, id);
  stream = new EventSource(`/orders/${id}/events`);
  stream.addEventListener("order", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("error", () => lost(id));
}

/** The browser asks again by itself after most failures; not after a refusal, and not when the page is left. */
async function lost(id) {
  if (stream.readyState !== EventSource.CLOSED) return;
  const answer = await fetch(`/orders/${id}`).catch(() => undefined);
  const isCurrent = () => sessionStorage.getItem(remembered) === id;
  if (answer?.status !== 404) {
    setTimeout(() => isCurrent() && follow(id), 2000);
  } else if (isCurrent()) {
    // The shop does not know the order, as after a restart.
    sessionStorage.removeItem(remembered);
    if (current && current.status !== "paid") complain("The shop has forgotten this order. Press Pay for a new one.");
  }
}

function show(order) {
  if (current?.id === order.id && current.version >= order.version) return;
  current = order;
  const status = byId("order-status");
  const words = order.refund ? `${statusWords[order.status]} (${order.refund})` : statusWords[order.status];
  // Written only when it changes: it is read aloud.
  if (status.textContent !== words) status.textContent = words;
  status.dataset.status = order.status;
  byId("order-facts").textContent = `${order.name}, ${priceText(order.amount, order.symbol)} on ${order.network}`;
  byId("order-id").textContent = order.id;
  byId("forge").disabled = false;
  steps.show(order);
}

/** What a cheat would try: a webhook that says paid, with a signature made up. */
async function forge() {
  if (!current) return;
  const body = JSON.stringify({
    TransferStatus: "Succeeded", TransactionId: current.id, DestinationAmount: Number(current.amount),
    Token: current.symbol, Chain: current.network, DestinationAddress: current.address,
  });
  const answer = await fetch("/webhooks", {
    method: "POST",
    headers: {
      "Content-Type": "application/json", "webhook-id": "evt_forged",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)), "webhook-signature": `v1,${btoa("x".repeat(32))}`,
      "X-Mesh-Signature-256": btoa("x".repeat(32)),
    },
    body,
  });
  byId("forge-result").textContent = answer.status === 401
    ? "Refused (401): the signature is wrong. The order stays as it is."
    : `The shop answered ${answer.status}.`;
}

byId("forge").addEventListener("click", forge);
showProducts().catch(() => complain("The products cannot be shown: is the shop still running?"));
const last = sessionStorage.getItem(remembered);
if (last) follow(last);
