package llm

import (
	"context"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

const (
	// historyKey is where a conversation is among a user's data: scripts can see it
	// with kv.user(msg):get("llm.history").
	historyKey = "llm.history"
	// maxRemembered is how many messages are kept at most, and maxHistoryRunes how
	// many characters.
	maxRemembered   = 200
	maxHistoryRunes = 32_000
)

// remembered is a message of an earlier question or answer.
type remembered struct{ role, text string }

// history returns the last messages of a conversation, at most so many.
func (b *binding) history(L *lua.LState, user string, most int) ([]remembered, error) {
	if user == "" || most == 0 {
		return nil, nil
	}
	call := luabind.Call{Name: "llm: recall", Args: []any{user}}
	r, err := luabind.Do(b.vm, L, call, func(ctx context.Context) (luabind.KVResult, error) {
		return b.vm.Host().KV(ctx, luabind.KVRequest{Op: luabind.KVGet, User: user, Key: historyKey})
	})
	if err != nil || !r.Found {
		return nil, err
	}
	v, err := luabind.Unpack(L, r.Value)
	if err != nil {
		return nil, err
	}
	// Somebody may have put something else there.
	list, _ := v.(*lua.LTable)
	var all []remembered
	for i := 1; list != nil && i <= list.Len(); i++ {
		m, ok := list.RawGetInt(i).(*lua.LTable)
		if !ok {
			continue
		}
		role, text := lua.LVAsString(m.RawGetString("role")), lua.LVAsString(m.RawGetString("content"))
		// Services refuse others than these.
		if (role == "user" || role == "assistant") && strings.TrimSpace(text) != "" {
			all = append(all, remembered{role, strings.ToValidUTF8(text, "\uFFFD")})
		}
	}
	return trimmed(all, most), nil
}

// saveHistory keeps a conversation in place of what was kept; none forgets it.
func (b *binding) saveHistory(L *lua.LState, user string, all []remembered) error {
	req := luabind.KVRequest{Op: luabind.KVDelete, User: user, Key: historyKey}
	if len(all) > 0 {
		list := L.CreateTable(len(all), 0)
		for _, m := range all {
			t := L.CreateTable(0, 2)
			t.RawSetString("role", lua.LString(m.role))
			t.RawSetString("content", lua.LString(m.text))
			list.Append(t)
		}
		packed, err := luabind.Pack(list, 1<<20)
		if err != nil {
			return err
		}
		req.Op, req.Value = luabind.KVSet, packed
	}
	call := luabind.Call{Name: "llm: remember", Args: []any{user}, Effect: true}
	_, err := luabind.Do(b.vm, L, call, func(ctx context.Context) (luabind.KVResult, error) { return b.vm.Host().KV(ctx, req) })
	return err
}

// trimmed leaves the last messages of a conversation, beginning with one of the
// user's.
func trimmed(all []remembered, most int) []remembered {
	from, runes := len(all), 0
	for i := len(all) - 1; i >= 0 && len(all)-i <= most; i-- {
		if runes += utf8.RuneCountInString(all[i].text); runes > maxHistoryRunes {
			break
		}
		if all[i].role == "user" {
			from = i
		}
	}
	return all[from:]
}
