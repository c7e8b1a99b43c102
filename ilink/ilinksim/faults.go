package ilinksim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A FaultKind is what goes wrong.
type FaultKind string

const (
	// FaultHTTP answers with Status (default 500; 524 is what gateways say
	// when they give up); the call isn't processed.
	FaultHTTP FaultKind = "http"
	// FaultHTML answers 200 with an HTML page; the call isn't processed.
	FaultHTML FaultKind = "html"
	// FaultBadJSON answers 200 with half a JSON document; the call isn't
	// processed.
	FaultBadJSON FaultKind = "bad_json"
	// FaultCut closes the connection before the call is processed: nothing is
	// sent, nothing is consumed.
	FaultCut FaultKind = "cut"
	// FaultCutAfter processes the call and then closes the connection: a send
	// has been accepted, a batch has been consumed, but the client can't know.
	FaultCutAfter FaultKind = "cut_after"
	// FaultLose is for getupdates alone: the next batch is consumed and the
	// connection closed. Unlike cut_after it isn't spent on empty answers.
	FaultLose FaultKind = "lose"
	// FaultSlow delays the call by Delay of real time, before anything else.
	FaultSlow FaultKind = "slow"
	// FaultSession answers -14; the call isn't processed.
	FaultSession FaultKind = "session"
	// FaultRet answers with Ret (default -2) and Errmsg; not processed.
	FaultRet FaultKind = "ret"
	// FaultDuplicate is for getupdates alone: a message being delivered is
	// delivered again After that much simulated time, in a later answer. It is
	// spent once a message.
	FaultDuplicate FaultKind = "duplicate"
	// FaultEmptyBody processes the call and answers 200 with no body, which
	// on the real server is a success of sendmessage. A getupdates isn't
	// processed, so that nothing is consumed.
	FaultEmptyBody FaultKind = "empty_body"
	// FaultSuppress is for sendmessage alone: a send is accepted, given no
	// message_id, and thrown away, as the platform does to users to whom it limits
	// delivery: from the start on, or with Burst for each user who is sent that
	// many messages after one of theirs. It lasts For, or until it is removed.
	FaultSuppress FaultKind = "suppress"
	// FaultLate is for sendmessage alone: a send is accepted and given its
	// message_id, and the user gets it only After, with all others of that time
	// in one batch; or when the fault is removed.
	FaultLate FaultKind = "late"
)

// Forms of what faults do.
const (
	FormRet     = "ret"      // FaultSuppress answers {"ret":0}
	FormEmpty   = "empty"    // FaultSuppress answers {}; "" is for both in turns
	FormOtherID = "other_id" // FaultDuplicate delivers under other ids
	FormNoID    = "no_id"    // FaultDuplicate delivers without ids
)

// A Fault is something that goes wrong on demand. One that answers instead of
// the server ends the search for others; delays add up. A held poll feels a
// new fault at once.
type Fault struct {
	// Endpoint is the last part of the path ("getupdates", "sendmessage",
	// "notifystart", "get_qrcode_status", …), "cdn_upload", "cdn_download", or
	// "*" for all of the API, which the CDN isn't part of.
	Endpoint string
	Kind     FaultKind
	// Bot limits it to one bot; "" is for all.
	Bot string
	// Count is how many times it happens; 0 is any number of times.
	Count int
	// Rate is the chance that it happens to a call, above 0 and up to 1; 0
	// means always. Seed starts its random numbers: the same seed, the same
	// calls hit.
	Rate float64
	Seed uint64

	Status int           // of FaultHTTP, 400..599
	Delay  time.Duration // of FaultSlow
	Ret    int           // of FaultRet
	Errmsg string        // of FaultRet
	After  time.Duration // of FaultDuplicate and FaultLate
	To     string        // of FaultSuppress and FaultLate: the user, "" for all
	Burst  int           // of FaultSuppress
	For    time.Duration // of FaultSuppress, in the simulator's time
	Form   string        // of FaultSuppress and FaultDuplicate: one of the forms
}

// FaultState is a fault with how often it has happened.
type FaultState struct {
	ID    int
	Fault Fault
	Fired int
}

// A fault is one in force.
type fault struct {
	Fault
	id    int
	fired int
	rng   *rand.Rand
	added time.Time

	suppressed map[string]suppression // of a FaultSuppress with Burst, by bot and user
	kept       []Sent                 // by a FaultLate
	due        time.Time              // when kept is delivered
}

// A plan is what faults do to one call.
type plan struct {
	delay   time.Duration
	instead *fault // answers in the server's place
	cut     bool   // no answer after processing
	empty   bool   // an empty answer after processing
}

