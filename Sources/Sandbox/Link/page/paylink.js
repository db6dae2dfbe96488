// Hosts the Link page of the address's token, if that is on our own origin.
const frame = document.createElement("iframe");
frame.title = "Link";
try {
  const url = new URL(atob(new URLSearchParams(location.search).get("linkToken")));
  if (url.origin === location.origin) {
    frame.src = url.href;
    document.getElementById("app").append(frame);
  }
} catch {
  document.getElementById("app").textContent = "unknown";
}
