package store

import (
	"fmt"
	"testing"
	"time"
)

func entries(records ...string) (all []Entry) {
	for _, r := range records {
		all = append(all, Entry{Record: []byte(r), Await: r == "answer"})
	}
	return all
}

func TestJournal(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	ctx, now := t.Context(), time.Now()
	var ids []int64
	for _, key := range []string{"question", "answer", "other"} {
		taken, _, err := s.Receive(ctx, "bot", []Receipt{{Key: key, Conversation: "c", User: "u", Message: []byte("{}")}}, Arrival{At: now})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, taken[0].ID)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	journal := func(id int64, want string) {
		t.Helper()
		records, err := s.Journal(ctx, id)
		if got := fmt.Sprintf("%s", records); err != nil || got != want {
			t.Errorf("journal of %d: %s, %v, want %s", id, got, err, want)
		}
	}
	effect := func(ordinal int, want string) {
		t.Helper()
		check(s.View(ctx, "test", func(q Queryer) error {
			record, err := EffectOf(q, ids[0], ordinal)
			if string(record) != want {
				t.Errorf("effect %d: %q, want %q", ordinal, record, want)
			}
			return err
		}))
	}
	check(s.SaveProgress(ctx, &Progress{Inbound: ids[2], Entries: entries("x")}))
	check(s.SaveProgress(ctx, &Progress{Inbound: ids[0], Entries: entries("time"), Effect: 1, EffectRecord: []byte("sum")}))
	check(s.TakeAnswer(ctx, ids[1], &Progress{Inbound: ids[0], From: 1, Entries: entries("answer")}, now))
	check(s.SaveProgress(ctx, &Progress{Inbound: ids[0], From: 2, Entries: entries("http", "get")}))
	journal(ids[0], "[time answer http get]")
	waiting, err := s.Waiting(ctx, "bot", 0)
	if err != nil || len(waiting) != 2 {
		t.Errorf("after the answer was taken %d messages wait, %v", len(waiting), err)
	}

	check(s.Failed(ctx, ids[0], Failure{NextAt: now}, now)) // goes on behind the answer
	journal(ids[0], "[time answer]")
	effect(1, "sum")
	effect(0, "")
	check(s.Failed(ctx, ids[0], Failure{Afresh: true}, now))
	journal(ids[0], "[]")
	check(s.Handled(ctx, ids[0], now))
	effect(1, "")
	journal(ids[2], "[x]")
	check(s.Drop(ctx, ids[2], now))
	journal(ids[2], "[]")
}
