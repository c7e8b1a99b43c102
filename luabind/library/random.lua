---@meta random

---Numbers and choices that nobody can guess: for codes, prizes and ids. A dialogue that
---goes on after a restart gets the same again.
---@class random
random = {}

---Returns an integer from low to high, both included.
---@param low integer
---@param high integer
---@return integer
---@nodiscard
---@example
---```lua
---msg:reply("🎲 " .. random.int(1, 6))
---```
function random.int(low, high) end

---Returns a number from 0 up to 1, without 1.
---@return number
---@nodiscard
---@example
---```lua
---if random.float() < 0.01 then msg:reply("You are one in a hundred!") end
---```
function random.float() end

---Returns bytes.
---@param n integer How many, up to a mebibyte.
---@return string
---@nodiscard
---@example
---```lua
---local key = random.bytes(32)
---```
function random.bytes(n) end

---Returns bytes in hexadecimal digits, two each.
---@param n integer How many bytes, up to a mebibyte.
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("Your code is " .. random.hex(4))
---```
function random.hex(n) end

---Returns an id that no other has, such as "5f2c3d7e-8f0b-4c6a-9d43-0e8f6a1b2c3d".
---@return string
---@nodiscard
---@example
---```lua
---local id = random.uuid()
---```
function random.uuid() end

---Returns a value of a list, and its place.
---@generic T
---@param list T[]
---@return T value
---@return integer place
---@nodiscard
---@example
---```lua
---msg:reply(random.choice { "Yes.", "No.", "Ask again tomorrow." })
---```
function random.choice(list) end

---Returns a list of the same values in another order.
---@generic T
---@param list T[]
---@return T[]
---@example
---```lua
---local cards = random.shuffle { "♠", "♥", "♦", "♣" }
---msg:reply(table.concat(cards, " "))
---```
function random.shuffle(list) end
