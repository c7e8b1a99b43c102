package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

const (
	// maxKVKey is how long a key may be, and maxKVValue how large a packed value, in
	// bytes.
	maxKVKey   = 512
	maxKVValue = 1 << 20
	// maxKVList is how many keys are listed at once.
	maxKVList = 10_000
	// DefaultKVBytes is how much a bot may keep.
	DefaultKVBytes = 64 << 20
)

// KV keeps a bot's data in the store.
func (h *Host) KV(ctx context.Context, req luabind.KVRequest) (luabind.KVResult, error) {
	if err := checkKV(req); err != nil {
		return luabind.KVResult{}, err
	}
	ctx = context.WithoutCancel(ctx) // it is quick: an interrupt need not break it off
	var r luabind.KVResult
	var err error
	now := time.Now()
	key := store.KVKey{Bot: h.opts.Bot, User: req.User, Key: req.Key}
	switch req.Op {
	case luabind.KVGet:
		err = h.opts.Store.View(ctx, "read kept data", func(q store.Queryer) (err error) {
			r.Value, _, err = store.GetKV(q, key, now)
			r.Found = r.Value != nil
			return err
		})
	case luabind.KVList:
		limit := req.Limit
		if limit <= 0 || limit > maxKVList {
			limit = maxKVList
		}
		err = h.opts.Store.View(ctx, "list kept data", func(q store.Queryer) (err error) {
			r.Keys, err = store.KVKeys(q, key, req.After, limit, now)
			return err
		})
	default:
		r, err = replay.Once(ctx, h.opts.Store, "keep data", func(tx *store.Tx) (luabind.KVResult, error) { return h.changeKV(tx, key, req, now) })
	}
	var full *store.KVFullError
	if errors.As(err, &full) {
		err = &luabind.HostError{Kind: "full", Message: fmt.Sprintf(
			"the bot keeps as much as it may (%d bytes): delete what is old or let it expire, or raise [retention] kv_bytes", full.Limit)}
	}
	return r, err
}

func (h *Host) changeKV(tx *store.Tx, key store.KVKey, req luabind.KVRequest, now time.Time) (r luabind.KVResult, err error) {
	put := func(value []byte, expires time.Time) error {
		return store.PutKV(tx, key, value, expires, h.opts.KVBytes)
	}
	var expires time.Time
	if req.Lifetime > 0 {
		expires = now.Add(req.Lifetime)
	}
	if req.Op == luabind.KVDelete || req.Op == luabind.KVSet && req.Value == nil {
		r.Found, err = store.DeleteKV(tx, key, now)
		return r, err
	}
	if req.Op == luabind.KVSet {
		return r, put(req.Value, expires)
	}
	old, until, err := store.GetKV(tx, key, now)
	if err != nil {
		return r, err
	}
	if req.Op == luabind.KVSwap {
		if r.Found = bytes.Equal(old, req.Old) && (old == nil) == (req.Old == nil); !r.Found {
			return r, nil
		}
		if r.Value = req.Value; req.Value == nil {
			_, err = store.DeleteKV(tx, key, now)
			return r, err
		}
		if expires.IsZero() {
			expires = until
		}
		return r, put(req.Value, expires)
	}
	sum := req.By
	if old != nil {
		number, ok := luabind.UnpackNumber(old)
		if !ok {
			return r, &luabind.HostError{Kind: "not_a_number", Message: fmt.Sprintf("the value of %q is no number", req.Key)}
		}
		// The time runs from the first: so it counts what happens within that time.
		sum, expires = sum+number, until
	}
	if math.IsInf(sum, 0) || math.IsNaN(sum) {
		return r, &luabind.HostError{Kind: "not_a_number", Message: fmt.Sprintf("the value of %q would be no number any more", req.Key)}
	}
	r.Value = luabind.PackNumber(sum)
	return r, put(r.Value, expires)
}

// checkKV says what is wrong with a request.
func checkKV(req luabind.KVRequest) error {
	bad := func(format string, args ...any) error {
		return &luabind.HostError{Kind: luabind.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
	}
	switch req.Op {
	case luabind.KVGet, luabind.KVSet, luabind.KVDelete, luabind.KVAdd, luabind.KVSwap, luabind.KVList:
	default:
		return bad("there is no operation %q with kept data", req.Op)
	}
	for _, text := range []string{req.Key, req.User, req.After} {
		switch {
		case len(text) > maxKVKey:
			return bad("a key may have %d bytes, and this one has %d", maxKVKey, len(text))
		case !utf8.ValidString(text) || strings.Contains(text, "\x00"):
			return bad("a key must be a text in UTF-8, without NUL")
		}
	}
	if req.Key == "" && req.Op != luabind.KVList {
		return bad("a key must not be empty")
	}
	if len(req.Value) > maxKVValue {
		return bad("a value may have %d bytes, and this one has %d", maxKVValue, len(req.Value))
	}
	return nil
}
