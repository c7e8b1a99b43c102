package ilink

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func FuzzMessage(f *testing.F) {
	f.Add([]byte(wholeMessage))
	f.Add([]byte(`{"message_id":-5,"seq":"18446744073709551615","item_list":[null,{}]}`))
	f.Add([]byte(`{"message_id":1e999999999}`))
	f.Add([]byte(`{"item_list":[{"ref_msg":{"message_item":{"ref_msg":{"message_item":{}}}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Message
		if err := json.Unmarshal(data, &m); err != nil {
			return
		}
		m.Text()
		m.Key()
		m.LogValue()
		for i := range m.Items {
			m.Items[i].Media()
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		var back Message
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if !reflect.DeepEqual(m, back) {
			t.Errorf("%s:\n%+v\n%+v", b, m, back)
		}
		for i := range m.Items {
			if _, err := json.Marshal(itemToWire(&m.Items[i], outbound)); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzWireNumbers(f *testing.F) {
	for _, s := range []string{`1`, `"1"`, `18446744073709551615`, `"-9223372036854775808"`, `1e5`, `"1e5"`, `null`, `""`, `1E400`, `-0`, `1.0`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var id wireID
		if json.Unmarshal(data, &id) == nil {
			b, err := json.Marshal(id)
			if err != nil {
				t.Fatalf("%q: %v", id, err)
			}
			var back wireID
			if err := json.Unmarshal(b, &back); err != nil || back != id {
				t.Errorf("%s: %q is back as %q, %v", data, id, back, err)
			}
			if u, err := strconv.ParseUint(string(id), 10, 64); err == nil && (u == 0 || strconv.FormatUint(u, 10) != string(id)) {
				t.Errorf("%s: %q is not the one way to write it", data, id)
			}
		}
		var n wireInt
		if json.Unmarshal(data, &n) == nil {
			var back wireInt
			b, err := json.Marshal(n)
			if err != nil || json.Unmarshal(b, &back) != nil || back != n {
				t.Errorf("%s: %d is back as %d", data, n, back)
			}
		}
	})
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{sixteen, "ABEiM0RVZneImaq7zN3u/w==", "00112233445566778899aabbccddeeff", "", "====", "A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseKey(text)
		if err != nil {
			if !errors.Is(err, ErrMedia) || key != nil {
				t.Errorf("%q: %x, %v", text, key, err)
			}
			return
		}
		if len(key) != 16 {
			t.Fatalf("%q: %d bytes", text, len(key))
		}
		// All forms of it are read the same.
		for _, form := range keyForms(key) {
			if again, err := parseKey(form); err != nil || !bytes.Equal(again, key) {
				t.Errorf("%q as %q: %x, %v", text, form, again, err)
			}
		}
	})
}

func FuzzEncrypter(f *testing.F) {
	for _, n := range []int{0, 1, 16, 33, chunkSize, chunkSize + 1} {
		f.Add(someBytes(n), testKey[:])
	}
	f.Fuzz(func(t *testing.T, data, key []byte) {
		if len(key) != 16 {
			key = testKey[:]
		}
		cipher, err := encryptAll(t, iotest.HalfReader(bytes.NewReader(data)), key)
		if err != nil || !bytes.Equal(cipher, plainEncrypt(key, data)) {
			t.Fatalf("encrypted wrongly: %v", err)
		}
		plain, err := decryptAll(t, iotest.DataErrReader(bytes.NewReader(cipher)), key)
		if err != nil || !bytes.Equal(plain, data) {
			t.Fatalf("decrypted wrongly: %v", err)
		}
	})
}

func FuzzDecrypter(f *testing.F) {
	for _, n := range []int{0, 1, 16, 33, chunkSize, chunkSize + 1} {
		f.Add(plainEncrypt(testKey[:], someBytes(n)), 7)
		f.Add(someBytes(n), 100_000)
	}
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		want, good := plainDecrypt(testKey[:], data)
		r, err := newDecrypter(iotest.HalfReader(bytes.NewReader(data)), testKey[:])
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		buf := make([]byte, max(1, min(step, 1<<20)))
		for {
			n, err2 := r.Read(buf)
			got = append(got, buf[:n]...)
			if err2 != nil {
				err = err2
				break
			}
		}
		if good != errors.Is(err, io.EOF) || good == errors.Is(err, ErrMedia) {
			t.Fatalf("%d bytes: %v, the reference says %v", len(data), err, good)
		}
		if good && !bytes.Equal(got, want) {
			t.Errorf("%d bytes: other than the reference", len(data))
		}
		if !good && len(got) > len(data) {
			t.Errorf("%d bytes made of %d", len(got), len(data))
		}
	})
}

func FuzzSplitText(f *testing.F) {
	f.Add("你好。世界！ Hello. World\n\nNext 👨‍👩‍👧‍👦 🇩🇪🇫🇷 e\u0301\u0302", 7)
	f.Add("a\r\n\r\nb\r\n  c", 3)
	f.Add("\u200d\u200d\u200d\u0301\u0301", 2)
	f.Add("\xff\xfe\n\xfd", 1)
	f.Add(strings.Repeat("🇩🇪", 9), 5)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		checkSplit(t, text, 1+int(uint(limit)%50))
	})
}

func FuzzSanitizeBotAgent(f *testing.F) {
	f.Add("MyBot/1.2 (comment; x) Other/3")
	f.Add("(((")
	f.Add(strings.Repeat("a/1 (c) ", 100))
	whole := regexp.MustCompile(`^[A-Za-z0-9_.-]{1,32}/[A-Za-z0-9_.+-]{1,32}( \([\x20-\x27\x2a-\x7e]{1,64}\))?` +
		`( [A-Za-z0-9_.-]{1,32}/[A-Za-z0-9_.+-]{1,32}( \([\x20-\x27\x2a-\x7e]{1,64}\))?)*$`)
	f.Fuzz(func(t *testing.T, raw string) {
		got := SanitizeBotAgent(raw)
		if len(got) > 256 || !whole.MatchString(got) {
			t.Errorf("%q: %q", raw, got)
		}
		if again := SanitizeBotAgent(got); again != got {
			t.Errorf("%q: %q, and then %q", raw, got, again)
		}
	})
}

func FuzzResolveQuote(f *testing.F) {
	f.Add("今天天气很好，我们去公园吧", "天气", "公园", 0, 0, false)
	f.Add("y x y z y", "x", "y", 0, 1, true)
	f.Add("aaaa", "aa", "a", 1, 3, false)
	f.Fuzz(func(t *testing.T, text, start, end string, i, j int, hashed bool) {
		p := &PartialText{Start: start, End: end, StartIndex: i, EndIndex: j}
		part, found := ResolveQuote(text, p)
		if !found {
			if part != "" {
				t.Errorf("not found: %q", part)
			}
			return
		}
		if !strings.Contains(text, part) || !strings.HasSuffix(part, end) {
			t.Errorf("%q in %q", part, text)
		}
		if len(part) >= len(start) && !strings.HasPrefix(part, start) {
			t.Errorf("%q doesn't start with %q", part, start)
		}
		if hashed {
			p.QuoteMD5 = md5Of(part)
			if again, ok := ResolveQuote(text, p); !ok || again != part {
				t.Errorf("with its md5: %q, %v", again, ok)
			}
			p.QuoteMD5 = md5Of(part + "!")
			if other, ok := ResolveQuote(text, p); ok && other == part {
				t.Error("a wrong md5 is right")
			}
		}
	})
}

func FuzzRedactor(f *testing.F) {
	f.Add(`{"context_token":"`, `","a":1}`, "s3cr3t-value")
	f.Add("https://h/p?sign=", "&x=1 end", "a b+c/d==")
	f.Add("<p>", "</p>", `quo"te<d>`)
	f.Add(strings.Repeat("x", 1590), "", "at the edge of what is cut")
	f.Fuzz(func(t *testing.T, before, after, secret string) {
		secret = strings.TrimSpace(secret)
		got := newRedactor(secret).text(before + secret + after)
		if len(got) > maxErrorText+len("…") || strings.ContainsAny(got, "\r\n") || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		// What the redactor itself writes may hold a short one.
		plain := strings.NewReplacer(redacted, "", "?"+redacted, "").Replace(got)
		if len(secret) >= minSecret && !strings.Contains(redacted, secret) && !strings.Contains("?"+redacted+"@", secret) &&
			strings.Contains(plain, secret) && !strings.Contains(before, secret) {
			t.Errorf("%q shows %q", got, secret)
		}
	})
}
