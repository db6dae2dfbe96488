// Whether a link token may be opened here. A token is the base64 of a URL, and a payment link can be written by
// anybody: one that decodes to `javascript:` ran in the page of Mesh's SDK (CVE-2025-59430), and one of another origin
// would be a phishing page in a frame of ours.

import { decodeBase64 } from "./parameters.js";

/** The token's URL, or null unless it is a Link page of this very origin. */
export function linkURL(token, origin) {
  const text = decodeBase64(token);
  if (text === null || !/^https?:\/\//.test(text)) return null;
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  const isOurs = url.origin === origin && ["http:", "https:"].includes(url.protocol) && !url.username && !url.password;
  if (!isOurs || !/^\/b2b-iframe\/[^/]+\/broker-connect$/.test(url.pathname)) return null;
  return url.searchParams.get("auth_code") ? url : null;
}

/** The token of a page's own address. A `+` that was not escaped arrives as a space, which base64 does not have. */
export const tokenOf = (search) => (new URLSearchParams(search).get("linkToken") ?? "").replaceAll(" ", "+");
