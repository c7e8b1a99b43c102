// Package conformance holds no code, only a test: Tencent's own client, the
// npm package @tencent-weixin/openclaw-weixin at the version that
// client/package.json pins, is run by Node against package ilinksim. What that
// client doesn't accept, the simulator has wrong.
//
// The test needs node (18 or later) on the PATH. It installs the client with
// npm, once, below the user's cache directory, or takes client/node_modules
// where "npm ci" has been run in there. Without node, without a package
// registry and with go test -short it is skipped;
// ILINKD_REQUIRE_CONFORMANCE=1 makes the first two a failure.
//
// Outside its host program the client needs two modules of it, which
// client/openclaw stands in for. client/driver.mjs lets the Go side call the
// client's functions; all expectations are on the Go side.
package conformance
