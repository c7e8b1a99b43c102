// Package metrics serves the counters of a running ilinkd to Prometheus. It
// keeps none itself: each scrape asks for a snapshot.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bot is how one bot is. What is said to be "so far" counts from the start of
// the process and never goes down; all else is as of now.
type Bot struct {
	Name       string // unique in a snapshot
	State      string // one of "running", "starting", "session_expired", "conflict", "logged_out", "unreachable", "stopped", "suspended"
	Generation int    // of the script

	// The inbox.
	Received   int64 // messages that arrived so far, without duplicates
	Duplicates int64 // messages that had arrived before, so far
	Handled    int64 // messages whose handler ended well, so far
	Failed     int64 // handlers that ended with an error so far, those of tries that were repeated included
	Dead       int64 // messages put aside after their last try, kept until somebody decides
	Retried    int64 // further tries so far
	Waiting    int64 // messages received and not yet handled, without the dead

	// The outbox.
	Sent      int64 // sends that the server took, so far
	Deferred  int64 // sends that wait for their window to open; they are in Queued too
	Queued    int64 // sends that wait, for whatever reason
	Held      int64 // sends that wait for somebody to decide
	Rejected  int64 // sends that the server refused, so far
	Uncertain int64 // sends whose answer was lost, so far
	// Unconfirmed counts sends that the server accepted without an id so far, and
	// Suppressed the users to whom it does that now.
	Unconfirmed, Suppressed int64
	// HeldUsers is how many users' messages are held, as the script hits its limits with them.
	HeldUsers int64

	Expired int64 // sends whose life time ended before they could go, so far

	Reloads      int64 // scripts loaded so far, the first included
	ReloadErrors int64 // scripts that failed to load, so far
	Deaths       int64 // processes of the script that died so far

	OldestWaiting time.Duration // age of the oldest message in Waiting, 0 without one
	ThrottledFor  time.Duration // until the bot sends again, 0 where it may now
	Running       int           // handlers that run
}

// Snapshot is all there is to tell at one moment.
type Snapshot struct {
	Bots         []Bot
	StoreCommits int64 // transactions so far
	StoreUpdates int64 // changes in them so far
	Version      string
}

// Handler serves what snapshot returns, and the figures of the Go runtime and
// the process, in Prometheus' text format. snapshot is called once a scrape, may
// be called from several goroutines at once, and mustn't take long.
func Handler(snapshot func() Snapshot) http.Handler {
	// Its own registry, so that a second Handler and an embedding program's own
	// metrics are no conflict.
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		newCollector(snapshot),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	scrape := promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		// A bot that can't be told of mustn't hide the others; the registry
		// counts such errors in promhttp_metric_handler_errors_total.
		ErrorHandling: promhttp.ContinueOnError,
		Registry:      reg,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET is served here", http.StatusMethodNotAllowed)
			return
		}
		scrape.ServeHTTP(w, r)
	})
}
