package ilinksim

import (
	"fmt"
	"net/http"
	"time"
)

// faultRequest is a Fault in JSON: the body of POST /sim/faults, and with id
// and fired the entries of GET /sim/faults.
type faultRequest struct {
	ID       int       `json:"id,omitempty"`
	Endpoint string    `json:"endpoint"`
	Kind     FaultKind `json:"kind"`
	Bot      string    `json:"bot,omitempty"`
	Count    int       `json:"count,omitempty"`
	Rate     float64   `json:"rate,omitempty"`
	Seed     uint64    `json:"seed,omitempty"`
	Status   int       `json:"status,omitempty"`
	DelayMS  int64     `json:"delay_ms,omitempty"`
	Ret      int       `json:"ret,omitempty"`
	Errmsg   string    `json:"errmsg,omitempty"`
	After    string    `json:"after,omitempty"` // a duration, "45m"
	To       string    `json:"to,omitempty"`
	Burst    int       `json:"burst,omitempty"`
	For      string    `json:"for,omitempty"` // a duration
	Form     string    `json:"form,omitempty"`
	Fired    *int      `json:"fired,omitempty"`
}

func (s *Server) controlAddFault(r *http.Request) (any, error) {
	var req faultRequest
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	if req.ID != 0 || req.Fired != nil {
		return nil, fmt.Errorf("id and fired are given by the simulator")
	}
	const maxDelay = 24 * time.Hour
	if req.DelayMS < 0 || req.DelayMS > maxDelay.Milliseconds() {
		return nil, fmt.Errorf("delay_ms %d is not in 0..%d", req.DelayMS, maxDelay.Milliseconds())
	}
	f := Fault{
		Endpoint: req.Endpoint, Kind: req.Kind, Bot: req.Bot, Count: req.Count, Rate: req.Rate, Seed: req.Seed,
		Status: req.Status, Delay: time.Duration(req.DelayMS) * time.Millisecond, Ret: req.Ret, Errmsg: req.Errmsg,
		To: req.To, Burst: req.Burst, Form: req.Form,
	}
	for _, d := range []struct {
		name, text string
		to         *time.Duration
	}{{"after", req.After, &f.After}, {"for", req.For, &f.For}} {
		if d.text == "" {
			continue
		}
		var err error
		if *d.to, err = time.ParseDuration(d.text); err != nil {
			return nil, fmt.Errorf("%s %q is no duration, such as \"1s\" or \"45m\"", d.name, d.text)
		}
	}
	id, err := s.AddFault(f)
	if err != nil {
		return nil, err
	}
	return map[string]int{"id": id}, nil
}

func (s *Server) controlFaults(*http.Request) (any, error) {
	list := []faultRequest{}
	for _, st := range s.Faults() {
		f := st.Fault
		entry := faultRequest{
			ID: st.ID, Endpoint: f.Endpoint, Kind: f.Kind, Bot: f.Bot, Count: f.Count, Rate: f.Rate, Seed: f.Seed,
			Status: f.Status, DelayMS: f.Delay.Milliseconds(), Ret: f.Ret, Errmsg: f.Errmsg, Fired: &st.Fired,
			To: f.To, Burst: f.Burst, Form: f.Form,
		}
		if f.Kind == FaultDuplicate || f.Kind == FaultLate {
			entry.After = f.After.String()
		}
		if f.For > 0 {
			entry.For = f.For.String()
		}
		list = append(list, entry)
	}
	return map[string]any{"faults": list}, nil
}

// controlClearFaults removes all faults, or the one of ?id=N.
func (s *Server) controlClearFaults(r *http.Request) (any, error) {
	q := r.URL.Query()
	if err := knownQuery(q, "id"); err != nil {
		return nil, err
	}
	id, err := queryInt(q, "id")
	switch {
	case err != nil:
		return nil, err
	case id == 0:
		s.ClearFaults()
	case !s.RemoveFault(id):
		return nil, notFound(fmt.Sprintf("there is no fault %d", id))
	}
	return struct{}{}, nil
}
