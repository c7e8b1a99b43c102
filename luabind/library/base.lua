---@meta base

---All globals.
_G = {}

---"Lua 5.1".
_VERSION = "Lua 5.1"

---Raises an error if v is false or nil, and returns its arguments if not.
---@generic T
---@param v? T
---@param message? any The error: a text, or an error that a function returned.
---@param ... any
---@return T
---@return any ...
---@example
---```lua
---function on_message(msg)
---  local file = assert(msg:download())
---  print(file.size)
---end
---```
function assert(v, message, ...) end

---Raises an error.
---@param message any The error: mostly a text.
---@param level? integer Whose position is put before a text: 1 the caller of error (the default), 2 that one's caller, 0 none.
---@example
---```lua
---local function half(n)
---  if type(n) ~= "number" then error("half needs a number", 2) end
---  return n / 2
---end
---print(half(4))
---```
function error(message, level) end

---Returns an object's metatable, or its field __metatable.
---@param object any
---@return any metatable
---@nodiscard
---@example
---```lua
---local point = setmetatable({}, { __tostring = function() return "a point" end })
---print(getmetatable(point).__tostring(point))
---```
function getmetatable(object) end

---Goes through a list: for i, v in ipairs(t) do … end.
---@generic T: table, V
---@param t T
---@return fun(t: V[], i?: integer): integer, V iterator
---@return T
---@return integer i
---@example
---```lua
---for i, name in ipairs({ "anna", "ben" }) do print(i, name) end
---```
function ipairs(t) end

---Returns the key and value after a key, or nil at the end.
---@generic K, V
---@param t table<K, V>
---@param key? K The key to go on from; the first is returned without it.
---@return K?
---@return V?
---@nodiscard
---@example
---```lua
---local empty = next({}) == nil
---```
function next(t, key) end

---Goes through a table in no particular order: for k, v in pairs(t) do … end.
---@generic T: table, K, V
---@param t T
---@return fun(t: table<K, V>, k?: K): K, V iterator
---@return T
---@example
---```lua
---for name, age in pairs({ anna = 30, ben = 31 }) do print(name, age) end
---```
function pairs(t) end

---Calls f and catches its errors. A limit that was hit can't be caught.
---@param f function
---@param ... any Arguments of f.
---@return boolean ok
---@return any ... What f returned, or the error.
---@example
---```lua
---local ok, err = pcall(error, "oops")
---print(ok, err)
---```
function pcall(f, ...) end

---Writes to the bot's log, at level info. Tables are written with what is in them.
---@param ... any What to write, joined with tabs.
---@example
---```lua
---print("got", { 1, 2 })
---```
function print(...) end

---Compares without __eq.
---@param a any
---@param b any
---@return boolean
---@nodiscard
---@example
---```lua
---print(rawequal("a", "a"))
---```
function rawequal(a, b) end

---Reads a field without __index.
---@param t table
---@param key any
---@return any
---@nodiscard
---@example
---```lua
---local t = setmetatable({}, { __index = { x = 1 } })
---print(t.x, rawget(t, "x"))
---```
function rawget(t, key) end

---Writes a field without __newindex.
---@param t table
---@param key any
---@param value any
---@example
---```lua
---local t = {}
---rawset(t, "x", 1)
---```
function rawset(t, key, value) end

---Returns a module: a built-in one, or what a file below the script's folder returns.
---The file is run once; "lib.menu" is lib/menu.lua or lib/menu/init.lua.
---@param name string
---@return any
---@example
---```lua
---local ilink = require("ilink")
---```
function require(name) end

---Returns the arguments from the nth on, or with "#" how many there are.
---@param n integer|"#"
---@param ... any
---@return any ...
---@nodiscard
---@example
---```lua
---print(select("#", "a", nil, "c"), (select(2, "a", "b")))
---```
function select(n, ...) end

---Sets a table's metatable and returns the table.
---@generic T: table
---@param t T
---@param metatable? table
---@return T t
---@example
---```lua
---local counts = setmetatable({}, { __index = function() return 0 end })
---counts.x = counts.x + 1
---```
function setmetatable(t, metatable) end

---Returns v as a number, or nil. Spaces around it don't matter; "1e5" and "0xff" are
---numbers, and "inf" and "nan" are none.
---@param v any
---@param base? integer From 2 to 36, for whole numbers.
---@return number?
---@nodiscard
---@example
---```lua
---print(tonumber(" 12.5 "), tonumber("ff", 16), tonumber("x"))
---```
function tonumber(v, base) end

---Returns v as a text.
---@param v any
---@return string
---@nodiscard
---@example
---```lua
---print("it is " .. tostring(true))
---```
function tostring(v) end

---Returns a value's type.
---@param v any
---@return "nil"|"number"|"string"|"boolean"|"table"|"function"|"userdata"|"thread" type
---@nodiscard
---@example
---```lua
---print(type({}) == "table")
---```
function type(v) end

---Returns a list's items.
---@generic T
---@param t T[]
---@param first? integer
---@param last? integer
---@return T ...
---@nodiscard
---@example
---```lua
---local x, y = unpack({ 1, 2 })
---```
function unpack(t, first, last) end

---Calls f and, if it raises an error, handler with it.
---@param f function
---@param handler fun(err: any): any
---@return boolean ok
---@return any ... What f or handler returned.
---@example
---```lua
---print(xpcall(function() error("oops", 0) end, function(e) return "caught " .. e end))
---```
function xpcall(f, handler) end
