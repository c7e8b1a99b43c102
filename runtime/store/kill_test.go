package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// counters is how many goroutines of the child count, each a row of its own.
const counters = 8

// childCount counts up in the store, and says each number on stdout once it is
// durable, until it is killed.
func childCount(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	if err := s.LockDaemon(); err != nil {
		return err
	}
	var mu sync.Mutex
	failed := make(chan error, counters)
	for g := range counters {
		go func() {
			for {
				var n int
				err := s.Update(ctx, "count", func(tx *Tx) error {
					return tx.QueryRow(`INSERT INTO windows (bot, conversation, opened) VALUES (?, '', 1)
						ON CONFLICT DO UPDATE SET opened = opened + 1 RETURNING opened`, fmt.Sprint(g)).Scan(&n)
				})
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				fmt.Println(g, n)
				mu.Unlock()
			}
		}()
	}
	return <-failed
}

// What was acknowledged before a kill -9 is there afterwards.
func TestKill(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	var told [counters]int
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childGORACE, childEnv+"=count", childPath+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		var timer *time.Timer
		said := 0
		for lines.Scan() {
			var g, n int
			if _, err := fmt.Sscan(lines.Text(), &g, &n); err != nil {
				if timer == nil {
					t.Errorf("the child says %q", lines.Text())
				}
				continue // perhaps half a line
			}
			if timer == nil { // it is at work
				timer = time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
			said++
			told[g] = n
		}
		_ = cmd.Wait() // killed
		if timer != nil {
			timer.Stop()
		}
		if said == 0 {
			t.Fatalf("round %d: the child did nothing", round)
		}
		s := openStore(t, path, Options{})
		for g := range counters {
			// One more may have been on its way.
			n := number(t, s, `SELECT coalesce(max(opened), 0) FROM windows WHERE bot = ?`, fmt.Sprint(g))
			if n < told[g] || n > told[g]+1 {
				t.Errorf("round %d: counter %d is %d, told were %d", round, g, n, told[g])
			}
			told[g] = n
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Log("counted to", told)
}
