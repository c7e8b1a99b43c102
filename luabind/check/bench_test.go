package check_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/check"
)

func BenchmarkBot(b *testing.B) {
	for b.Loop() {
		c, err := check.New()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Bot("testdata/honest/values.lua"); err != nil {
			b.Fatal(err)
		}
	}
}
