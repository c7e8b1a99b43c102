package store

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestKV(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	put := func(k KVKey, value string, expires time.Time, most int64) error {
		t.Helper()
		return s.Update(t.Context(), "put", func(tx *Tx) error { return PutKV(tx, k, []byte(value), expires, most) })
	}
	get := func(k KVKey, now time.Time) (value string) {
		t.Helper()
		if err := s.View(t.Context(), "get", func(q Queryer) error {
			v, _, err := GetKV(q, k, now)
			value = string(v)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return value
	}
	keys := func(k KVKey, after string, limit int, now time.Time) (keys []string) {
		t.Helper()
		if err := s.View(t.Context(), "list", func(q Queryer) (err error) {
			keys, err = KVKeys(q, k, after, limit, now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	size := func() int { return number(t, s, `SELECT coalesce(sum(bytes), 0) FROM kv_sizes WHERE bot = 'bot'`) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key := func(name string) KVKey { return KVKey{Bot: "bot", Key: name} }
	const most = 120

	must(put(key("a"), "1", time.Time{}, most))
	must(put(KVKey{Bot: "bot", User: "alice", Key: "a"}, "2", time.Time{}, most))
	must(put(KVKey{Bot: "other", Key: "a"}, "3", time.Time{}, most))
	must(put(key("b"), "passing", at(10), most))
	wants(t, "the bot's, the user's, another bot's", get(key("a"), at(0))+get(KVKey{Bot: "bot", User: "alice", Key: "a"}, at(0))+
		get(KVKey{Bot: "other", Key: "a"}, at(0)), "123")
	wants(t, "before it expires", get(key("b"), at(9.9)), "passing")
	wants(t, "after", get(key("b"), at(10)), "")
	wants(t, "the size", size(), 2+2+8)

	must(put(key("a"), "longer", time.Time{}, most))
	wants(t, "the size after a change", size(), 7+2+8)
	var full *KVFullError
	if err := put(key("c"), strings.Repeat("x", 103), time.Time{}, most); !errors.As(err, &full) || full.Limit != most {
		t.Errorf("too much: %v", err)
	}
	wants(t, "what was refused", get(key("c"), at(0)), "")
	must(put(key("c"), strings.Repeat("x", 102), time.Time{}, most))
	must(put(key("c"), strings.Repeat("x", 50), time.Time{}, 10)) // less is always fine

	for _, k := range []string{"好", "好的", "好了", "好\U0010ffff", "姐", "好姐"} {
		must(put(key(k), "v", time.Time{}, most))
	}
	wants(t, "keys of a prefix", keys(key("好"), "", 10, at(0)), "[好 好了 好姐 好的 好\U0010ffff]")
	wants(t, "a piece of them", keys(key("好"), "好了", 2, at(0)), "[好姐 好的]")
	wants(t, "all keys after one expired", len(keys(key(""), "", 10, at(10))), 8)

	trimmed, err := s.Trim(t.Context(), Retention{}, at(10))
	if err != nil || trimmed.KV != 1 {
		t.Errorf("%+v %v", trimmed, err)
	}
	must(s.Update(t.Context(), "delete", func(tx *Tx) error {
		for _, k := range keys(key(""), "", 10, at(10)) {
			if found, err := DeleteKV(tx, key(k), at(10)); err != nil || !found {
				t.Error(k, found, err)
			}
		}
		return nil
	}))
	wants(t, "the size of what alice's left", size(), 2)
	users, err := s.KVUsers(t.Context(), "bot", at(0))
	wants(t, "users", users, "[alice]")
	must(err)
}
