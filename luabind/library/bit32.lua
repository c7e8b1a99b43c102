---@meta bit32

---Operations on the bits of numbers, as in Lua 5.2: on 32 bits, with unsigned
---results.
---@class bit32lib
bit32 = {}

---Shifts right by n bits and repeats the sign.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.arshift(256, 4))
---```
function bit32.arshift(x, n) end

---Returns the bits that all numbers have.
---@param ... integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.band(12, 10))
---```
function bit32.band(...) end

---Returns the number with all bits changed.
---@param x integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.bnot(0))
---```
function bit32.bnot(x) end

---Returns the bits that any of the numbers has.
---@param ... integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.bor(12, 10))
---```
function bit32.bor(...) end

---Reports whether the numbers have a bit in common.
---@param ... integer
---@return boolean
---@nodiscard
---@example
---```lua
---print(bit32.btest(12, 4))
---```
function bit32.btest(...) end

---Returns the bits that an odd number of the numbers has.
---@param ... integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.bxor(12, 10))
---```
function bit32.bxor(...) end

---Returns some bits as a number: width of them (1 if left out) from bit field on.
---@param x integer
---@param field integer
---@param width? integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.extract(0xABCD, 4, 8))
---```
function bit32.extract(x, field, width) end

---Rotates left by n bits.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.lrotate(0x80000001, 1))
---```
function bit32.lrotate(x, n) end

---Shifts left by n bits.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.lshift(1, 4))
---```
function bit32.lshift(x, n) end

---Returns x with some bits, as of extract, taken from v.
---@param x integer
---@param v integer
---@param field integer
---@param width? integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.replace(0, 5, 4, 4))
---```
function bit32.replace(x, v, field, width) end

---Rotates right by n bits.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.rrotate(1, 1))
---```
function bit32.rrotate(x, n) end

---Shifts right by n bits and fills up with zeros.
---@param x integer
---@param n integer
---@return integer
---@nodiscard
---@example
---```lua
---print(bit32.rshift(256, 4))
---```
function bit32.rshift(x, n) end
