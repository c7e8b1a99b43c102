package faulttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// crowd are users who write to bots. Each says the next thing, or the next few
// in one go, only when all before was answered: in answer to one message no more
// than ten are allowed, so that who goes on unanswered can't be sure of an answer
// to each.
type crowd struct {
	*world
	rng      *rand.Rand
	users    int           // of each bot
	messages int           // of each user
	burst    int           // messages in one go, at most
	kills    int           // at moments spread over the run
	jitter   time.Duration // how far behind an answer a kill is, at most
	limit    time.Duration // of the whole run
	polled   time.Duration // how soon a message is polled, at most
	// onKill is called after each kill, before the next start.
	onKill func(n int)

	people   map[string]*person
	said     map[string]*utterance // by message id
	answered int
	lost     int
	repeated []string // client ids of answers that came twice
	doubles  map[int]int
	seen     int // sends that were looked at
	took     time.Duration
}

// person is one user of one bot.
type person struct {
	bot, name      string
	said, answered int // numbers of messages
}

type utterance struct {
	*person
	n  int
	id string
	at time.Time
}

func (u *utterance) text() string { return fmt.Sprintf("%s %s %d", u.bot, u.name, u.n) }

func (c *crowd) total() int { return len(c.bots) * c.users * c.messages }

// run has everybody say everything, and kills the process now and then.
func (c *crowd) run() {
	c.t.Helper()
	c.people, c.said, c.doubles = map[string]*person{}, map[string]*utterance{}, map[int]int{}
	at := make([]int, c.kills) // after so many answers
	for i := range at {
		at[i] = c.rng.IntN(c.total())
	}
	slices.Sort(at)
	ctx, done := context.WithTimeout(c.t.Context(), c.limit)
	defer done()
	begun := time.Now()
	c.start()
	for _, bot := range c.bots {
		for i := range c.users {
			p := &person{bot: bot, name: fmt.Sprintf("user%d", i)}
			c.people[bot+"@im.bot "+p.name+"@im.wechat"] = p
			c.speak(p)
		}
	}
	killed := 0
	var killAt time.Time
	for c.answered < c.total() || killed < c.kills {
		if killed < c.kills && killAt.IsZero() && c.answered >= at[killed] {
			killAt = time.Now().Add(time.Duration(c.rng.Int64N(int64(c.jitter))))
		}
		sent, err := c.next(ctx, c.seen, killAt)
		switch {
		case err != nil:
			c.t.Fatalf("%v after %d of %d answers and %d kills; unanswered: %s; rejected: %+v; %+v",
				err, c.answered, c.total(), killed, c.unanswered(), c.sim.Rejected(0), c.sim.State().Bots)
		case sent == nil:
			killed++
			killAt = time.Time{}
			c.killOnce(killed)
		}
		for _, s := range sent {
			c.seen = s.N
			c.take(s, killed)
		}
	}
	c.took = time.Since(begun)
}

// next waits for further sends, and returns nil when it is time to kill.
func (c *crowd) next(ctx context.Context, seen int, killAt time.Time) ([]ilinksim.Sent, error) {
	for {
		if !c.running() {
			return nil, fmt.Errorf("ilinkd ended by itself with %d", c.wait())
		}
		if !killAt.IsZero() && !time.Now().Before(killAt) {
			return nil, nil
		}
		short, done := context.WithTimeout(ctx, time.Second) // to notice its end
		if !killAt.IsZero() {
			done()
			short, done = context.WithDeadline(ctx, killAt)
		}
		sent, err := c.sim.WaitSent(short, ilinksim.Filter{}, seen)
		done()
		if err == nil || ctx.Err() != nil {
			return sent, err
		}
	}
}

// speak has somebody say the next messages.
func (c *crowd) speak(p *person) {
	for range min(1+c.rng.IntN(c.burst), c.messages-p.said) {
		u := &utterance{person: p, n: p.said, at: time.Now()}
		p.said++
		u.id = c.say(p.bot, p.name, u.text())
		c.said[u.id] = u
	}
}

// take looks at an answer: it must be the one that comes next.
func (c *crowd) take(s ilinksim.Sent, killed int) {
	c.t.Helper()
	p := c.people[s.Bot+" "+s.To]
	next := &utterance{person: p, n: p.answered}
	if s.Repeat {
		// One that was under way at a kill comes before all others.
		next.n--
		c.repeated = append(c.repeated, s.ClientID)
		c.doubles[killed]++
	} else {
		p.answered++
		c.answered++
	}
	if want := "re: " + next.text(); s.Text != want {
		c.t.Fatalf("%q came where %q was next (repeat: %v)", s.Text, want, s.Repeat)
	}
	if !s.Repeat && p.answered == p.said {
		c.speak(p)
	}
}

