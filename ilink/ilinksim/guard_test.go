package ilinksim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestControlIsNotForWebPages(t *testing.T) {
	sim := New(WithHosts("sim.test"))
	t.Cleanup(sim.Close)
	sim.AddBot("b")
	const body = `{"from":"a","text":"x"}`
	for _, tt := range []struct {
		name, host, origin, site, kind string
		want                           int
	}{
		{"curl", "127.0.0.1:8787", "", "", "application/x-www-form-urlencoded", 200},
		{"a program that names no type", "localhost:8787", "", "", "", 200},
		{"JSON", "[::1]:8787", "", "", "application/json; charset=utf-8", 200},
		{"another machine's program", "192.168.1.5:8787", "", "", "application/json", 200},
		{"a name that was allowed", "sim.test", "", "", "application/json", 200},
		{"our own page", "127.0.0.1:8787", "http://127.0.0.1:8787", "same-origin", "application/json", 200},
		{"another site's page", "127.0.0.1:8787", "https://evil.example", "cross-site", "application/json", 403},
		{"a page of another port", "127.0.0.1:8787", "http://127.0.0.1:3000", "same-site", "application/json", 403},
		{"a sandboxed page", "127.0.0.1:8787", "null", "", "application/json", 403},
		{"a file", "127.0.0.1:8787", "file://", "", "application/json", 403},
		{"a rebound name", "evil.example:8787", "http://evil.example:8787", "same-origin", "application/json", 403},
		{"a rebound name without an origin", "evil.example", "", "", "application/json", 403},
		{"a name like localhost", "localhost.evil.example", "", "", "application/json", 403},
		{"a form of our own page", "127.0.0.1:8787", "http://127.0.0.1:8787", "", "application/x-www-form-urlencoded", 415},
		{"plain text", "127.0.0.1:8787", "", "", "text/plain", 415},
		{"a form with files", "127.0.0.1:8787", "", "", "multipart/form-data; boundary=x", 415},
	} {
		r := httptest.NewRequest(http.MethodPost, "/sim/messages", strings.NewReader(body))
		r.Host = tt.host
		for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site, "Content-Type": tt.kind} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		before := sim.State().Bots[0].Queued
		sim.Handler().ServeHTTP(w, r)
		if obeyed := sim.State().Bots[0].Queued > before; w.Code != tt.want || obeyed != (tt.want == 200) {
			t.Errorf("%s: %d %s, obeyed %v", tt.name, w.Code, w.Body, obeyed)
		}
	}
	// Reading is kept from them as well.
	for _, path := range []string{"/sim/sent", "/sim/state", "/sim/media/x"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "evil.example"
		w := httptest.NewRecorder()
		sim.Handler().ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
