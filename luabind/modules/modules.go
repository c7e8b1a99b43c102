// Package modules lists the Lua modules that every bot has, beside ilink. Each is
// a package of its own behind [luabind.Module], made as an embedding program makes
// its own.
package modules

import (
	"context"
	nethttp "net/http"
	gotime "time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/base64"
	"github.com/ilinkd/ilinkd/luabind/modules/env"
	"github.com/ilinkd/ilinkd/luabind/modules/files"
	"github.com/ilinkd/ilinkd/luabind/modules/hash"
	"github.com/ilinkd/ilinkd/luabind/modules/hex"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
	"github.com/ilinkd/ilinkd/luabind/modules/json"
	"github.com/ilinkd/ilinkd/luabind/modules/kv"
	"github.com/ilinkd/ilinkd/luabind/modules/llm"
	"github.com/ilinkd/ilinkd/luabind/modules/random"
	"github.com/ilinkd/ilinkd/luabind/modules/re"
	"github.com/ilinkd/ilinkd/luabind/modules/text"
	"github.com/ilinkd/ilinkd/luabind/modules/time"
	"github.com/ilinkd/ilinkd/luabind/modules/url"
)

// Options are what the operator lets a bot's modules do. They are plain data, for
// they may be handed to another process as JSON. The values of variables are
// secrets: Options belong into no log.
type Options struct {
	// Env are the environment variables that the script may read, nil for one that
	// isn't set.
	Env map[string]*string `json:"env,omitempty"`
	// HTTP says which hosts the script may ask.
	HTTP http.Options `json:"http"`
	// Transport answers what scripts ask for in tests; nil is the network.
	Transport nethttp.RoundTripper `json:"-"`
	// Pause waits, for tests whose time is not the real one; nil means in real time.
	Pause func(ctx context.Context, d gotime.Duration) error `json:"-"`
}

// Standard returns the modules that every bot has.
func Standard(o Options) []luabind.Module {
	web := http.New(o.HTTP, o.Transport)
	all := []luabind.Module{
		base64.Module{},
		env.New(o.Env),
		files.Module{},
		hash.Module{},
		hex.Module{},
		json.Module{},
		kv.New(),
		random.Module{},
		re.Module{},
		text.Module{},
		time.Module{},
		url.Module{},

		// These use json.
		web,
		llm.New(web, o.Pause),
	}
	if _, err := web.Client(); err != nil {
		return all // and opening it says so
	}
	for i, m := range all {
		all[i] = luabind.Later(m)
	}
	return all
}
