// Package login is what "ilinkd login" does: it shows a QR code in the terminal,
// asks for the pair code, and keeps the token.
package login

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/mdp/qrterminal/v3"
)

// Options says who logs in and where to talk to the person.
type Options struct {
	Config runtime.Config
	Bot    string
	In     io.Reader
	Out    io.Writer
}

// Run logs a bot in and saves its token. A bot that is bound here already keeps
// the token it has; that is no error.
func Run(ctx context.Context, opts Options) error {
	bot, err := find(opts.Config, opts.Bot)
	if err != nil {
		return err
	}
	if bot.TokenEnv != "" {
		return fmt.Errorf("bot %q takes its token from the environment variable %s: give it a token_file to log in here", bot.Name, bot.TokenEnv)
	}
	lines := bufio.NewReader(opts.In)
	login, err := ilink.NewLogin(ctx, ilink.LoginConfig{
		BaseURL:     opts.Config.ILink.BaseURL,
		HTTPClient:  opts.Config.HTTPClient,
		RouteTag:    opts.Config.ILink.RouteTag,
		LocalTokens: localTokens(opts.Config),
		OnQRCode: func(l *ilink.Login) {
			fmt.Fprintln(opts.Out, "\nThe QR code holds no longer. Here is a fresh one:")
			show(opts.Out, l)
		},
		OnStatus: func(s ilink.LoginStatus) {
			switch s {
			case ilink.LoginScanned:
				fmt.Fprintln(opts.Out, "Scanned. Confirm on the phone.")
			case ilink.LoginVerifyCodeBlocked:
				fmt.Fprintln(opts.Out, "Too many wrong numbers.")
			}
		},
		VerifyCode: func(ctx context.Context, wrong bool) (string, error) {
			if wrong {
				fmt.Fprintln(opts.Out, "That was not the number.")
			}
			fmt.Fprint(opts.Out, "Number shown on the phone: ")
			return readLine(ctx, lines)
		},
	})
	if err != nil {
		return fmt.Errorf("start the login: %w", err)
	}
	fmt.Fprintf(opts.Out, "Scan this with WeChat to log in bot %q:\n", bot.Name)
	show(opts.Out, login)
	token, err := login.Wait(ctx)
	switch {
	case errors.Is(err, ilink.ErrAlreadyBound):
		fmt.Fprintf(opts.Out, "Bot %q is bound here already, its token stays in use.\n", bot.Name)
		return nil
	case err != nil:
		return fmt.Errorf("log in: %w", err)
	}
	if err := bot.SaveToken(*token); err != nil {
		return err
	}
	fmt.Fprintf(opts.Out, "Logged in as %s. The token is in %s.\n", token.BotID, bot.TokenFile)
	return nil
}

func find(cfg runtime.Config, name string) (*runtime.BotConfig, error) {
	var names []string
	for i := range cfg.Bots {
		if cfg.Bots[i].Name == name {
			return &cfg.Bots[i], nil
		}
		names = append(names, cfg.Bots[i].Name)
	}
	return nil, fmt.Errorf("the configuration has no bot %q, only %s", name, strings.Join(names, ", "))
}

// localTokens are the tokens of all bots here, the newest first, for only some are
// named: the server then recognises a bot that is bound to this machine. One that
// has no file counts as old.
func localTokens(cfg runtime.Config) []string {
	type dated struct {
		token   string
		changed time.Time
	}
	var all []dated
	for i := len(cfg.Bots) - 1; i >= 0; i-- {
		t, err := cfg.Bots[i].LoadToken()
		if err != nil {
			continue
		}
		d := dated{token: t.BotToken}
		if info, err := os.Stat(cfg.Bots[i].TokenFile); err == nil {
			d.changed = info.ModTime()
		}
		all = append(all, d)
	}
	slices.SortStableFunc(all, func(a, b dated) int { return b.changed.Compare(a.changed) })
	tokens := make([]string, len(all))
	for i, d := range all {
		tokens[i] = d.token
	}
	return tokens
}

func show(out io.Writer, l *ilink.Login) {
	qrterminal.GenerateWithConfig(l.URL, qrterminal.Config{
		Level: qrterminal.L, Writer: out, HalfBlocks: true, QuietZone: 1,
		BlackChar: qrterminal.BLACK_BLACK, WhiteBlackChar: qrterminal.WHITE_BLACK,
		WhiteChar: qrterminal.WHITE_WHITE, BlackWhiteChar: qrterminal.BLACK_WHITE,
	})
}

// readLine reads a line, or gives up when ctx ends.
func readLine(ctx context.Context, r *bufio.Reader) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() { // a read from a terminal can't be interrupted
		text, err := r.ReadString('\n')
		read <- line{strings.TrimSpace(text), err}
	}()
	select {
	case l := <-read:
		if l.text == "" && l.err != nil {
			return "", fmt.Errorf("read the number: %w", l.err)
		}
		return l.text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
