package http

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/ilinkd/ilinkd/luabind"
)

// policy says where requests may go.
type policy struct{ rules []rule }

// rule is one entry of the allow-list: a name or addresses, and ports.
type rule struct {
	// name is a host's name, or "*", or begins with "*."; "" for addresses.
	name string
	// addresses are named by themselves.
	addresses netip.Prefix
	// port is the one that is named, anyPort, or 0 for those of http and https.
	port int
}

const anyPort = -1

// everywhere is what a bot may reach whose operator doesn't say.
const everywhere = "*"

func newPolicy(allow []string) (policy, error) {
	if allow == nil {
		allow = []string{everywhere}
	}
	var p policy
	for _, entry := range allow {
		r, err := parseRule(entry)
		if err != nil {
			return policy{}, fmt.Errorf("%q %w", entry, err)
		}
		p.rules = append(p.rules, r)
	}
	return p, nil
}

// CheckRule says what is wrong with an entry of [Options.Allow], nil if nothing is.
func CheckRule(entry string) error {
	_, err := parseRule(entry)
	return err
}

func parseRule(entry string) (r rule, err error) {
	if strings.Contains(entry, "://") {
		return r, errors.New("is a URL: name the host alone, such as api.example.org")
	}
	host, port := entry, ""
	switch bits := strings.IndexByte(entry, '/'); {
	case bits >= 0: // the prefix of an IPv6 address has colons of its own
		if colon := strings.IndexByte(entry[bits:], ':'); colon >= 0 {
			host, port = entry[:bits+colon], entry[bits+colon+1:]
		}
	case strings.HasPrefix(entry, "[") || strings.Count(entry, ":") == 1:
		if host, port, err = net.SplitHostPort(entry); err != nil {
			return r, errors.New(`is no host and port: write it like "localhost:8080" or "[::1]:8080"`)
		}
	}
	switch n, bad := strconv.ParseUint(port, 10, 16); {
	case port == "" && host == entry:
	case port == "*":
		r.port = anyPort
	case bad != nil || n == 0:
		return r, fmt.Errorf("has the port %q, which is neither a number nor *", port)
	default:
		r.port = int(n)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		r.addresses = netip.PrefixFrom(ip, ip.BitLen())
		return r, nil
	}
	if strings.Contains(host, "/") {
		if r.addresses, err = netip.ParsePrefix(host); err != nil {
			return r, errors.New(`is no range of addresses: write it like "192.168.1.0/24"`)
		}
		return r, nil
	}
	r.name = hostName(host)
	if rest := strings.TrimPrefix(r.name, "*."); r.name != everywhere && !isHostName(rest) {
		return r, errors.New(`is no host: write it like "api.example.org", "*.example.org" or "localhost:8080"`)
	}
	return r, nil
}

// hostName is a name in the form in which names are compared.
func hostName(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// isHostName reports whether a name can be one of DNS. One that ends in a number,
// such as 2130706433, 0x7f.1 or 127.1, can't: it is an address in a form that some
// resolvers take.
func isHostName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}

func (r rule) takesPort(port int) bool {
	return r.port == anyPort || r.port == port || r.port == 0 && (port == 80 || port == 443)
}

// named reports whether an address is named itself.
func (p policy) named(ip netip.Addr, port int) bool {
	ip = ip.Unmap().WithZone("")
	for _, r := range p.rules {
		if r.name == "" && r.addresses.Contains(ip) && r.takesPort(port) {
			return true
		}
	}
	return false
}

// host reports whether a host of this name may be asked, and whether it is named
// in full, so that it may also be a neighbour.
func (p policy) host(name string, port int) (allowed, exact bool) {
	for _, r := range p.rules {
		if r.name == "" || !r.takesPort(port) {
			continue
		}
		suffix, wild := strings.CutPrefix(r.name, "*")
		switch {
		case !wild && r.name == name:
			return true, true
		case wild && strings.HasSuffix(name, suffix) && name != suffix:
			allowed = true
		}
	}
	return allowed, false
}

// url refuses what may not be asked for.
func (p policy) url(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return badURL("it must begin with https:// or http://")
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return badURL("the port must be a number up to 65535")
		}
		port = int(n)
	}
	return p.target(u.Hostname(), port)
}

// target refuses hosts and addresses that may not be asked.
func (p policy) target(host string, port int) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		return p.address(ip, port, host)
	}
	name := hostName(host)
	if !isHostName(name) {
		return badURL("it has no host that can be asked: write a name such as api.example.org (of a Chinese one the form that begins with xn--), or an address such as 93.184.216.34")
	}
	if allowed, _ := p.host(name, port); !allowed {
		return refused(name, port, "")
	}
	return nil
}

// address refuses connections to an address that host has.
func (p policy) address(ip netip.Addr, port int, host string) error {
	if p.named(ip, port) {
		return nil
	}
	to := reachOf(ip)
	name := hostName(host)
	if _, err := netip.ParseAddr(host); err == nil {
		// By its address a host may be asked only if all may.
		if anybody, _ := p.host(everywhere, port); anybody && to == reachPublic {
			return nil
		}
		return refused(ip.Unmap().String(), port, "")
	}
	allowed, exact := p.host(name, port)
	switch {
	case !allowed:
		return refused(name, port, "")
	case to == reachPublic, to == reachPrivate && exact:
		return nil
	case to == reachPrivate:
		return refused(name, port, "it is at the private address "+ip.Unmap().String())
	}
	return refused(ip.Unmap().String(), port, name+" is there")
}

func badURL(why string) error {
	return &luabind.HostError{Kind: kindBadURL, Message: "this URL can't be asked for: " + why}
}

// refused says what would have to be allowed.
func refused(host string, port int, why string) error {
	entry := host
	if port != 80 && port != 443 {
		entry = net.JoinHostPort(host, strconv.Itoa(port))
	}
	if why != "" {
		why = " (" + why + ")"
	}
	return &luabind.HostError{Kind: kindRefused, Message: fmt.Sprintf(
		"the bot may not ask %s%s: add %q to http in runtime.toml, [bot.allow], or give ilinkd dev --http %s", entry, why, entry, entry)}
}
