// Signing in at an exchange: user name, password, one-time code; accounts of former visits; the connected account.

import { el } from "./dom.js";
import { mark, merchantMark, stamp } from "./icons.js";
import { button, details, errorPlace, facts, field, options } from "./parts.js";
import { failure } from "./messages.js";
import { integrationDown } from "./screens-problem.js";
import { afterConnect } from "./journey.js";

/** The head of everything that happens "at" an exchange or a wallet. */
export const place = (flow) => {
  const { integration, session } = flow.facts;
  return el("div", { class: "pair", "aria-hidden": "true" }, merchantMark(session.merchant),
    el("span", { class: "pair-line" }), mark(integration.name));
};

const legalTerms = (flow) => details(flow.t("termsTitle"), [
  el("p", {}, flow.t("termsAccess", { merchant: flow.facts.session.merchant.name })),
  el("p", {}, flow.t("termsNoKeep")),
], (event) => {
  if (event.target.open) flow.event("legalTermsViewed");
});

const sandboxUsers = (flow) => details(flow.t("testUsersTitle"), [
  el("p", {}, flow.t("testUsersText")),
  facts([
    ["Mesh", flow.t("testUserFull"), "plain-value"],
    ["Mesh2", flow.t("testUserEmpty"), "plain-value"],
    ["Mesh3", flow.t("testUserCash"), "plain-value"],
    ["MeshBTC, MeshUSDC …", flow.t("testUserSingle"), "plain-value"],
  ]),
]);

export function login(flow) {
  const t = flow.t;
  const { integration } = flow.facts;
  const name = field(t("username"), { name: "username", autocomplete: "username", required: true });
  const reveal = el("button", { type: "button", class: "button small quiet", "aria-pressed": "false", onclick: () => {
    const isShown = password.input.type === "text";
    password.input.type = isShown ? "password" : "text";
    reveal.setAttribute("aria-pressed", String(!isShown));
  } }, t("showPassword"));
  const password = field(t("password"),
    { type: "password", name: "password", autocomplete: "current-password", required: true, after: reveal });
  const errors = errorPlace();
  const submit = button(t("signIn"), "primary", null, { type: "submit" });
  return {
    page: "integrationLoginPage",
    top: place(flow),
    title: t("loginTitle", { name: integration.name }),
    lead: t("loginLead", { name: integration.name, merchant: flow.facts.session.merchant.name }),
    body: [errors.node, name.node, password.node, sandboxUsers(flow), legalTerms(flow)],
    actions: [submit],
    onSubmit: () => {
      errors.show();
      // From the last field to the first, so that the focus ends on the first that is missing.
      password.setError(password.input.value ? null : t("errorMissing"));
      name.setError(name.input.value.trim() ? null : t("errorMissing"));
      if (!name.input.value.trim() || !password.input.value) return;
      flow.event("credentialsEntered");
      flow.run(submit, () => connect(flow, name.input.value.trim(), password.input.value),
        (text, error) => refused(flow, error, () => {
          errors.show(text);
          password.input.select();
        }));
    },
  };
}

async function connect(flow, username, password) {
  const answer = await flow.call("connect", { integrationId: flow.facts.integration.id, username, password });
  if (answer.next === "mfa") {
    flow.event("integrationMfaRequired");
    return () => flow.go(mfa);
  }
  return () => afterConnect(flow, answer.account);
}

/** A refused connection: an exchange that is down has its own screen, anything else is shown in place. */
function refused(flow, error, show) {
  const { integration } = flow.facts;
  if (error.code === "integrationDown") {
    flow.event("connectionUnavailable", { integrationName: integration.name, reason: "integrationDown" });
    flow.go(integrationDown, { integration, retry: () => flow.back() });
    return;
  }
  flow.event("integrationConnectionError", failure(error.message, error.requestId));
  show();
}

/** The field of a one-time code, for signing in and for a transfer. */
export function codeField(t) {
  return field(t("code"), { name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "10",
    class: "input code-input", required: true, hint: t("codeHint") });
}

export function mfa(flow) {
  const t = flow.t;
  const code = codeField(t);
  const submit = button(t("continue"), "primary", null, { type: "submit" });
  return {
    page: "integrationMfaPage",
    top: place(flow),
    title: t("mfaTitle"),
    lead: t("mfaLead", { name: flow.facts.integration.name }),
    body: [code.node],
    actions: [submit],
    onSubmit: () => {
      code.setError(code.input.value.trim() ? null : t("errorMissing"));
      if (!code.input.value.trim()) return;
      flow.event("integrationMfaEntered");
      flow.run(submit, async () => {
        const { account } = await flow.call("mfa", { code: code.input.value.trim() });
        return () => afterConnect(flow, account);
      }, (text, error) => refused(flow, error, () => {
        code.setError(text);
        code.input.select();
      }));
    },
  };
}

/** Accounts of former visits to choose from. */
export function accounts(flow, { accounts, take, other }) {
  const t = flow.t;
  return {
    page: "integrationAccountSelectPage",
    title: t("accountsTitle"),
    lead: t("accountsLead", { merchant: flow.facts.session.merchant.name }),
    body: [
      options(t("accountsTitle"), accounts.map((account) => ({
        mark: mark(account.brokerName), title: account.brokerName, note: account.accountName,
        onclick: () => take(account),
      }))),
      el("div", { class: "separated" }, button(t("otherAccount"), "secondary", other)),
    ],
  };
}

/** The end of a journey that only connects. */
export function connected(flow, { another }) {
  const t = flow.t;
  const { account, session } = flow.facts;
  return {
    page: "integrationConnectedPage",
    style: "centred",
    isFinal: true,
    top: stamp("good"),
    title: t("connectedTitle"),
    lead: t("connectedLead", { name: account.brokerName, merchant: session.merchant.name }),
    body: facts([[t("account"), account.accountName], [t("address"), account.address, "code-value"]]),
    actions: [
      button(t("done"), "primary", () => flow.finish("done")),
      session.restrictMultipleAccounts ? null : button(t("linkAnother"), "secondary", another),
    ],
  };
}
