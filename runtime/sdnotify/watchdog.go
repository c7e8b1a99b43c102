package sdnotify

import (
	"context"
	"log/slog"
	"time"
)

// Watchdog tells systemd that the process is alive, at once and then twice in
// each interval, while healthy says so (nil means always), and returns when ctx
// ends. systemd kills and restarts a process whose pings stay away, so healthy
// may as well hang: that says enough. Without a watchdog it returns at once.
// Errors go to the log.
func (n *Notifier) Watchdog(ctx context.Context, healthy func() bool) {
	if n == nil {
		return
	}
	log := n.Logger
	if log == nil {
		log = slog.Default()
	}
	if n.intervalErr != nil {
		log.WarnContext(ctx, "the watchdog is off", "error", n.intervalErr)
	}
	if !n.Enabled() || n.interval == 0 {
		return
	}
	ticker := time.NewTicker(max(n.interval/2, minPingInterval))
	defer ticker.Stop()
	p := pinger{n: n, log: log, healthy: healthy}
	for ctx.Err() == nil {
		p.ping(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// pinger remembers how the last ping went, so that the log has a line for each
// change and not for each ping.
type pinger struct {
	n       *Notifier
	log     *slog.Logger
	healthy func() bool
	sick    bool
	failed  bool
}

func (p *pinger) ping(ctx context.Context) {
	sick := p.healthy != nil && !p.healthy()
	if sick != p.sick {
		p.sick = sick
		if sick {
			p.log.ErrorContext(ctx, "not healthy: watchdog pings are held back, and systemd will restart the process", "watchdog", p.n.interval)
		} else {
			p.log.InfoContext(ctx, "healthy again: watchdog pings go on")
		}
	}
	if sick {
		return
	}
	err := p.n.send("WATCHDOG=1")
	if err != nil && !p.failed {
		p.log.WarnContext(ctx, "can't tell systemd's watchdog", "error", err)
	}
	p.failed = err != nil
}
