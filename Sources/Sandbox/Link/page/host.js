// The channel to the page that embeds this one, or to the mobile app around it. It says `loaded` first, takes messages
// from the parent window only, and once the parent has said who it is, speaks to that origin alone.

// Mesh's SDKs before 3.x send no specs. Then the browser itself says who embeds us.
const patienceMilliseconds = 2_500;

export class Host {
  /** `onMessage(type, payload)` gets what an accepted parent says. */
  constructor(page, onMessage) {
    this.page = page;
    this.onMessage = onMessage;
    this.parent = page.parent !== page ? page.parent : null;
    this.origin = null;
    this.specs = new Promise((resolve) => { this.resolveSpecs = resolve; });
  }

  get isEmbedded() { return this.parent !== null; }

  /** Listens, and announces that it does: the SDK answers `loaded` with `meshSDKSpecs`. */
  start() {
    this.page.addEventListener("message", (event) => this.receive(event));
    this.send("loaded");
    if (this.parent) this.page.setTimeout(() => this.settle(this.embedder()), patienceMilliseconds);
    else this.settle(null);
  }

  receive(event) {
    // Any window may post to any other: only the parent is believed, and only as the origin it says it is.
    if (!this.parent || event.source !== this.parent) return;
    const { type, payload } = event.data ?? {};
    if (typeof type !== "string") return;
    if (type === "meshSDKSpecs" && this.origin === null) {
      const known = this.embedder();
      if (payload?.origin === event.origin && (known === null || known === event.origin)) this.settle(event.origin);
      return;
    }
    if (event.origin === (this.origin ?? this.embedder())) this.onMessage(type, payload);
  }

  /** The embedding origin as the browser knows it, or null: Firefox tells it by the referrer only. */
  embedder() {
    const ancestor = this.page.location.ancestorOrigins?.[0];
    if (ancestor && ancestor !== "null") return ancestor;
    try {
      return new URL(this.page.document.referrer).origin;
    } catch {
      return null;
    }
  }

  settle(origin) {
    this.origin ??= origin;
    this.resolveSpecs(this.origin);
  }

  /** Sends one message of the protocol; those without a payload have no such member. */
  send(type, payload) {
    const message = payload === undefined ? { type } : { type, payload };
    this.parent?.postMessage(message, this.origin ?? "*");
    // Apps: the SDK for React Native, and the one for Android.
    this.page.ReactNativeWebView?.postMessage(JSON.stringify(message));
    this.page.JSBridge?.sendNativeMessage(JSON.stringify(message));
  }

  /** What an app's SDK leaves on the window of former visits instead of sending it: JSON of a list, or nothing. */
  injectedTokens() {
    try {
      const tokens = this.parent ? [] : JSON.parse(this.page.accessTokens ?? "[]");
      return Array.isArray(tokens) ? tokens : [];
    } catch {
      return [];
    }
  }
}
