package ilinksim

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

func TestSuppress(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	sim.Say("bob", "hi")
	addFault(t, sim, Fault{Endpoint: "sendmessage", Kind: FaultSuppress, To: "alice", Burst: 2, For: time.Hour})
	for i, want := range []string{"id", "id", `{"ret":0}`, `{}`, `{"ret":0}`} {
		a := c.send("alice", textItem("x"), nil)
		got := string(a.body)
		var fields map[string]any
		if json.Unmarshal(a.body, &fields); fields["message_id"] != nil {
			got = "id"
		}
		if a.status != 200 || got != want {
			t.Errorf("%d: %d %s, want %s", i, a.status, a.body, want)
		}
	}
	wantRet(t, "another user", c.send("bob", textItem("x"), nil), 0, "")
	if n, m := len(sim.Sent(0)), len(sim.Thrown(0)); n != 3 || m != 3 {
		t.Errorf("%d sent, %d thrown away", n, m)
	}
	// Another message of hers doesn't end it, an hour does.
	sim.Say("alice", "hi")
	if a := c.send("alice", textItem("x"), nil); string(a.body) != `{}` {
		t.Errorf("%s", a.body)
	}
	sim.Advance(time.Hour)
	sim.Say("alice", "hi")
	c.send("alice", textItem("x"), nil)
	if n, st := len(sim.Sent(0)), sim.State(); n != 4 || st.Counts.Thrown != 4 || st.Counts.Sent != 4 {
		t.Errorf("%d sent, %+v", n, st.Counts)
	}
}

func TestLateDelivery(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	addFault(t, sim, Fault{Endpoint: "sendmessage", Kind: FaultLate, After: 3 * time.Hour, Count: 2})
	for _, text := range []string{"1", "2", "3"} {
		wantRet(t, text, c.send("alice", textItem(text), nil), 0, "")
		sim.Advance(time.Minute)
	}
	if got := sim.Sent(0); len(got) != 1 || got[0].Text != "3" || got[0].Late {
		t.Errorf("%+v", got)
	}
	sim.Advance(3 * time.Hour)
	if got := sim.Sent(1); len(got) != 2 || got[0].Text != "1" || got[1].Text != "2" || !got[0].Late || got[0].AtMS != got[1].AtMS || got[0].MessageID == "" {
		t.Errorf("%+v", got)
	}
}

func TestDuplicateForms(t *testing.T) {
	for _, form := range []string{FormOtherID, FormNoID} {
		sim := newSim(t)
		c := newClient(t, sim.AddBot(""))
		addFault(t, sim, Fault{Endpoint: "getupdates", Kind: FaultDuplicate, Form: form, Count: 1})
		sim.Say("alice", "hi")
		var got []map[string]any
		cursor := ""
		for range 2 {
			var u struct {
				Msgs   []map[string]any `json:"msgs"`
				Cursor string           `json:"get_updates_buf"`
			}
			if err := json.Unmarshal(c.poll(cursor).body, &u); err != nil {
				t.Fatal(err)
			}
			got, cursor = append(got, u.Msgs...), u.Cursor
		}
		if len(got) != 2 || got[0]["create_time_ms"] != got[1]["create_time_ms"] || got[0]["client_id"] == got[1]["client_id"] ||
			got[0]["message_id"] == got[1]["message_id"] || (got[1]["message_id"] == nil) != (form == FormNoID) {
			t.Errorf("%s: %v", form, got)
		}
	}
}

func TestSuppressControl(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("b"))
	sim.Say("alice", "hi")
	c.control(http.MethodPost, "/sim/faults", `{"endpoint":"sendmessage","kind":"suppress","to":"alice","burst":0,"for":"2h","form":"empty"}`, nil)
	c.send("alice", textItem("x"), nil)
	var thrown struct{ Thrown []Sent }
	if c.control(http.MethodGet, "/sim/thrown", "", &thrown); len(thrown.Thrown) != 1 || thrown.Thrown[0].Text != "x" {
		t.Errorf("%+v", thrown)
	}
	for _, bad := range []string{`{"endpoint":"*","kind":"suppress"}`, `{"endpoint":"sendmessage","kind":"suppress","form":"other_id"}`, `{"endpoint":"sendmessage","kind":"late","for":"x"}`} {
		if a := c.control(http.MethodPost, "/sim/faults", bad, nil); a.status != 400 {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
}
