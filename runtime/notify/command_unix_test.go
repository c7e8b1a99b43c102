//go:build unix

package notify

import (
	"context"
	"net"
	"testing"
	"time"
)

func TestCommandIsKilledWithItsChildren(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, log := newLog()
	n := New(Config{Command: helperCommand(t, "parent", l.Addr().String()), Timeout: time.Minute}, log)
	n.Notify(sample())

	conn, err := l.Accept() // the child of the command runs
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if err := n.Close(ctx); err == nil {
		t.Error("Close says that it was delivered")
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("Close took %v", d)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1))
	if e, isNet := err.(net.Error); err == nil || isNet && e.Timeout() {
		t.Errorf("the child lives on: %v", err)
	}
}
