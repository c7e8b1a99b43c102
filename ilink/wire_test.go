package ilink

import (
	"encoding/json"
	"math"
	"testing"
)

func TestWireID(t *testing.T) {
	for _, tc := range []struct {
		json, text string
		wrapped    int64
		out        string
	}{
		{`7459283746529384756`, "7459283746529384756", 7459283746529384756, `7459283746529384756`},
		{`"7459283746529384756"`, "7459283746529384756", 7459283746529384756, `7459283746529384756`},
		{`9007199254740993`, "9007199254740993", 1<<53 + 1, `9007199254740993`},
		{`9223372036854775808`, "9223372036854775808", math.MinInt64, `9223372036854775808`},
		{`"18446744073709551615"`, "18446744073709551615", -1, `18446744073709551615`},
		{`18446744073709551615`, "18446744073709551615", -1, `18446744073709551615`},
		{`-1`, "18446744073709551615", -1, `18446744073709551615`},
		{`" 42 "`, "42", 42, `42`},
		{`"007"`, "7", 7, `7`},
		{`0`, "", 0, `""`}, {`"0"`, "", 0, `""`}, {`"000"`, "", 0, `""`}, {`null`, "", 0, `""`}, {`""`, "", 0, `""`},
		{`1.2e3`, "1200", 1200, `1200`},
		{`1.8446744073709551615e19`, "18446744073709551615", -1, `18446744073709551615`},
		{`1.5`, "1.5", 0, `"1.5"`},
		// As a string it is a name, not a number.
		{`"12e5"`, "12e5", 0, `"12e5"`},
		{`1e999999999`, "1e999999999", 0, `"1e999999999"`},
		{`"99999999999999999999999"`, "99999999999999999999999", 0, `"99999999999999999999999"`},
		{`"abc-def"`, "abc-def", 0, `"abc-def"`},
	} {
		var id wireID
		if err := json.Unmarshal([]byte(tc.json), &id); err != nil {
			t.Errorf("%s: %v", tc.json, err)
			continue
		}
		if string(id) != tc.text {
			t.Errorf("%s: got %q, want %q", tc.json, id, tc.text)
		}
		if got := id.int64(); got != tc.wrapped {
			t.Errorf("%s: wrapped %d, want %d", tc.json, got, tc.wrapped)
		}
		out, err := json.Marshal(id)
		if err != nil || string(out) != tc.out {
			t.Errorf("%s: written as %s (%v), want %s", tc.json, out, err, tc.out)
		}
	}
	for _, bad := range []string{`{}`, `[1]`, `true`, `false`} {
		var id wireID
		if err := json.Unmarshal([]byte(bad), &id); err == nil {
			t.Errorf("%s: read as %q", bad, id)
		}
	}
}

func TestWireInt(t *testing.T) {
	for _, tc := range []struct {
		json string
		want int64
	}{
		{`0`, 0}, {`null`, 0}, {`""`, 0}, {`"12"`, 12}, {`12`, 12}, {`-3`, -3}, {`"-3"`, -3},
		{`9223372036854775807`, math.MaxInt64}, {`"9223372036854775807"`, math.MaxInt64},
		{`18446744073709551615`, -1}, {`9223372036854775808`, math.MinInt64},
		{`1.7e12`, 1_700_000_000_000}, {`12.9`, 12},
	} {
		var n wireInt
		if err := json.Unmarshal([]byte(tc.json), &n); err != nil || int64(n) != tc.want {
			t.Errorf("%s: got %d (%v), want %d", tc.json, n, err, tc.want)
		}
	}
	for _, bad := range []string{`"twelve"`, `{}`, `[]`, `true`, `1e30`, `"NaN"`, `"Inf"`} {
		var n wireInt
		if err := json.Unmarshal([]byte(bad), &n); err == nil {
			t.Errorf("%s: read as %d", bad, n)
		}
	}
}

func TestWireLenGoesOutAsString(t *testing.T) {
	for _, n := range []wireLen{0, 1, 1 << 40} {
		b, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if want := `"` + formatInt(int64(n)) + `"`; string(b) != want {
			t.Errorf("%d: %s, want %s", n, b, want)
		}
		var back wireLen
		if err := json.Unmarshal(b, &back); err != nil || back != n {
			t.Errorf("%s: back as %d (%v)", b, back, err)
		}
	}
}
