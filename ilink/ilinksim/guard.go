package ilinksim

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// WithHosts lets programs reach the control API under other host names than
// localhost, such as "sim.test". Addresses in numbers are always let in: no name
// stands for them that somebody could give another meaning.
func WithHosts(names ...string) Option {
	return func(o *options) { o.hosts = append(o.hosts, names...) }
}

// guardControl keeps web pages from the control API: what is told to the simulator
// makes scripts write files and ask hosts. A browser says where a request comes
// from, and a page can neither hide that nor send JSON to another site unasked. A
// name that was made to mean this machine is none of ours. It returns why a request
// is refused, and how; 0 if it isn't.
func (s *Server) guardControl(r *http.Request) (status int, why string) {
	if !s.isOurHost(r.Host) {
		return http.StatusForbidden, fmt.Sprintf("the control API isn't reached as %q: use localhost or an address in numbers, or allow the name (WithHosts, --host)", r.Host)
	}
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	if site != "" && site != "same-origin" && site != "none" {
		return http.StatusForbidden, "a page of another site may not use the control API"
	}
	if u, err := url.Parse(origin); origin != "" && (err != nil || u.Host != r.Host) {
		return http.StatusForbidden, fmt.Sprintf("a page of %s may not use the control API", origin)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.ContentLength == 0 {
		return 0, ""
	}
	// Programs such as curl name no type, or that of forms; a browser that does so has
	// named its origin.
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	fromPage := origin != "" || site != ""
	if kind == "application/json" || !fromPage && (kind == "" || kind == "application/x-www-form-urlencoded") {
		return 0, ""
	}
	return http.StatusUnsupportedMediaType, fmt.Sprintf("the body is JSON: send Content-Type: application/json, not %q", kind)
}

// isOurHost tells whether a Host header names this simulator.
func (s *Server) isOurHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if name == "localhost" || net.ParseIP(name) != nil || slices.ContainsFunc(s.opts.hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
		return true
	}
	u, err := url.Parse(s.opts.baseURL)
	return err == nil && u.Hostname() != "" && strings.EqualFold(u.Hostname(), name)
}
