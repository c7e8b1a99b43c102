package ilink_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
)

// TestProxyTrouble: where it is the proxy that fails, the error says so, which one it is
// and what to do, without its password.
func TestProxyTrouble(t *testing.T) {
	refusing := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	dead := httptest.NewServer(nil)
	dead.Close()
	for name, c := range map[string]struct {
		proxy, base string
		want        []string
	}{
		"refusing":              {refusing(407), "https://api.invalid", []string{"status 407", "user name and a password", "USER:PASSWORD@HOST"}},
		"refusing, plain":       {refusing(407), "http://api.invalid", []string{"status 407", "user name and a password"}},
		"not for this server":   {refusing(403), "https://api.invalid", []string{"status 403", "NO_PROXY"}},
		"dead":                  {dead.URL, "https://api.invalid", []string{"can't be reached", "HTTPS_PROXY"}},
		"dead, plain":           {dead.URL, "http://api.invalid", []string{"can't be reached", "HTTPS_PROXY"}},
		"nobody speaks as such": {strings.Replace(dead.URL, "http:", "socks5:", 1), "https://api.invalid", []string{"can't be reached"}},
	} {
		t.Run(name, func(t *testing.T) {
			proxy, err := url.Parse(c.proxy)
			if err != nil {
				t.Fatal(err)
			}
			proxy.User = url.UserPassword("me", "secret-word")
			transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
			defer transport.CloseIdleConnections()
			client := ilink.NewClient(ilink.Token{BotToken: "t"}, ilink.WithBaseURL(c.base), ilink.WithHTTPClient(&http.Client{Transport: transport}))
			_, err = client.GetUpdates(t.Context(), "", 0)
			var te *ilink.TransportError
			if !errors.As(err, &te) || te.Kind != ilink.FailureProxy {
				t.Fatalf("%v", err)
			}
			for _, want := range append(c.want, "the proxy "+strings.Split(c.proxy, ":")[0]) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "secret-word") {
				t.Errorf("the password is in: %v", err)
			}
			if !te.Temporary() || te.MayHaveArrived() {
				t.Errorf("temporary %v, may have arrived %v", te.Temporary(), te.MayHaveArrived())
			}
		})
	}
}
