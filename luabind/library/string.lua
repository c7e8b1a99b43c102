---@meta string

---Functions for strings, which are also their methods: ("x"):rep(3). Positions and
---lengths are in bytes; a Chinese character has three. Patterns are those of Lua 5.1,
---with %f[set] for the border of a set; their letters are a to z and A to Z.
---@class stringlib
string = {}

---Returns the bytes from first to last.
---@param s string
---@param first? integer 1 if left out; negative counts from the end.
---@param last? integer
---@return integer ...
---@nodiscard
---@example
---```lua
---print(("A"):byte())
---```
function string.byte(s, first, last) end

---Makes a string of bytes.
---@param ... integer
---@return string
---@nodiscard
---@example
---```lua
---print(string.char(72, 105))
---```
function string.char(...) end

---Finds a pattern and returns where it begins and ends, and what it captures.
---@param s string
---@param pattern string
---@param first? integer Where to start.
---@param plain? boolean Whether pattern is a plain text.
---@return integer? from
---@return integer? to
---@return any ...
---@nodiscard
---@example
---```lua
---print(("hello"):find("l+"))
---print(("a.b"):find(".", 1, true))
---```
function string.find(s, pattern, first, plain) end

---Puts values into a text, as C's printf does. %s takes any value and writes it as
---tostring does; %q writes a string as a Lua source may have it. A width or a
---precision has two digits at most.
---@param format string
---@param ... any
---@return string
---@nodiscard
---@example
---```lua
---print(("%s costs %.2f"):format("tea", 2.5))
---```
function string.format(format, ...) end

---Goes through all matches of a pattern.
---@param s string
---@param pattern string
---@return fun(): string, ... iterator
---@nodiscard
---@example
---```lua
---for word in ("one two"):gmatch("%a+") do print(word) end
---```
function string.gmatch(s, pattern) end

---Replaces what matches a pattern.
---@param s string
---@param pattern string
---@param replacement string|table|function A text with %1 for captures, or what gives one for each match.
---@param max? integer How many to replace.
---@return string
---@return integer count
---@example
---```lua
---print((("hello world"):gsub("o", "0")))
---```
function string.gsub(s, pattern, replacement, max) end

---Returns the length in bytes, as # does.
---@param s string
---@return integer
---@nodiscard
---@example
---```lua
---print(("你好"):len() == 6)
---```
function string.len(s) end

---Returns s with A to Z made small.
---@param s string
---@return string
---@nodiscard
---@example
---```lua
---print(("ABC"):lower())
---```
function string.lower(s) end

---Returns what a pattern captures, or matches if it captures nothing.
---@param s string
---@param pattern string
---@param first? integer Where to start.
---@return string? ...
---@nodiscard
---@example
---```lua
---local command, rest = ("/weather Bonn"):match("^/(%a+)%s*(.*)")
---```
function string.match(s, pattern, first) end

---Repeats s, with a separator between. The result may have 8 MiB, as that of any
---function here.
---@param s string
---@param n integer
---@param separator? string
---@return string
---@nodiscard
---@example
---```lua
---print(("-"):rep(20), ("?"):rep(3, ", "))
---```
function string.rep(s, n, separator) end

---Returns the bytes of s in reverse.
---@param s string
---@return string
---@nodiscard
---@example
---```lua
---print(("abc"):reverse())
---```
function string.reverse(s) end

---Returns the part from first to last.
---@param s string
---@param first integer Negative counts from the end.
---@param last? integer
---@return string
---@nodiscard
---@example
---```lua
---print(("hello"):sub(2, -2))
---```
function string.sub(s, first, last) end

---Returns s with a to z made capitals.
---@param s string
---@return string
---@nodiscard
---@example
---```lua
---print(("abc"):upper())
---```
function string.upper(s) end
