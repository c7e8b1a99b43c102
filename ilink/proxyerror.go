package ilink

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// proxyOf is the proxy by which a client makes a request, without a password, "" for none.
// bad says that its address can't be read.
func proxyOf(client *http.Client, req *http.Request) (name string, bad error) {
	transport, ok := client.Transport.(*http.Transport)
	if client.Transport == nil {
		transport, ok = http.DefaultTransport.(*http.Transport)
	}
	if !ok || transport.Proxy == nil {
		return "", nil
	}
	proxy, err := transport.Proxy(req)
	if err != nil || proxy == nil {
		return "", err
	}
	return (&url.URL{Scheme: proxy.Scheme, Host: proxy.Host}).String(), nil
}

// proxyTrouble names the proxy where that is what a request has failed at, and says what
// to do; it is "" where it isn't. err is net/http's, and client made the request.
//
// net/http says of a proxy that refuses no more than the text of its status, as if it were
// the server's.
func proxyTrouble(client *http.Client, req *http.Request, err error) string {
	name, bad := proxyOf(client, req)
	switch {
	case bad != nil:
		return "the proxy that HTTPS_PROXY or HTTP_PROXY names is not a URL: write it like http://127.0.0.1:3128"
	case name == "":
		return ""
	}
	inner := withoutURL(err)
	var op *net.OpError
	if errors.As(inner, &op) && (op.Op == "proxyconnect" || op.Op == "socks connect") {
		return fmt.Sprintf("the proxy %s can't be reached (%v): start it, or change HTTPS_PROXY, or name the server in NO_PROXY", name, op.Err)
	}
	for status := 400; status < 600; status++ {
		if text := http.StatusText(status); text != "" && inner.Error() == text {
			return proxyRefusal(name, status)
		}
	}
	return ""
}

// proxyRefusal says that a proxy has answered with a status of its own.
func proxyRefusal(name string, status int) string {
	advice := "it may not allow this server: ask whoever runs it, or name the server in NO_PROXY"
	if status == http.StatusProxyAuthRequired {
		advice = "it wants a user name and a password: HTTPS_PROXY takes them before the host, as USER:PASSWORD@HOST"
	}
	return fmt.Sprintf("the proxy %s refuses with status %d, %s: %s", name, status, http.StatusText(status), advice)
}