func (p plan) after(rep *reply) {
	if p.cut {
		rep.cut = true
	}
	if p.empty {
		*rep = reply{status: rep.status}
	}
}

// apiEndpoints are the names that a Fault's Endpoint may have, but for the
// CDN's and "*".
func apiEndpoints() []string {
	return []string{
		"getupdates", "sendmessage", "getconfig", "sendtyping", "recallmessage", "getuploadurl",
		"notifystart", "notifystop", "get_bot_qrcode", "get_qrcode_status",
	}
}

// AddFault puts a fault in force and returns its id. It fails for endpoints,
// kinds and values that make no sense, and says what would.
func (s *Server) AddFault(f Fault) (id int, err error) {
	if err := f.complete(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faultSeq++
	s.faults = append(s.faults, &fault{
		Fault: f, id: s.faultSeq, rng: rand.New(rand.NewPCG(f.Seed, 0)), added: s.clock.now(),
	})
	s.touch()
	return s.faultSeq, nil
}

// RemoveFault takes a fault out of force; false if there is none of that id.
func (s *Server) RemoveFault(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool {
		if f.id == id {
			s.deliverKept(f)
		}
		return f.id == id
	})
	return len(s.faults) < n
}

// ClearFaults takes all faults out of force. Late copies that a duplicate
// fault has made still come.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		s.deliverKept(f)
	}
	s.faults = nil
}

// Faults lists the faults in force, also those that are used up.
func (s *Server) Faults() []FaultState {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]FaultState, len(s.faults))
	for i, f := range s.faults {
		list[i] = FaultState{ID: f.id, Fault: f.Fault, Fired: f.fired}
	}
	return list
}

// complete fills in defaults and checks.
func (f *Fault) complete() error {
	f.Bot = botID(f.Bot)
	cdn := f.Endpoint == "cdn_upload" || f.Endpoint == "cdn_download"
	if !cdn && f.Endpoint != "*" && !slices.Contains(apiEndpoints(), f.Endpoint) {
		return fmt.Errorf("endpoint %q is unknown; there are %s, cdn_upload, cdn_download and *",
			f.Endpoint, strings.Join(apiEndpoints(), ", "))
	}
	switch f.Kind {
	case FaultHTTP:
		if f.Status == 0 {
			f.Status = http.StatusInternalServerError
		}
		if f.Status < 400 || f.Status > 599 {
			return fmt.Errorf("status %d is not in 400..599", f.Status)
		}
	case FaultSlow:
		if f.Delay <= 0 {
			return fmt.Errorf("kind slow needs a delay above 0 (delay_ms)")
		}
	case FaultRet:
		if f.Ret == 0 {
			f.Ret = -2
		}
		fallthrough
	case FaultSession, FaultBadJSON:
		if cdn {
			return fmt.Errorf("kind %s is for the API; the CDN has no JSON answers", f.Kind)
		}
	case FaultLose, FaultDuplicate:
		if f.Endpoint != "getupdates" {
			return fmt.Errorf("kind %s is for endpoint getupdates alone", f.Kind)
		}
		if f.After < 0 {
			return fmt.Errorf("after %v is below 0", f.After)
		}
	case FaultSuppress, FaultLate:
		if f.Endpoint != "sendmessage" {
			return fmt.Errorf("kind %s is for endpoint sendmessage alone", f.Kind)
		}
		if f.After < 0 || f.For < 0 || f.Burst < 0 {
			return fmt.Errorf("after, for and burst can't be below 0")
		}
	case FaultHTML, FaultCut, FaultCutAfter, FaultEmptyBody:
	default:
		return fmt.Errorf("kind %q is unknown; there are http, html, bad_json, cut, cut_after, lose, slow, "+
			"session, ret, duplicate, empty_body, suppress and late", f.Kind)
	}
	forms := map[FaultKind][]string{FaultSuppress: {FormRet, FormEmpty}, FaultDuplicate: {FormOtherID, FormNoID}}[f.Kind]
	if f.Form != "" && !slices.Contains(forms, f.Form) {
		return fmt.Errorf("kind %s has no form %q; it has %s", f.Kind, f.Form, strings.Join(append(forms, `""`), ", "))
	}
	if f.Count < 0 {
		return fmt.Errorf("count %d is below 0", f.Count)
	}
	if !(f.Rate >= 0 && f.Rate <= 1) {
		return fmt.Errorf("rate %v is not in 0..1", f.Rate)
	}
	return nil
}

// fire tells whether the fault happens to a call that it is for, and counts.
func (f *fault) fire() bool {
	if f.Count > 0 && f.fired >= f.Count {
		return false
	}
	if f.Rate > 0 && f.rng.Float64() >= f.Rate {
		return false
	}
	f.fired++
	return true
}

