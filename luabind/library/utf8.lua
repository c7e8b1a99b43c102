---@meta utf8

---Functions for characters of more than one byte, as in Lua 5.3. string's functions
---know bytes only. Positions are in bytes; -1 is the last one.
---@class utf8lib
---@field charpattern string A pattern for string.gmatch and the like that matches one character.
utf8 = {}

---Makes a string of characters by their codes.
---@param ... integer
---@return string
---@nodiscard
---@example
---```lua
---print(utf8.char(20320, 22909))
---```
function utf8.char(...) end

---Returns the codes of the characters that begin from byte first to byte last; of
---the first one if both are left out.
---@param s string
---@param first? integer
---@param last? integer
---@return integer ...
---@nodiscard
---@example
---```lua
---print(utf8.codepoint("你好", 1, -1))
---```
function utf8.codepoint(s, first, last) end

---Goes through the characters: for position, code in utf8.codes(s) do … end.
---@param s string
---@return fun(s: string, i?: integer): integer, integer
---@return string
---@return integer
---@nodiscard
---@example
---```lua
---for position, code in utf8.codes("你好") do print(position, code) end
---```
function utf8.codes(s) end

---Counts the characters that begin from byte first to byte last; returns nil and the
---position if one is invalid.
---@param s string
---@param first? integer
---@param last? integer
---@return integer? count
---@return integer? position
---@nodiscard
---@example
---```lua
---print(utf8.len("你好"))
---```
function utf8.len(s, first, last) end

---Returns the position where the n-th character begins, counted from a position on;
---n 0 means the character that the position is in.
---@param s string
---@param n integer
---@param from? integer
---@return integer?
---@nodiscard
---@example
---```lua
---local s = "你好"
---print(s:sub(1, utf8.offset(s, 2) - 1))
---```
function utf8.offset(s, n, from) end
