package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

func TestLogin(t *testing.T) {
	sim := newSim(t, ilinksim.WithHold(30*time.Millisecond))
	s, err := StartLogin(t.Context(), sim.URL)
	if err != nil || s.QRCode == "" || s.QRCodeURL == "" || time.Since(s.StartedAt) > time.Minute {
		t.Fatalf("%#v, %v", s, err)
	}
	status := func(want string) *StatusResult {
		t.Helper()
		st, err := PollLoginStatus(t.Context(), sim.URL, s.QRCode)
		if err != nil || st.Status != want {
			t.Fatalf("%v, %v, want %s", st, err, want)
		}
		return st
	}
	act := func(a ilinksim.LoginAction) {
		t.Helper()
		if err := sim.LoginAction(s.QRCode, a); err != nil {
			t.Fatal(err)
		}
	}
	status("wait")
	act(ilinksim.LoginAction{Action: "scan"})
	status("scaned")
	// Another data centre, which here is the same; seed B's callers know nothing of it.
	act(ilinksim.LoginAction{Action: "redirect"})
	status("scaned")
	act(ilinksim.LoginAction{Action: "confirm", BotID: "new", UserID: "owner"})
	st := status("confirmed")
	if st.BotID != "new@im.bot" || st.Token == "" || st.BaseURL != sim.URL || st.UserID != "owner@im.wechat" {
		t.Errorf("%+v", *st)
	}

	if s, err = StartLogin(t.Context(), sim.URL); err != nil {
		t.Fatal(err)
	}
	act(ilinksim.LoginAction{Action: "expire"})
	status("expired")
}

func TestLoginRefused(t *testing.T) {
	sim := newSim(t)
	s, err := StartLogin(t.Context(), sim.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.LoginAction(s.QRCode, ilinksim.LoginAction{Action: "confirm_without_bot_id"}); err != nil {
		t.Fatal(err)
	}
	if st, err := PollLoginStatus(t.Context(), sim.URL, s.QRCode); err == nil {
		t.Errorf("%v", st)
	}
	sim.Close()
	if _, err := StartLogin(t.Context(), sim.URL); err == nil {
		t.Error("a login with nobody there")
	}
	// Nor is that a reason to wait for the person.
	_, err = PollLoginStatus(t.Context(), sim.URL, s.QRCode)
	var te *ilink.TransportError
	if !errors.As(err, &te) || strings.Contains(err.Error(), s.QRCode) {
		t.Error(err)
	}
}

func TestPollLoginStatusFailures(t *testing.T) {
	t.Parallel()
	const qrcode = "qr-secret-1"
	reply := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, body) }
	}
	var wg sync.WaitGroup
	for name, tc := range map[string]struct {
		h    http.HandlerFunc
		want string // a status, or "" for an error
	}{
		"gateway":  {reply(524, "<html>"), "wait"},
		"html":     {reply(200, "<html>"+qrcode), "wait"},
		"cut":      {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "wait"},
		"unknown":  {reply(200, `{"status":"need_verifycode"}`), "need_verifycode"},
		"nothing":  {reply(200, `{}`), "wait"},
		"refused":  {reply(200, `{"ret":-1,"errmsg":"no `+qrcode+`"}`), ""},
		"errcode":  {reply(200, `{"errcode":-3}`), ""},
		"http 404": {reply(404, qrcode), ""},
	} {
		// At the same time, however few processors there are: most take a second.
		wg.Go(func() {
			srv := httptest.NewServer(tc.h)
			defer srv.Close()
			st, err := PollLoginStatus(t.Context(), srv.URL, qrcode)
			if tc.want == "" {
				if err == nil || strings.Contains(err.Error(), qrcode) {
					t.Errorf("%s: %v, %v", name, st, err)
				}
			} else if err != nil || st.Status != tc.want {
				t.Errorf("%s: %v, %v", name, st, err)
			}
		})
	}
	wg.Wait()
	if _, err := PollLoginStatus(t.Context(), "::", qrcode); err == nil || strings.Contains(err.Error(), qrcode) {
		t.Error(err)
	}
}

func TestPollLoginStatusCancelled(t *testing.T) {
	sim := newSim(t)
	s, err := StartLogin(t.Context(), sim.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if st, err := PollLoginStatus(ctx, sim.URL, s.QRCode); err != nil || st.Status != "wait" {
		t.Errorf("the caller's deadline: %v, %v", st, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if st, err := PollLoginStatus(ctx, sim.URL, s.QRCode); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", st, err)
	}
}

// The status poll is the one call that doesn't go through package ilink; its
// headers have to be the same all the same.
func TestHeadersAreIlinks(t *testing.T) {
	headers := make(chan http.Header, 2)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Clone()
		fmt.Fprint(w, `{"qrcode":"q","status":"wait"}`)
	}))
	defer srv.Close()
	if _, err := StartLogin(t.Context(), srv.URL); err != nil {
		t.Fatal(err)
	}
	if _, err := PollLoginStatus(t.Context(), srv.URL, "q"); err != nil {
		t.Fatal(err)
	}
	theirs, ours := <-headers, <-headers
	for _, h := range []string{"Ilink-App-Id", "Ilink-App-Clientversion"} {
		if ours.Get(h) == "" || ours.Get(h) != theirs.Get(h) {
			t.Errorf("%s: %q, package ilink sends %q", h, ours.Get(h), theirs.Get(h))
		}
	}
}
