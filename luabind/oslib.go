package luabind

import lua "github.com/yuin/gopher-lua"

// osLibrary is what tells the time. The rest of os acts on the host: execute,
// exit, getenv, remove, rename, setenv, setlocale, tmpname.
func osLibrary() lib {
	return lib{
		name:  lua.OsLibName,
		open:  lua.OpenOs,
		stock: []string{"clock", "date", "difftime", "time"},
	}
}
