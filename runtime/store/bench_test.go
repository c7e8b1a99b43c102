package store

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkUpdate measures a write of one row as a caller sees it: alone, and
// from 64 goroutines that share their commits; with fsync and, for comparison,
// without.
func BenchmarkUpdate(b *testing.B) {
	for _, mode := range []struct {
		name     string
		volatile bool
		callers  int
	}{
		{"durable/alone", false, 1},
		{"durable/parallel64", false, 64},
		{"volatile/alone", true, 1},
		{"volatile/parallel64", true, 64},
	} {
		b.Run(mode.name, func(b *testing.B) {
			s, err := Open(b.Context(), filepath.Join(b.TempDir(), "store.db"), Options{Volatile: mode.volatile})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := s.Close(); err != nil {
					b.Error(err)
				}
			})
			before := s.Stats()
			b.ReportAllocs()
			b.ResetTimer()
			runParallel(b, mode.callers, func() {
				err := s.Update(b.Context(), "add a message", func(tx *Tx) error {
					_, err := tx.Exec(`INSERT INTO inbox (bot, conversation, user, key, message, received) VALUES ('echo', 'u', 'u', 'k', ?, 1)`, []byte(benchMessage))
					return err
				})
				if err != nil {
					b.Error(err)
				}
			})
			b.StopTimer()
			after := s.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
			b.ReportMetric(float64(after.Commits-before.Commits)/float64(b.N), "commits/op")
		})
	}
}

// BenchmarkView measures a read of one row by its key.
func BenchmarkView(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "store.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	err = s.Update(b.Context(), "add a bot", func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO bots (bot, cursor) VALUES ('echo', 'c')`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		err := s.View(b.Context(), "read a cursor", func(q Queryer) error {
			var cursor string
			return q.QueryRowContext(b.Context(), `SELECT cursor FROM bots WHERE bot = ?`, "echo").Scan(&cursor)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchMessage is about as long as a received text message is as JSON.
const benchMessage = `{"id":"7412589630","from":"o9cq800abcdefg@im.wechat","items":[{"type":1,"text":"What is the weather going to be like tomorrow in the afternoon?"}],"time":1790000000000,"context":"bW9yZSBvciBsZXNzIGEgaHVuZHJlZCBjaGFyYWN0ZXJzIG9mIGNvbnRleHQgdG9rZW4gd2hpY2ggaXMgb3BhcXVlIHRvIHVzIGFuZCBsb25n"}`

// runParallel calls f b.N times from a number of goroutines, which RunParallel
// only allows as a multiple of the cores.
func runParallel(b *testing.B, callers int, f func()) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				f()
			}
		})
	}
	wg.Wait()
}
