package check_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/check"
)

func BenchmarkBot(b *testing.B) {
	c, err := check.New()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Bot("testdata/honest/values.lua"); err != nil {
			b.Fatal(err)
		}
	}
}
