// openclaw/plugin-sdk/account-id

/** Turns an account id into one that can be part of a file name. */
export function normalizeAccountId(id) {
  return String(id).trim().toLowerCase().replace(/[^a-z0-9_-]+/g, "-");
}
