package http

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// fakeDNS answers questions for addresses without a network.
type fakeDNS struct {
	mu sync.Mutex
	// hosts are the answers by name; of several lists each question gets the next.
	hosts map[string][][]netip.Addr
}

func (d *fakeDNS) add(host string, addresses ...string) {
	var list []netip.Addr
	for _, a := range addresses {
		list = append(list, netip.MustParseAddr(a))
	}
	d.hosts[host] = append(d.hosts[host], list)
}

func (d *fakeDNS) resolver(t *testing.T) *net.Resolver {
	var open sync.WaitGroup
	t.Cleanup(open.Wait)
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		open.Go(func() { d.serve(theirs) })
		return ours, nil
	}}
}

// serve answers on a connection that frames messages as TCP does.
func (d *fakeDNS) serve(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		q := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		a := d.answer(q)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)); err != nil {
			return
		}
	}
}

func (d *fakeDNS) answer(q []byte) []byte {
	end := 12
	var labels []string
	for q[end] != 0 {
		labels = append(labels, string(q[end+1:end+1+int(q[end])]))
		end += 1 + int(q[end])
	}
	kind := binary.BigEndian.Uint16(q[end+1:])
	end += 5
	addresses := d.lookup(strings.Join(labels, "."), kind == 1)
	a := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:end]...)
	if addresses == nil {
		a[3] |= 3 // no such name
	}
	n := 0
	for _, ip := range addresses {
		if ip.Is4() != (kind == 1) || kind != 1 && kind != 28 {
			continue
		}
		raw := ip.AsSlice()
		a = append(a, 0xc0, 12, byte(kind>>8), byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
		a = append(a, raw...)
		n++
	}
	a[7] = byte(n)
	return a
}

func (d *fakeDNS) lookup(host string, first bool) []netip.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	lists := d.hosts[strings.ToLower(host)]
	if len(lists) == 0 {
		return nil
	}
	if len(lists) > 1 && first { // names are asked for in both families
		d.hosts[strings.ToLower(host)] = lists[1:]
	}
	return lists[0]
}
