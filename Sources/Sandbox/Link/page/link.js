// Opens the session of the address's auth code and names the merchant.
const authCode = new URLSearchParams(location.search).get("auth_code");
const answer = await fetch("/link/v1/open", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ authCode }),
});
const session = await answer.json();
document.getElementById("app").textContent = answer.ok ? session.merchant.name : session.error.code;
