---@meta bit

---Operations on the bits of numbers, as in LuaJIT: on 32 bits, with signed results.
---@class bitlib
bit = {}

---Shifts right by n bits and repeats the sign.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.arshift(256, 4))
---```
function bit.arshift(x, n) end

---Returns the bits that all numbers have.
---@param ... integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.band(12, 10))
---```
function bit.band(...) end

---Returns the number with all bits changed.
---@param x integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.bnot(0))
---```
function bit.bnot(x) end

---Returns the bits that any of the numbers has.
---@param ... integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.bor(12, 10))
---```
function bit.bor(...) end

---Returns the number with its four bytes in the other order.
---@param x integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.tohex(bit.bswap(1)))
---```
function bit.bswap(x) end

---Returns the bits that an odd number of the numbers has.
---@param ... integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.bxor(12, 10))
---```
function bit.bxor(...) end

---Shifts left by n bits.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.lshift(1, 4))
---```
function bit.lshift(x, n) end

---Rotates left by n bits.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.rol(1, 4))
---```
function bit.rol(x, n) end

---Rotates right by n bits.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.ror(1, 4))
---```
function bit.ror(x, n) end

---Shifts right by n bits and fills up with zeros.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.rshift(256, 4))
---```
function bit.rshift(x, n) end

---Returns a number modulo 2^32, as a signed one.
---@param x number
---@return integer
---@nodiscard
---@example
---```lua
---print(bit.tobit(0xFFFFFFFF))
---```
function bit.tobit(x) end

---Writes a number with 8 hexadecimal digits, or as many of the last ones as are
---asked for; with capitals if that is negative.
---@param x integer
---@param digits? integer
---@return string
---@nodiscard
---@example
---```lua
---print(bit.tohex(255, 4))
---```
function bit.tohex(x, digits) end
