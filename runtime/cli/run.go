package cli

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime"
)

func newRun(logging newLogger) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the bots of a configuration",
		Long: "run runs the bots of a configuration until it is interrupted: then handlers come to their end,\n" +
			"and what may be sent is sent, within [delivery] stop_timeout. A second interrupt ends it at once,\n" +
			"with exit code 130 (SIGINT) or 143 (SIGTERM); what was received and queued is kept all the same.\n\n" +
			"Bots are added, changed and removed by saving the configuration, or by SIGHUP, without disturbing\n" +
			"the others. One with a mistake is reported with its line, and the one before stays in use.",
		Args: args(cobra.NoArgs),
	}
	config := addConfigFlag(cmd)
	fresh := cmd.Flags().Bool("fresh-store", false, "start with an empty store although a damaged one was set aside:\n"+
		"messages and sends that were waiting in it stay behind, and repeats\n"+
		"of messages that it had handled are handled again. Restore a backup\n"+
		"instead if there is one. Changes nothing while the store is sound")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		defer outliveReaders()()
		logger, err := logging(os.Stderr)
		if err != nil {
			return err
		}
		cfg, err := runtime.LoadConfig(*config)
		if err != nil {
			return err
		}
		cfg.Logger, cfg.FreshStore = logger, *fresh
		warnOfZone(logger)
		if len(cfg.Bots) == 0 {
			logger.Warn("there are no bots: add a [[bot]] with a name and a script to " + *config + ", which is read again when it is saved")
		}
		if err := withSandbox(&cfg); err != nil {
			return err
		}
		rt, err := runtime.New(cfg)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(cmd.Context())
		reload, stop := hangups(ctx)
		var group sync.WaitGroup
		group.Go(func() { rt.Follow(ctx, *config, reload) })
		defer group.Wait()
		defer stop()
		defer cancel()
		return rt.Run(ctx)
	}
	return cmd
}

// warnOfZone says so where TZ names no time zone: Go takes UTC then, in silence.
func warnOfZone(logger *slog.Logger) {
	zone, set := os.LookupEnv("TZ")
	if !set || zone == "" {
		return
	}
	if _, err := time.LoadLocation(strings.TrimPrefix(zone, ":")); err != nil && !filepath.IsAbs(strings.TrimPrefix(zone, ":")) {
		logger.Warn("the environment variable TZ names no time zone: times are in UTC; write one such as Asia/Shanghai", "TZ", zone)
	}
}

// hangups passes on each SIGHUP, until ctx ends and stop is called.
func hangups(ctx context.Context) (reload <-chan struct{}, stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	told := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
			select {
			case told <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return told, func() { signal.Stop(signals); <-ended }
}
