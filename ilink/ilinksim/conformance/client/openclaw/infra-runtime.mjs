// openclaw/plugin-sdk/infra-runtime

/** Where the client writes its log. */
export function resolvePreferredOpenClawTmpDir() {
  const dir = process.env.CONFORMANCE_TMP_DIR;
  if (!dir) throw new Error("CONFORMANCE_TMP_DIR is not set");
  return dir;
}

/** One process uses the files, so there is nobody to lock out. */
export function withFileLock(_path, _options, action) {
  return action();
}
