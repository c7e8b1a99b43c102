--- escape names | fine
for _, f in ipairs({ "load", "loadstring", "dofile", "loadfile", "io", "debug", "package", "collectgarbage", "newproxy", "getfenv", "setfenv", "module", "_printregs", "channel" }) do assert(_G[f] == nil, f) end
--- escape os | fine
for _, f in ipairs({ "exit", "execute", "getenv", "remove", "rename", "setenv", "setlocale", "tmpname" }) do assert(os[f] == nil, f) end
--- escape string dump | fine
assert(string.dump == nil)
--- escape number metatable | fine
pcall(setmetatable, 1, { __index = {} }) pcall(setmetatable, print, {}) pcall(setmetatable, nil, {})
--- escape files | fine
for _, f in ipairs({ "/etc/passwd", "../x", "..", "a/../../x", "\0" }) do assert(not pcall(require, f)) end
--- escape error objects | error
local t = setmetatable({}, { __tostring = function() while true do end end }) error(t)
--- escape error message fields | error
error(setmetatable({}, { __index = function() while true do end end }))
--- escape gc | fine
setmetatable({}, { __gc = function() while true do end end })
