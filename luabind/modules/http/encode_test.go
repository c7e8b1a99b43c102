package http

import "testing"

func TestEncoded(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h/p北/q?city=北京&x=1#ö":  "http://h/p%E5%8C%97/q?city=%E5%8C%97%E4%BA%AC&x=1#%C3%B6",
		"http://h/q?a=%E5%8C%97&b=a+b": "http://h/q?a=%E5%8C%97&b=a+b",
		"http://h/q?j={\"a\"|}":        "http://h/q?j=%7B%22a%22%7C%7D",
		"https://例子.cn/路":              "https://例子.cn/%E8%B7%AF",
	} {
		if got := encoded(raw); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}