// killOnce kills the process and starts it again at once. What a message that was
// handed to the dying process and is not in its store is concerned, it is gone:
// the server delivers once, and nobody could have answered it. As people do, the
// user then says it again; run counts these apart.
func (c *crowd) killOnce(n int) {
	c.t.Helper()
	c.kill()
	c.until("the server notices that nobody polls", func() bool {
		return !slices.ContainsFunc(c.sim.State().Bots, func(b ilinksim.BotState) bool { return b.Polling })
	})
	if c.onKill != nil {
		c.onKill(n)
	}
	stored := c.look()
	undelivered := map[string]bool{}
	for _, bot := range c.bots {
		ids, err := c.sim.Undelivered(bot)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, id := range ids {
			undelivered[id] = true
		}
	}
	c.start()
	for _, id := range sortedByNumber(c.said) {
		u := c.said[id]
		switch {
		case stored.seen[id]:
		case u.n < u.answered:
			c.t.Errorf("%q was answered before it was durable", u.text())
		case !undelivered[id]:
			if waited := time.Since(u.at); waited > c.polled {
				c.t.Errorf("%q was said %v before the kill, and is not in the store", u.text(), waited)
			}
			c.lost++
			delete(c.said, id)
			u.at, u.id = time.Now(), c.say(u.bot, u.name, u.text())
			c.said[u.id] = u
		}
	}
}

func sortedByNumber(said map[string]*utterance) []string {
	ids := make([]string, 0, len(said))
	for id := range said {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return said[a].n - said[b].n })
	return ids
}

func (c *crowd) unanswered() string {
	var all []string
	for _, p := range c.people {
		if p.answered < c.messages {
			all = append(all, fmt.Sprintf("%s %s said %d answered %d", p.bot, p.name, p.said, p.answered))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// settled stops the process and checks what must be true of every run at its
// end: each message answered exactly once, in order, all doubles told, nothing
// refused, nothing left.
func (c *crowd) settled() rows {
	c.t.Helper()
	c.polling()
	c.stop()
	// What the last kill doubled may come behind the last answer.
	for _, s := range c.sim.Sent(c.seen) {
		c.seen = s.N
		c.take(s, c.kills)
	}
	r := c.look()
	if n := c.total(); c.answered != n || len(c.sim.Sent(0)) != n+len(c.repeated) || len(r.inbox) != 1 || r.inbox["done"] != n {
		c.t.Errorf("%d messages, %d answers, %d sends, of them %d repeated; inbox %v", n, c.answered, len(c.sim.Sent(0)), len(c.repeated), r.inbox)
	}
	c.noneRefused()
	told := map[string]bool{}
	for _, l := range c.log() {
		if l.Status == "uncertain" {
			told[l.ClientID] = true
		}
		if strings.Contains(l.Msg, "DATA RACE") || strings.HasPrefix(l.Msg, "panic:") {
			c.t.Errorf("log: %s", l.Msg)
		}
	}
	uncertain := 0
	for _, s := range r.sends {
		if s.Uncertain {
			uncertain++
		}
	}
	for _, s := range c.sim.Repeats(0) {
		c.repeated = append(c.repeated, s.ClientID) // the user never saw it
	}
	for _, id := range c.repeated {
		if !told[id] || !r.sends[id].Uncertain {
			c.t.Errorf("%s was sent twice; reported in the log: %v, in the store: %+v", id, told[id], r.sends[id])
		}
	}
	c.t.Logf("%d bots x %d users x %d messages, %d kills, in %v: %d answers; %d client ids repeated, %d doubles seen by users; "+
		"%d sends uncertain, all reported; %d of %d refused sends not by a fault; %d messages went down with the process before it could store them",
		len(c.bots), c.users, c.messages, c.kills, c.took.Round(time.Second/10), c.answered, len(c.repeated), len(c.sim.Sent(0))-c.answered,
		uncertain, c.refused(), len(c.sim.Rejected(0)), c.lost)
	return r
}

func (c *crowd) refused() (n int) {
	for _, r := range c.sim.Rejected(0) {
		if r.Reason != ilinksim.ReasonFault {
			n++
		}
	}
	return n
}
