// Calls of the page to its server. One place that knows about HTTP: the screens see answers and coded failures.

/** A failure with the contract's code. `unreachable` is ours: no answer, one that is too late, or no JSON. */
export class CallError extends Error {
  constructor(code, message, { field = null, requestId = null } = {}) {
    super(message);
    this.code = code;
    this.field = field;
    this.requestId = requestId;
  }
}

// Longer than any answer of a healthy server, shorter than the patience of a person.
const deadlineMilliseconds = 25_000;

export class Api {
  constructor(fetching = (url, options) => fetch(url, options), deadline = deadlineMilliseconds) {
    this.fetching = fetching;
    this.deadline = deadline;
    this.sessionKey = null;
  }

  /** Makes one call. Throws `CallError` only. */
  async call(name, body = {}) {
    const headers = { "Content-Type": "application/json" };
    if (this.sessionKey) headers["X-Link-Session"] = this.sessionKey;
    let response;
    let answer;
    try {
      response = await this.fetching(`/link/v1/${name}`, {
        method: "POST", headers, body: JSON.stringify(body), credentials: "omit", cache: "no-store",
        referrerPolicy: "no-referrer", signal: AbortSignal.timeout(this.deadline),
      });
      answer = await response.json();
    } catch (error) {
      // An error without JSON comes from something between us and the server; a proxy's 502, for one.
      throw new CallError("unreachable", `no answer to ${name}: ${error.name}`);
    }
    if (response.ok) return answer;
    const requestId = response.headers?.get("X-Request-Id") ?? null;
    const { code, message, field } = answer?.error ?? {};
    if (typeof code === "string") throw new CallError(code, message ?? code, { field, requestId });
    throw new CallError("unreachable", `${response.status} to ${name}`, { requestId });
  }

  /** Opens the session; the key it answers with goes with every call after it. */
  async open(authCode) {
    const session = await this.call("open", { authCode });
    this.sessionKey = session.sessionKey;
    return session;
  }
}
