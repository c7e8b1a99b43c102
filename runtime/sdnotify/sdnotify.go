// Package sdnotify tells systemd how the process is: that it is ready, reloads,
// stops, and is alive (see sd_notify(3)). Where nobody asked for that, all of it
// does nothing.
package sdnotify

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The variables by which systemd says where and how often it wants to be told.
const (
	socketEnv       = "NOTIFY_SOCKET"
	watchdogEnv     = "WATCHDOG_USEC"
	watchdogPIDEnv  = "WATCHDOG_PID"
	maxStatus       = 512             // bytes; one line of "systemctl status"
	sendTimeout     = 2 * time.Second // a datagram waits only while systemd's queue is full
	minPingInterval = time.Millisecond
)

// Notifier sends the messages. A nil one and the zero one send nothing and
// return no errors; its methods may be called from any goroutine.
type Notifier struct {
	// Logger takes what [Notifier.Watchdog] has to say; nil means slog.Default.
	// Set it before the first call.
	Logger *slog.Logger

	socket      string        // "" where nobody listens
	interval    time.Duration // of the watchdog, 0 for none
	err         error         // why the socket can't be used
	intervalErr error         // why the watchdog can't be
}

// New reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of
// the environment: a child process that inherited them could speak for this one,
// or take its pings for its own. So it is called once, early in main; a second
// Notifier finds nothing and does nothing. What is wrong with the variables is
// returned by the methods, since it is no reason not to start.
func New() *Notifier {
	n := new(Notifier)
	n.socket, n.err = parseSocket(os.Getenv(socketEnv))
	n.interval, n.intervalErr = parseWatchdog(os.Getenv(watchdogEnv), os.Getenv(watchdogPIDEnv), os.Getpid())
	for _, name := range []string{socketEnv, watchdogEnv, watchdogPIDEnv} {
		os.Unsetenv(name) // fails for names that can't be set only
	}
	return n
}

// parseSocket checks the socket's name: a path from the root, or "@" and a name
// outside of the file system, which package net understands too.
func parseSocket(s string) (string, error) {
	if s == "" || strings.HasPrefix(s, "@") || filepath.IsAbs(s) {
		return s, nil
	}
	return "", fmt.Errorf("sdnotify: %s is %q: only an absolute path and \"@name\" are understood", socketEnv, s)
}

// parseWatchdog returns how long systemd waits for a ping, 0 where it doesn't
// or waits for another process'.
func parseWatchdog(usec, pid string, self int) (time.Duration, error) {
	if usec == "" || pid != "" && pid != strconv.Itoa(self) {
		return 0, nil
	}
	v, err := strconv.ParseUint(usec, 10, 64)
	if err != nil || v == 0 {
		return 0, fmt.Errorf("sdnotify: %s is %q, which is no number of microseconds: no watchdog pings", watchdogEnv, usec)
	}
	const forever = uint64(1<<63-1) / uint64(time.Microsecond) // "infinity" is beyond that
	if v > forever {
		return 0, nil
	}
	return time.Duration(v) * time.Microsecond, nil
}

// Enabled tells whether systemd wants to be told.
func (n *Notifier) Enabled() bool { return n != nil && n.socket != "" }

// Ready says that the start is over, or a reload.
func (n *Notifier) Ready() error { return n.send("READY=1") }

// Reloading says that the configuration is being read again; Ready ends that.
func (n *Notifier) Reloading() error {
	message := "RELOADING=1"
	// Type=notify-reload tells by the time whether it's the reload it asked for.
	if now := monotonic(); now > 0 {
		message += "\nMONOTONIC_USEC=" + strconv.FormatInt(now.Microseconds(), 10)
	}
	return n.send(message)
}

// Stopping says that the process is about to end.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

// Status sets the line that "systemctl status" shows. Line ends become spaces,
// and what is too long is cut.
func (n *Notifier) Status(text string) error { return n.send("STATUS=" + oneLine(text)) }

// oneLine makes text fit for a status: systemd takes a line end for the next
// assignment, and ignores what isn't UTF-8.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxStatus {
		return text
	}
	const more = "…"
	cut := maxStatus - len(more)
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + more
}

// send makes a connection for each message: there are few, and systemd's socket
// may be another one after it was restarted.
func (n *Notifier) send(message string) (err error) {
	if n == nil {
		return nil
	}
	if !n.Enabled() {
		return n.err
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("sdnotify: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return fmt.Errorf("sdnotify: %w", err)
	}
	if _, err := conn.Write([]byte(message)); err != nil {
		return fmt.Errorf("sdnotify: %w", err)
	}
	return nil
}
