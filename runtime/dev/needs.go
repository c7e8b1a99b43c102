package dev

import (
	"encoding/json"
	"strings"

	"github.com/ilinkd/ilinkd/runtime"
)

// needs says what runtime.toml has to allow for what the script was allowed here: of
// its folder what it wrote there. It is "" if that is nothing.
func needs(allow runtime.AllowConfig, wrote []string) string {
	var b strings.Builder
	for _, setting := range []struct {
		key    string
		values []string
	}{{"files", wrote}, {"env", allow.Env}, {"http", allow.HTTP}} {
		if len(setting.values) > 0 {
			values, _ := json.Marshal(setting.values) // strings are the same in TOML
			b.WriteString(setting.key + " = " + strings.ReplaceAll(string(values), `","`, `", "`) + "\n")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "when it runs for real, it needs in runtime.toml, below its [[bot]]:\n[bot.allow]\n" + b.String()
}
