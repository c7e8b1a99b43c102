package http

import "net/netip"

// reach says whom an address reaches.
type reach int

const (
	// reachPublic is somebody on the internet.
	reachPublic reach = iota
	// reachPrivate is this machine or its neighbours.
	reachPrivate
	// reachSpecial is what no web service has: the metadata of clouds, multicast,
	// ways into other networks.
	reachSpecial
)

var (
	// privateNets are this machine, private networks, those of providers (RFC 6598),
	// and the range that proxies hand out in place of real addresses (RFC 2544).
	privateNets = prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15",
		"::1/128", "fc00::/7")
	// specialNets are within the ranges of public and private addresses and are
	// neither.
	specialNets = prefixes("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/3",
		"100.100.100.200/32", "fd00:ec2::/32", // metadata
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
	// internet6 is where public IPv6 addresses are, and nat64 where those are
	// that stand for IPv4 ones.
	internet6 = netip.MustParsePrefix("2000::/3")
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// reachOf tells whom an address reaches. One that stands for another, such as
// ::ffff:127.0.0.1, reaches whom that one does.
func reachOf(ip netip.Addr) reach {
	ip = ip.Unmap().WithZone("")
	if nat64.Contains(ip) {
		b := ip.As16()
		return reachOf(netip.AddrFrom4([4]byte(b[12:])))
	}
	switch {
	case within(ip, specialNets):
		return reachSpecial
	case within(ip, privateNets):
		return reachPrivate
	case ip.Is6() && !internet6.Contains(ip):
		return reachSpecial
	}
	return reachPublic
}

func within(ip netip.Addr, nets []netip.Prefix) bool {
	for _, n := range nets {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}
