package env_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/env"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

func TestEnv(t *testing.T) {
	key := "s3cret"
	m := env.New(map[string]*string{"KEY": &key, "UNSET": nil})
	modulestest.Run(t, []modulestest.Case{
		{Name: "set", Script: `print(env.KEY, env.get("KEY"), env.get("KEY", "x"))`, Want: "s3cret\ts3cret\ts3cret"},
		{Name: "not set", Script: `print(env.UNSET, env.get("UNSET"), env.get("UNSET", "x"))`, Want: "nil\tnil\tx"},
		{Name: "not allowed", Script: `print(env.HOME)`,
			Error: `the script may not read the environment variable HOME: name it in runtime.toml, [bot.allow] env = ["HOME"], or give ilinkd dev --env HOME`},
		{Name: "get of one not allowed", Script: `print(env.get("HOME", "x"))`, Error: `[bot.allow] env = ["HOME"], or give ilinkd dev --env HOME`},
		{Name: "assigned", Script: `env.KEY = "x"`, Error: "env.KEY can't be assigned"},
		{Name: "get assigned", Script: `env.get = nil`, Error: "env.get can't be assigned"},
		{Name: "no name", Script: `env.get()`, Error: `env.get needs the name of a variable, such as "OPENAI_API_KEY", got nil`},
		{Name: "can't be listed", Script: `for k in pairs(env) do print(k) end print(rawget(env, "KEY"))`, Want: "nil"},
	}, m)
}

func TestDefinitions(t *testing.T) {
	librarytest.Module(t, env.New(map[string]*string{"OPENAI_API_KEY": nil, "CITY": nil}), nil, "")
}
