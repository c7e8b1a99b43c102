package hazardtest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// newWeb starts a web server that answers as no server should.
func newWeb(t *testing.T) *httptest.Server {
	// without writes the same again and again, until the client has enough.
	without := func(kind, text string) http.HandlerFunc {
		text = strings.Repeat(text, max(1, 4096/len(text)))
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, text); err != nil {
					return
				}
			}
		}
	}
	const events, plain = "text/event-stream", "text/plain"
	chunk := func(delta string) string { return `data: {"choices":[{"index":0,"delta":` + delta + "}]}\n\n" }
	mux := http.NewServeMux()
	mux.Handle("/endless", without(plain, "x"))
	mux.Handle("/events", without(events, "data: x\n\n"))
	mux.Handle("/events/", without(events, "data: x\n\n"))
	mux.Handle("/event", without(events, "data: x\n"))
	mux.Handle("/tokens/", without(events, chunk(`{"content":"word "}`)))
	mux.Handle("/calls/", without(events, chunk(`{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{"}}]}`)))
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 3<<20)) })
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 10_000 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1000))
		}
	})
	mux.HandleFunc("/packed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, strings.Repeat("\x00", 50<<20))
		z.Close()
	})
	mux.Handle("/redirect", http.RedirectHandler("/redirect", http.StatusFound))
	mux.Handle("/elsewhere", http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound))
	mux.HandleFunc("/silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}
