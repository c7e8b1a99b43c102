package http

import (
	"net/netip"
	"testing"
)

func TestReach(t *testing.T) {
	for text, want := range map[string]reach{
		"93.184.216.34":          reachPublic,
		"2606:4700::1111":        reachPublic,
		"::ffff:93.184.216.34":   reachPublic,
		"64:ff9b::5db8:d822":     reachPublic, // NAT64 of 93.184.216.34
		"127.0.0.1":              reachPrivate,
		"127.255.255.254":        reachPrivate,
		"::1":                    reachPrivate,
		"::ffff:127.0.0.1":       reachPrivate,
		"::ffff:7f00:1":          reachPrivate,
		"64:ff9b::7f00:1":        reachPrivate,
		"10.1.2.3":               reachPrivate,
		"172.16.0.1":             reachPrivate,
		"172.31.255.255":         reachPrivate,
		"172.32.0.1":             reachPublic,
		"192.168.1.1":            reachPrivate,
		"100.64.0.1":             reachPrivate,
		"100.128.0.1":            reachPublic,
		"198.18.0.1":             reachPrivate,
		"fc00::1":                reachPrivate,
		"fdff::1":                reachPrivate,
		"0.0.0.0":                reachSpecial,
		"0.1.2.3":                reachSpecial,
		"::":                     reachSpecial,
		"::127.0.0.1":            reachSpecial, // IPv4-compatible
		"::ffff:0:127.0.0.1":     reachSpecial, // IPv4-translated
		"169.254.169.254":        reachSpecial,
		"::ffff:169.254.169.254": reachSpecial,
		"64:ff9b::a9fe:a9fe":     reachSpecial,
		"64:ff9b:1::1":           reachSpecial,
		"100.100.100.200":        reachSpecial,
		"fd00:ec2::254":          reachSpecial,
		"fe80::1":                reachSpecial,
		"fe80::1%eth0":           reachSpecial,
		"fec0::1":                reachSpecial,
		"ff02::1":                reachSpecial,
		"224.0.0.1":              reachSpecial,
		"255.255.255.255":        reachSpecial,
		"2002:7f00:1::":          reachSpecial, // 6to4
		"2001:0:7f00:1::":        reachSpecial, // Teredo
		"2001:db8::1":            reachSpecial,
		"192.0.0.192":            reachSpecial,
	} {
		if got := reachOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}