// within tells whether the fault is looked at while a call is processed, not before.
func (f *fault) within() bool {
	switch f.Kind {
	case FaultLose, FaultDuplicate, FaultSuppress, FaultLate:
		return true
	}
	return false
}

// hits tells whether the fault is for this endpoint and bot.
func (f *fault) hits(endpoint, bot string) bool {
	if f.Bot != "" && f.Bot != bot {
		return false
	}
	return f.Endpoint == endpoint || f.Endpoint == "*" && !strings.HasPrefix(endpoint, "cdn_")
}

// planFaults decides what happens to a call, by the faults that it hasn't
// been matched with yet. mu must be held.
func (s *Server) planFaults(c *call) {
	seen := c.epoch
	c.epoch = s.faultSeq
	for _, f := range s.faults {
		if f.id <= seen || f.within() ||
			!f.hits(c.endpoint, c.botID()) || !f.fire() {
			continue
		}
		switch {
		case f.Kind == FaultSlow:
			c.plan.delay += f.Delay
			continue
		case f.Kind == FaultCutAfter:
			c.plan.cut = true
		case f.Kind == FaultEmptyBody && c.endpoint != "getupdates":
			c.plan.empty = true
		default:
			c.plan.instead = f
		}
		return
	}
}

// heldFault tells whether a fault added since hits a held call. mu must be
// held.
func (s *Server) heldFault(c *call) bool {
	if c.plan.instead == nil && s.faultSeq > c.epoch {
		s.planFaults(c)
	}
	return c.plan.instead != nil
}

// faulted is the answer of the fault that answers instead of the server.
func (s *Server) faulted(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faultedLocked(c)
}

// faultedLocked is faulted with mu held.
func (s *Server) faultedLocked(c *call) reply {
	f := c.plan.instead
	detail := fmt.Sprintf("fault %d: %s", f.id, f.Kind)
	ret, errmsg := 0, ""
	var rep reply
	switch f.Kind {
	case FaultHTTP:
		detail = fmt.Sprintf("%s %d", detail, f.Status)
		rep = reply{status: f.Status, contentType: "text/plain", body: fmt.Appendf(nil, "error %d\n", f.Status)}
	case FaultHTML:
		rep = reply{contentType: "text/html; charset=utf-8",
			body: []byte("<!DOCTYPE html><html><head><title>502</title></head><body>bad gateway</body></html>")}
	case FaultBadJSON:
		rep = reply{contentType: "application/json", body: []byte(`{"ret":0,"msgs":[{"seq":`)}
	case FaultSession:
		ret, errmsg = -14, "session timeout"
		rep = s.sessionTimeout(causeFault)
	case FaultRet:
		ret, errmsg = f.Ret, f.Errmsg
		rep = failure(f.Ret, f.Errmsg)
	case FaultEmptyBody:
		rep = reply{}
	default: // FaultCut
		rep = reply{cut: true}
	}
	s.rejectCall(c, ret, errmsg, ReasonFault, detail)
	return rep
}

// duplicateFault makes the second delivery of a message being delivered to b, nil if
// there is none. mu must be held.
func (s *Server) duplicateFault(b *bot, in *inbound) (again *inbound) {
	if in.copied {
		return nil
	}
	for _, f := range s.faults {
		if f.Kind == FaultDuplicate && f.hits("getupdates", b.id) && f.fire() {
			c := *in
			c.copied, c.due = true, s.clock.now().Add(f.After)
			if f.Form != "" {
				c.id, c.noID = s.ids.next(), f.Form == FormNoID
				c.clientID = "wx-" + randomHex(8)
				c.items = otherIDs(in.items, c.id, c.noID)
			}
			return &c
		}
	}
	return nil
}

// otherIDs are items of another delivery: with another id, or none.
func otherIDs(items []json.RawMessage, id uint64, none bool) (all []json.RawMessage) {
	for _, raw := range items {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			all = append(all, raw)
			continue
		}
		delete(fields, "msg_id")
		if !none {
			fields["msg_id"] = json.RawMessage(strconv.Quote(strconv.FormatUint(id, 10)))
		}
		again, err := json.Marshal(fields)
		if err != nil {
			again = raw
		}
		all = append(all, again)
	}
	return all
}

// loseFault tells whether the answer with a batch is lost. mu must be held.
func (s *Server) loseFault(b *bot) bool {
	for _, f := range s.faults {
		if f.Kind == FaultLose && f.hits("getupdates", b.id) && f.fire() {
			return true
		}
	}
	return false
}
