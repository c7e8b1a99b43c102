---@meta table

---Functions for lists.
---@class tablelib
table = {}

---Joins a list's strings and numbers. The result may have 8 MiB.
---@param list (string|number)[]
---@param separator? string
---@param first? integer
---@param last? integer
---@return string
---@nodiscard
---@example
---```lua
---print(table.concat({ "a", "b" }, ", "))
---```
function table.concat(list, separator, first, last) end

---Returns the length, as # does.
---@param list any[]
---@return integer
---@nodiscard
---@example
---```lua
---print(table.getn({ 1, 2 }))
---```
function table.getn(list) end

---Adds an item at the end, or before the one at a position.
---@param list any[]
---@param position any The position, or the item if there is no other argument.
---@param item? any
---@example
---```lua
---local list = { "b" }
---table.insert(list, "c")
---table.insert(list, 1, "a")
---```
function table.insert(list, position, item) end

---Returns the largest index.
---@param list any[]
---@return integer
---@nodiscard
---@example
---```lua
---print(table.maxn({ 1, 2, 3 }))
---```
function table.maxn(list) end

---Copies the items first to last to the places from to on, in another list if one is
---given, and returns that list.
---@param from any[]
---@param first integer
---@param last integer
---@param to integer
---@param into? any[]
---@return any[]
---@example
---```lua
---local list = table.move({ 1, 2, 3 }, 1, 3, 2)
---print(table.concat(list, " "))
---```
function table.move(from, first, last, to, into) end

---Makes a list of its arguments, with their number as n.
---@param ... any
---@return { n: integer, [integer]: any }
---@nodiscard
---@example
---```lua
---print(table.pack(1, nil, 3).n)
---```
function table.pack(...) end

---Takes an item out, the last if there is no position, and returns it.
---@param list any[]
---@param position? integer
---@return any
---@example
---```lua
---local list = { "a", "b" }
---print(table.remove(list, 1))
---```
function table.remove(list, position) end

---Sorts a list in place.
---@param list any[]
---@param before? fun(a: any, b: any): boolean Whether a comes before b.
---@example
---```lua
---local list = { 3, 1, 2 }
---table.sort(list, function(a, b) return a > b end)
---```
function table.sort(list, before) end

---Returns the items of a list, as the global unpack does.
---@param list any[]
---@param first? integer
---@param last? integer
---@return any ...
---@nodiscard
---@example
---```lua
---print(table.unpack({ 1, 2, 3 }, 2))
---```
function table.unpack(list, first, last) end
