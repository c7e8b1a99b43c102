package world

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// kvKey is where a value is kept.
type kvKey struct{ user, key string }

type kvValue struct {
	packed  []byte
	expires time.Time // zero means never
}

// KV keeps data in memory.
func (x *host) KV(ctx context.Context, req luabind.KVRequest) (luabind.KVResult, error) {
	x.b.w.mu.Lock()
	defer x.b.w.mu.Unlock()
	return once(ctx, func() (luabind.KVResult, error) { return x.b.keep(req) })
}

// KV does one thing with the bot's data.
func (b *Bot) KV(req luabind.KVRequest) (luabind.KVResult, error) {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	return b.keep(req)
}

// keep is KV with mu held.
func (b *Bot) keep(req luabind.KVRequest) (luabind.KVResult, error) {
	now := b.w.now
	get := func(k kvKey) (kvValue, bool) {
		v, found := b.kv[k]
		if found && !v.expires.IsZero() && !now.Before(v.expires) {
			delete(b.kv, k)
			return kvValue{}, false
		}
		return v, found
	}
	if req.Key == "" && req.Op != luabind.KVList {
		return luabind.KVResult{}, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "a key must not be empty"}
	}
	k := kvKey{req.User, req.Key}
	before, found := get(k)
	var expires time.Time
	if req.Lifetime > 0 {
		expires = now.Add(req.Lifetime)
	}
	put := func(packed []byte, expires time.Time) {
		if packed == nil {
			delete(b.kv, k)
			return
		}
		b.kv[k] = kvValue{packed: slices.Clone(packed), expires: expires}
	}
	switch req.Op {
	case luabind.KVGet:
		return luabind.KVResult{Found: found, Value: slices.Clone(before.packed)}, nil
	case luabind.KVSet:
		put(req.Value, expires)
		return luabind.KVResult{Found: found}, nil
	case luabind.KVDelete:
		delete(b.kv, k)
		return luabind.KVResult{Found: found}, nil
	case luabind.KVAdd:
		sum := req.By
		if found {
			n, ok := luabind.UnpackNumber(before.packed)
			if !ok {
				return luabind.KVResult{}, &luabind.HostError{Kind: "not_a_number", Message: fmt.Sprintf("the value of %q is no number", req.Key)}
			}
			// The time runs from the first: so it counts what happens within that time.
			sum, expires = sum+n, before.expires
		}
		put(luabind.PackNumber(sum), expires)
		return luabind.KVResult{Found: found, Value: luabind.PackNumber(sum)}, nil
	case luabind.KVSwap:
		if found != (req.Old != nil) || found && !bytes.Equal(before.packed, req.Old) {
			return luabind.KVResult{}, nil
		}
		if expires.IsZero() {
			expires = before.expires
		}
		put(req.Value, expires)
		return luabind.KVResult{Found: true, Value: req.Value}, nil
	case luabind.KVList:
		var keys []string
		for k := range b.kv {
			if _, found := get(k); found && k.user == req.User && strings.HasPrefix(k.key, req.Key) && k.key > req.After {
				keys = append(keys, k.key)
			}
		}
		slices.Sort(keys)
		if req.Limit > 0 && len(keys) > req.Limit {
			keys = keys[:req.Limit]
		}
		return luabind.KVResult{Keys: keys}, nil
	}
	return luabind.KVResult{}, fmt.Errorf("there is no operation %q on kept data", req.Op)
}

// Log keeps a line of the script's.
func (x *host) Log(_ context.Context, level slog.Level, text string) {
	x.b.w.mu.Lock()
	defer x.b.w.mu.Unlock()
	x.b.log = append(x.b.log, LogEntry{At: x.b.w.now, Level: level, Text: text})
}
