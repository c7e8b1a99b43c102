package store

import (
	"errors"
	"testing"
	"time"
)

func addTimer(t *testing.T, s *Store, timer Timer) (id int64, err error) {
	t.Helper()
	timer.Bot = "bot"
	err = s.Update(t.Context(), "add", func(tx *Tx) (err error) {
		id, err = AddTimer(tx, timer, at(0))
		return err
	})
	return id, err
}

func nextTimers(t *testing.T, s *Store) []Timer {
	t.Helper()
	all, err := s.NextTimers(t.Context(), "bot", 100)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func fires(t *testing.T, s *Store, timer Timer, next time.Time) *Inbound {
	t.Helper()
	in, err := s.FireTimer(t.Context(), timer, next, []byte("due"), at(100))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestTimersFireOnce(t *testing.T) {
	path := newPath(t)
	s := openStore(t, path, Options{})
	for _, due := range []float64{20, 10, 30} {
		if _, err := addTimer(t, s, Timer{Due: at(due), Line: "bot.lua:1", Function: "f"}); err != nil {
			t.Fatal(err)
		}
	}
	all := nextTimers(t, s)
	if len(all) != 3 || !all[0].Due.Equal(at(10)) || all[0].Function != "f" || all[0].Line != "bot.lua:1" {
		t.Fatalf("%+v", all)
	}
	if in := fires(t, s, all[0], time.Time{}); in == nil || in.Conversation != "timer:2" || in.User != "" || string(in.Message) != "due" {
		t.Errorf("%+v", in)
	}
	// The process dies, and looks again.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, Options{})
	if in := fires(t, s, all[0], time.Time{}); in != nil {
		t.Errorf("fired twice: %+v", in)
	}
	// One that is cancelled meanwhile doesn't come.
	if err := s.Update(t.Context(), "cancel", func(tx *Tx) error {
		for _, want := range []bool{true, false} {
			if found, err := RemoveTimer(tx, "bot", all[1].ID); err != nil || found != want {
				t.Error(found, err)
			}
		}
		if found, err := RemoveTimer(tx, "other", all[2].ID); err != nil || found {
			t.Error("another bot's", found, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if in := fires(t, s, all[1], time.Time{}); in != nil {
		t.Errorf("fired after it was cancelled: %+v", in)
	}
	wants(t, "waiting", number(t, s, `SELECT count(*) FROM inbox`), 1)
}

func TestSchedulesAreKept(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	set := func(schedules ...Timer) {
		t.Helper()
		if err := s.SetSchedules(t.Context(), "bot", schedules, at(0)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := addTimer(t, s, Timer{Due: at(50)}); err != nil {
		t.Fatal(err)
	}
	list := func() (all []string) {
		for _, timer := range nextTimers(t, s) {
			all = append(all, timer.Name+timer.Due.Sub(at(0)).String())
		}
		return all
	}
	set(Timer{Name: "a", Spec: "1", Due: at(10)}, Timer{Name: "b", Spec: "1", Due: at(20)}, Timer{Name: "c", Spec: "1", Due: at(30)})
	wants(t, "the first", list(), "[a10s b20s c30s 50s]")
	set(Timer{Name: "a", Spec: "1", Due: at(99), Line: "x:2"}, Timer{Name: "b", Spec: "2", Due: at(40)}, Timer{Name: "d", Spec: "1", Due: at(5)})
	wants(t, "after a reload", list(), "[d5s a10s b40s 50s]")

	a := nextTimers(t, s)[1]
	first := fires(t, s, a, at(60))
	a.Due = at(60)
	if in := fires(t, s, a, at(70)); first == nil || in != nil {
		t.Errorf("a run that was still waiting: %+v, the next %+v", first, in)
	}
	if err := s.Handled(t.Context(), first.ID, at(65)); err != nil {
		t.Fatal(err)
	}
	a.Due = at(70)
	if in := fires(t, s, a, time.Time{}); in == nil {
		t.Error("the next run after that did not come")
	}
	wants(t, "one that doesn't come again", list(), "[d5s b40s 50s]")
	set(Timer{Name: "a", Spec: "1", Due: at(80)}, Timer{Name: "d", Spec: "1", Due: at(80)})
	wants(t, "nor after a reload", list(), "[d5s 50s]")
}

// What a timer's function is made again of is kept until the timer is through.
func TestTimersKeepTheirOrigin(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	ctx := t.Context()
	taken, _ := takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"), receipt("2", "bob"))
	for _, in := range taken {
		if err := s.SaveProgress(ctx, &Progress{Inbound: in.ID, Entries: []Entry{{Record: []byte("r")}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := addTimer(t, s, Timer{Due: at(10), Origin: taken[0].ID}); err != nil {
		t.Fatal(err)
	}
	handled := func(id int64) {
		t.Helper()
		if err := s.Handled(ctx, id, at(1)); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() string {
		t.Helper()
		if _, err := s.Trim(ctx, Retention{Inbox: time.Second}, at(1000)); err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, in := range taken {
			row, err := s.Received(ctx, in.ID)
			if err != nil {
				t.Fatal(err)
			}
			records, err := s.Journal(ctx, in.ID)
			if err != nil {
				t.Fatal(err)
			}
			if row != nil {
				all += string(rune('0'+len(records))) + " "
			} else {
				all += "- "
			}
		}
		return all
	}
	handled(taken[0].ID)
	handled(taken[1].ID)
	wants(t, "while the timer waits", kept(), "1 - ")
	in := fires(t, s, nextTimers(t, s)[0], time.Time{})
	taken[1] = *in
	wants(t, "while it is in the inbox", kept(), "1 0 ")
	// Its own handler starts another one.
	if err := s.SaveProgress(ctx, &Progress{Inbound: in.ID, Entries: []Entry{{Record: []byte("r")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := addTimer(t, s, Timer{Due: at(10), Origin: in.ID}); err != nil {
		t.Fatal(err)
	}
	handled(in.ID)
	wants(t, "while one of its own waits", kept(), "1 1 ")
	last := fires(t, s, nextTimers(t, s)[0], time.Time{})
	handled(last.ID)
	for range 3 { // the later ones go first
		kept()
	}
	wants(t, "in the end", kept(), "- - ")
	wants(t, "journals", number(t, s, `SELECT count(*) FROM journal`), 0)
}

func TestTimerLimits(t *testing.T) {
	s := openStore(t, newPath(t), Options{Volatile: true})
	origin := int64(0)
	for n := 0; ; n++ {
		_, err := addTimer(t, s, Timer{Due: at(10), Origin: origin})
		if errors.Is(err, ErrTimerChain) {
			wants(t, "links", n, maxChain+1)
			break
		}
		if err != nil || n > maxChain {
			t.Fatal(n, err)
		}
		origin = fires(t, s, nextTimers(t, s)[0], time.Time{}).ID
	}
	mustExec(t, s, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		INSERT INTO timers (bot, due, created) SELECT 'bot', 1, 1 FROM n`)
	if _, err := addTimer(t, s, Timer{Due: at(10)}); !errors.Is(err, ErrTooManyTimers) {
		t.Error(err)
	}
}
